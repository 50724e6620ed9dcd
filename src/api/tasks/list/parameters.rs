//! Parses the query parameters of a list of tasks. Each parser is strict, and its error says what is
//! allowed.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::de::Error;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Deserializer};

use crate::model::fields::storable;
use crate::model::{DueBound, Id, LABELS_MAX, MalformedId, Priority, TimeZone, labels};
use crate::queries::tasks::filters::OrNone;

/// The longest search text, in characters after trimming.
pub const WORDS_MAX: usize = 200;

fn parsed<'de, D, T>(deserializer: D, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    parse(&Cow::<str>::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Priorities, separated by commas.
#[derive(Debug)]
pub struct Priorities(pub Vec<Priority>);

impl<'de> Deserialize<'de> for Priorities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let priority = |word: &str| {
            Priority::deserialize(StrDeserializer::<serde::de::value::Error>::new(word))
                .map_err(|_| "must name none, low, medium, high or urgent, with commas between".to_owned())
        };
        parsed(deserializer, |text| text.split(',').map(priority).collect::<Result<_, _>>().map(Self))
    }
}

/// Labels, separated by commas. A label cannot contain a comma.
#[derive(Debug)]
pub struct LabelNames(pub Vec<String>);

impl<'de> Deserialize<'de> for LabelNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, |text| {
            let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
            if names.len() > LABELS_MAX {
                return Err(format!("must be at most {LABELS_MAX} labels"));
            }
            names.iter().try_for_each(|name| labels::check(name))?;
            Ok(Self(names))
        })
    }
}

impl<'de, T> Deserialize<'de> for OrNone<Id<T>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, |text| match text {
            "none" => Ok(Self::None),
            id => id.parse().map(Self::Some).map_err(|error: MalformedId| format!("{error}, or none")),
        })
    }
}

/// A date, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Date(NaiveDate),
    Instant(DateTime<Utc>),
}

impl Moment {
    pub fn bound(self, zone: TimeZone) -> DueBound {
        match self {
            Self::Date(date) => DueBound::start_of_day(date, zone),
            Self::Instant(instant) => DueBound::at_instant(instant, zone),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Chrono also accepts signs and single digits.
        let date = Some(text).filter(|text| text.len() == 10 && text.starts_with(|first: char| first.is_ascii_digit()));
        let date =
            date.and_then(|text| text.parse::<NaiveDate>().ok()).filter(|date| (1900..=9999).contains(&date.year()));
        match date {
            Some(date) => Ok(Self::Date(date)),
            None => instant(text).map(Self::Instant).ok_or_else(|| {
                "must be a date from 1900-01-01 to 9999-12-31, such as 2026-11-25, or an instant such as \
                 2026-11-25T09:30:00Z; a + before an offset is written %2B"
                    .to_owned()
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, str::parse)
    }
}

/// An instant (RFC 3339).
#[derive(Debug, Clone, Copy)]
pub struct Instant(pub DateTime<Utc>);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let message = "must be an instant such as 2026-11-25T09:30:00Z; a + before an offset is written %2B";
        parsed(deserializer, |text| instant(text).map(Self).ok_or_else(|| message.to_owned()))
    }
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let instant = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    Some(instant).filter(|instant| (1..=9999).contains(&instant.year()))
}

/// The words to search for.
#[derive(Debug)]
pub struct Words(pub String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parsed(deserializer, |text| {
            let words = text.trim();
            if words.is_empty() || words.chars().count() > WORDS_MAX {
                return Err(format!("must be 1 to {WORDS_MAX} characters after trimming"));
            }
            storable(words).map_err(|_| "must not contain the character U+0000".to_owned())?;
            Ok(Self(words.to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
        T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_moment_is_a_date_or_an_instant_in_one_form_each() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 25).expect("a date");
        assert_eq!(parse("2026-11-25"), Ok(Moment::Date(date)));
        assert!(matches!(parse("2026-11-25T09:30:00+01:00"), Ok(Moment::Instant(_))));
        for bad in [
            "",
            "tomorrow",
            "2026-11-31",
            "1899-12-31",
            "+2026-11-2",
            "2026-1-1",
            "2026-11-25T09:30",
            "2026-11-25T09:30:00 01:00",
        ] {
            assert!(parse::<Moment>(bad).is_err_and(|message| message.starts_with("must be a date")), "{bad}");
        }
    }

    #[test]
    fn errors_say_what_is_allowed() {
        assert!(
            parse::<Priorities>("high,").is_err_and(|message| message.contains("none, low, medium, high or urgent"))
        );
        assert!(parse::<LabelNames>("a,,b").is_err_and(|message| message.contains("1 to 50 characters")));
        assert!(parse::<OrNone<crate::model::TaskId>>("None").is_err_and(|message| message.ends_with(", or none")));
        assert!(parse::<Words>("  ").is_err_and(|message| message.contains("1 to 200 characters")));
        assert!(parse::<Words>(&"ä".repeat(WORDS_MAX)).is_ok());
        assert!(parse::<Instant>("2026-11-25").is_err_and(|message| message.starts_with("must be an instant")));
    }
}
