use domain::provider::ProviderRow;
use domain::recipe::{self, Field, FieldKind, FieldSpec, Problem, VisibleWhen};

use super::browser_pattern::browser_pattern;
use crate::form::{FIELD, Form};

/// A field of a connect form, for `fields.html`.
pub(crate) struct FormField {
    /// What the row says.
    pub(crate) spec: FieldSpec,
    /// The id of its input, which is its own on the page.
    pub(crate) id: String,
    /// What stands in it. Never of a secret.
    pub(crate) value: String,
    /// For the `pattern` attribute.
    pub(crate) pattern: Option<String>,
    /// When it applies, in words; none when it always does.
    pub(crate) applies: Option<String>,
    /// What was wrong with what was sent.
    pub(crate) finding: Option<String>,
}

/// One choice of a select.
pub(crate) struct Choice<'a> {
    pub(crate) value: &'a str,
    pub(crate) label: &'a str,
    pub(crate) chosen: bool,
}

impl FormField {
    /// The fields of a row, as they are before anybody has filled them in. `prefix` stands before their ids, so that a page
    /// can hold more than one form: no other id of a page begins like it, since a field may be called anything.
    pub(crate) fn of_row(row: &ProviderRow, prefix: &str) -> Vec<Self> {
        let specs = recipe::form(row);
        let shown = specs.iter().filter(|spec| !is_never_asked(spec, row));
        shown.map(|spec| Self::new(spec, &specs, row, prefix)).collect()
    }

    fn new(spec: &FieldSpec, all: &[FieldSpec], row: &ProviderRow, prefix: &str) -> Self {
        let field = row.recipe.fields.iter().find(|field| field.name == spec.name);
        let mut spec = spec.clone();
        // What depends on a fixed value, and is asked for, always is.
        spec.visible_when = spec.visible_when.filter(|when| fixed(row, when).is_none());
        let applies = spec.visible_when.as_ref().map(|when| condition(when, all));
        // A field that does not apply has to stay empty, which nobody sees to without JavaScript.
        let value = spec.default.clone().filter(|_| applies.is_none()).unwrap_or_default();
        Self {
            id: format!("{prefix}{}", spec.name),
            pattern: field.and_then(browser_pattern),
            finding: None,
            applies,
            value,
            spec,
        }
    }

    /// Its name in the form.
    pub(crate) fn name(&self) -> String {
        format!("{FIELD}{}", self.spec.name)
    }

    /// Whether it is a choice among several.
    pub(crate) fn is_select(&self) -> bool {
        self.spec.kind == FieldKind::Enum
    }

    /// Whether it may be left out. One with a default never is: that stands in it.
    pub(crate) const fn is_optional(&self) -> bool {
        self.spec.optional && self.spec.default.is_none()
    }

    /// Whether a browser may refuse to send it empty.
    pub(crate) fn is_required(&self) -> bool {
        !self.spec.optional && self.applies.is_none()
    }

    /// Whether nothing is a choice, too: where there is none that one starts with.
    pub(crate) fn has_blank(&self) -> bool {
        self.applies.is_some() || self.spec.default.is_none()
    }

    /// The choices of a select.
    pub(crate) fn choices(&self) -> impl Iterator<Item = Choice<'_>> {
        self.spec.options.iter().map(|option| Choice {
            value: &option.value,
            label: option.label.as_deref().unwrap_or(&option.value),
            chosen: option.value == self.value,
        })
    }

    /// The words for a value that does not match.
    pub(crate) fn pattern_help(&self) -> String {
        let words = self.spec.pattern_help.clone();
        words.unwrap_or_else(|| {
            format!(
                "{} does not look right; check that it was pasted in full.",
                self.spec.label
            )
        })
    }

    /// The values of the other field with which it applies, for the script.
    pub(crate) fn applies_with(&self) -> String {
        let when = self.spec.visible_when.iter();
        let values: Vec<&str> = when.flat_map(values).collect();
        // No value holds a line break.
        values.join("\n")
    }

    /// What a keyboard on glass should offer.
    pub(crate) const fn inputmode(&self) -> &'static str {
        match self.spec.kind {
            FieldKind::Host | FieldKind::Url => "url",
            FieldKind::Email => "email",
            FieldKind::Text | FieldKind::Uuid | FieldKind::Enum => "text",
        }
    }

    /// The ids of what describes it, for `aria-describedby`.
    pub(crate) fn described_by(&self) -> String {
        let parts = [
            ("applies", self.applies.is_some()),
            ("hint", !self.spec.hint.is_empty()),
            ("prefix", self.spec.prefix.is_some()),
            ("suffix", self.spec.suffix.is_some()),
            ("wrong", true),
        ];
        let ids = parts.iter().filter(|(_, there)| *there);
        ids.map(|(part, _)| format!("{}-{part}", self.id))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// Puts back what was sent, but for secrets, and what was wrong beside its field. What has no field is returned.
pub(crate) fn refuse(fields: &mut [FormField], form: &Form, problems: Vec<Problem>) -> Vec<String> {
    for field in fields.iter_mut().filter(|field| !field.spec.secret) {
        form.text(&field.name()).clone_into(&mut field.value);
    }
    let mut others = Vec::new();
    for problem in problems {
        let name = problem.pointer.rsplit('/').next().unwrap_or_default();
        match fields.iter_mut().find(|field| field.spec.name == name) {
            Some(field) => field.finding = Some(problem.message),
            None => others.push(problem.message),
        }
    }
    others
}

fn values(when: &VisibleWhen) -> impl Iterator<Item = &str> {
    when.equals.iter().chain(&when.one_of).map(String::as_str)
}

/// "Only when Region is Europe or Asia."
fn condition(when: &VisibleWhen, all: &[FieldSpec]) -> String {
    let other = all.iter().find(|other| other.name == when.field);
    let label = |value| {
        let options = other.iter().flat_map(|other| &other.options);
        let found = options.into_iter().find(|option| option.value == value);
        found.and_then(|option| option.label.as_deref()).unwrap_or(value)
    };
    let values: Vec<&str> = values(when).map(label).collect();
    let name = other.map_or(when.field.as_str(), |other| other.label.as_str());
    format!("Only when {name} is {}.", values.join(" or "))
}

/// The value of the field that a condition looks at, when it is fixed.
fn fixed<'a>(row: &'a ProviderRow, when: &VisibleWhen) -> Option<&'a str> {
    let is_it = |field: &&Field| field.name == when.field;
    row.recipe.fields.iter().find(is_it)?.fixed.as_deref()
}

fn is_never_asked(spec: &FieldSpec, row: &ProviderRow) -> bool {
    let when = spec.visible_when.as_ref();
    when.is_some_and(|when| fixed(row, when).is_some_and(|value| !when.holds(value)))
}

#[cfg(test)]
mod tests {
    use domain::provider::AuthType;
    use domain::recipe::{EnumOption, Recipe};

    use super::*;

    fn row(fields: Vec<Field>) -> ProviderRow {
        ProviderRow {
            key: "mock".parse().unwrap(),
            name: "Mock".to_owned(),
            category: "Email".to_owned(),
            description: String::new(),
            auth: AuthType::Bearer,
            credential: None,
            help: domain::provider::Help::default(),
            recipe: Recipe {
                fields,
                ..Recipe::default()
            },
        }
    }

    fn named(name: &str) -> Field {
        Field {
            name: name.to_owned(),
            ..Field::default()
        }
    }

    fn when(field: &str, values: &[&str]) -> VisibleWhen {
        VisibleWhen {
            field: field.to_owned(),
            equals: None,
            one_of: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    #[test]
    fn a_condition_is_said_with_the_labels_that_people_see() {
        let option = |value: &str, label: Option<&str>| EnumOption {
            value: value.to_owned(),
            label: label.map(str::to_owned),
            maps_to: None,
        };
        let region = Field {
            label: Some("Region".to_owned()),
            kind: FieldKind::Enum,
            options: vec![option("eu", Some("Europe")), option("ap", None)],
            ..named("region")
        };
        let zone = Field {
            visible_when: Some(when("region", &["eu", "ap"])),
            default: Some("1".to_owned()),
            ..named("zone")
        };
        let fields = FormField::of_row(&row(vec![region, zone]), "x-");
        assert_eq!(fields[1].applies.as_deref(), Some("Only when Region is Europe or ap."));
        assert_eq!(fields[1].applies_with(), "eu\nap");
        assert_eq!(fields[1].id, "x-zone");
        assert!(fields[0].is_required() && fields[0].has_blank());
        // It may not apply, and then it has to be empty.
        assert!(!fields[1].is_required() && fields[1].value.is_empty());
    }

    #[test]
    fn what_depends_on_a_fixed_value_is_always_asked_for_or_never() {
        let plan = Field {
            fixed: Some("pro".to_owned()),
            ..named("plan")
        };
        let asked = Field {
            visible_when: Some(when("plan", &["pro"])),
            ..named("asked")
        };
        let never = Field {
            visible_when: Some(when("plan", &["free"])),
            ..named("never")
        };
        let fields = FormField::of_row(&row(vec![plan, asked, never]), "");
        let names: Vec<_> = fields.iter().map(|field| field.spec.name.as_str()).collect();
        assert_eq!(names, ["asked"]);
        assert!(fields[0].is_required() && fields[0].spec.visible_when.is_none());
    }
}
