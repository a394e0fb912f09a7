use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

/// How long a token is good, as it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expiry {
    /// One of [`CHOICES`], or `date`.
    pub(super) choice: String,
    /// The last day that it is good on, when that was chosen.
    pub(super) day: String,
}

/// What can be chosen: its name in the form, what people read, and the days; none for ever.
pub(super) const CHOICES: &[(&str, &str, Option<u64>)] = &[
    ("1", "For a day", Some(1)),
    ("7", "For a week", Some(7)),
    ("30", "For 30 days", Some(30)),
    ("90", "For 90 days", Some(90)),
    ("365", "For a year", Some(365)),
    ("never", "Until it is revoked", None),
];

impl Default for Expiry {
    fn default() -> Self {
        Self {
            choice: "90".to_owned(),
            day: String::new(),
        }
    }
}

impl Expiry {
    /// When the token ends; never when that is none.
    ///
    /// # Errors
    /// What is wrong, for a person.
    pub(super) fn end(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, &'static str> {
        if self.choice == "date" {
            let day: Result<NaiveDate, _> = self.day.parse();
            let next = day.ok().and_then(|day| day.succ_opt());
            // It is good through that day, in UTC.
            let end = next.map(|next| next.and_time(NaiveTime::MIN).and_utc());
            return end
                .map(Some)
                .ok_or("Choose the last day that it is good on, such as 2027-03-31.");
        }
        let chosen = CHOICES.iter().find(|(name, ..)| *name == self.choice);
        match chosen {
            Some((_, _, Some(days))) => Ok(now.checked_add_days(Days::new(*days))),
            Some((_, _, None)) => Ok(None),
            None => Err("Choose how long the token is good."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(choice: &str, day: &str) -> Result<Option<String>, &'static str> {
        let expiry = Expiry {
            choice: choice.to_owned(),
            day: day.to_owned(),
        };
        let end = expiry.end("2026-03-01T12:00:00Z".parse().unwrap())?;
        Ok(end.map(|end| end.to_rfc3339()))
    }

    #[test]
    fn a_token_is_good_for_some_days_or_through_a_day_or_for_ever() {
        assert_eq!(end("30", ""), Ok(Some("2026-03-31T12:00:00+00:00".to_owned())));
        assert_eq!(
            end("date", "2026-03-01"),
            Ok(Some("2026-03-02T00:00:00+00:00".to_owned()))
        );
        assert_eq!(end("never", "2026-03-01"), Ok(None));
        for (choice, day) in [("date", ""), ("date", "31.3.2026"), ("", ""), ("31", "")] {
            assert!(end(choice, day).is_err(), "{choice} {day}");
        }
    }
}
