use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::document::ProviderRecord;

/// The texts of a row in the form in which they are compared: without case and accents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SearchText {
    pub(super) name: String,
    category: String,
    description: String,
}

/// How well a row fits what was typed: the smaller, the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Relevance {
    /// The name starts with it.
    NameStart,
    /// A word of the name starts with it.
    NameWord,
    /// It is in the name or the key.
    Name,
    /// It is in the category.
    Category,
    /// It is in the description.
    Description,
}

impl SearchText {
    pub(super) fn of(record: &ProviderRecord) -> Self {
        Self {
            name: folded(&record.row.name),
            category: folded(&record.row.category),
            description: folded(&record.row.description),
        }
    }

    /// How well the row with this key fits what was typed; none when a word of it is nowhere. The word that fits worst
    /// decides. Nothing typed fits everything.
    pub(super) fn relevance(&self, key: &str, query: &str) -> Option<Relevance> {
        let query = folded(query);
        if self.name.starts_with(query.trim()) {
            return Some(Relevance::NameStart);
        }
        query
            .split_whitespace()
            .map(|word| self.word(key, word))
            .try_fold(Relevance::NameWord, |worst, word| Some(worst.max(word?)))
    }

    fn word(&self, key: &str, word: &str) -> Option<Relevance> {
        if self
            .name
            .split(|c: char| !c.is_alphanumeric())
            .any(|part| part.starts_with(word))
        {
            Some(Relevance::NameWord)
        } else if self.name.contains(word) || key.contains(word) {
            Some(Relevance::Name)
        } else if self.category.contains(word) {
            Some(Relevance::Category)
        } else if self.description.contains(word) {
            Some(Relevance::Description)
        } else {
            None
        }
    }
}

/// Lower case and without accents: the canonical decomposition (Unicode Standard Annex 15, form D) less its marks.
pub(super) fn folded(text: &str) -> String {
    text.nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, category: &str, description: &str) -> SearchText {
        SearchText {
            name: folded(name),
            category: folded(category),
            description: folded(description),
        }
    }

    #[test]
    fn the_name_counts_more_than_the_category_and_that_more_than_the_description() {
        let mail = |name, category, description| text(name, category, description).relevance("key", "mail");
        assert_eq!(mail("Mailchimp", "", ""), Some(Relevance::NameStart));
        assert_eq!(mail("Active Mail", "", ""), Some(Relevance::NameWord));
        assert_eq!(mail("Gmail", "", ""), Some(Relevance::Name));
        assert_eq!(mail("SendGrid", "Mail", ""), Some(Relevance::Category));
        assert_eq!(
            mail("SendGrid", "Marketing", "Sends mail."),
            Some(Relevance::Description)
        );
        assert_eq!(mail("Stripe", "Payments", "Cards."), None);
        assert!(Relevance::NameStart < Relevance::Description);
    }

    #[test]
    fn case_and_accents_make_no_difference() {
        assert_eq!(
            text("Crédit Société", "", "").relevance("key", "CREDIT societe"),
            Some(Relevance::NameStart)
        );
        assert_eq!(
            text("Credit", "", "").relevance("key", "crédit"),
            Some(Relevance::NameStart)
        );
    }

    #[test]
    fn every_word_must_be_somewhere() {
        let row = text("Meta Ads", "Marketing", "Campaigns.");
        assert_eq!(row.relevance("meta-ads", "ads marketing"), Some(Relevance::Category));
        assert_eq!(row.relevance("meta-ads", "ads payments"), None);
    }
}
