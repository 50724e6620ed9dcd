//! Helpers for single fields of requests and responses: functions for serde, for `validator`, and
//! for the schemas of the contract.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;
use serde::{Deserialize, Deserializer, Serializer};
use validator::ValidationError;

use super::Seq;
use super::time_text::with_text;

#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
/// For fields of an update: `null` clears the field, and an absent field keeps its value.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// For fields of an update that cannot be cleared: an absent field keeps its value, `null` is rejected.
pub fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// For enums that are strings in JSON. Without this, `serde_json` reports a value of another type as
/// a syntax error, and the error would not name the field.
pub fn word<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let text = Cow::<str>::deserialize(deserializer)?;
    T::deserialize(serde::de::value::CowStrDeserializer::new(text))
}

/// Like [`word`], for fields of an update that cannot be cleared.
pub fn word_not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    word(deserializer).map(Some)
}

/// A string without white space around it.
pub fn trimmed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    Ok(text.trim().to_owned())
}

/// Like [`trimmed`], for fields of an update that cannot be cleared.
pub fn trimmed_not_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    trimmed(deserializer).map(Some)
}

/// Rejects U+0000, the only character that a Postgres text cannot contain.
pub fn storable(text: &str) -> Result<(), ValidationError> {
    if text.contains('\0') {
        return Err(ValidationError::new("nul").with_message("must not contain the character U+0000".into()));
    }
    Ok(())
}

/// Rejects a text of which nobody can see anything: white space, control characters and those that Unicode
/// calls default ignorable, such as a zero width space.
pub fn visible(text: &str) -> Result<(), ValidationError> {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let invisible = |c: char| c.is_whitespace() || c.is_control() || ignorable.contains(c);
    if !text.is_empty() && text.chars().all(invisible) {
        let message = "must have a character that can be seen";
        return Err(ValidationError::new("invisible").with_message(message.into()));
    }
    Ok(())
}

/// Serialises a time as chrono does, but faster.
pub fn rfc3339<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    with_text(time, |text| serializer.serialize_str(text))
}

/// Like [`rfc3339`], for a time that may be null.
#[expect(clippy::ref_option, reason = "serde's signature")]
pub fn optional_rfc3339<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => rfc3339(time, serializer),
        None => serializer.serialize_none(),
    }
}

/// Serialises a time with exactly three digits of a second, as JavaScript does: some clients read
/// the digits as milliseconds, however many there are.
pub fn rfc3339_millis<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The schema of a count: an integer from 0.
pub fn count_schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    <Seq as utoipa::PartialSchema>::schema()
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[test]
    fn a_text_needs_a_character_that_can_be_seen() {
        for text in ["\u{200b}", "\u{ad}\u{2060} \u{feff}", "\u{1}\u{7f}", "\u{3164}", "\u{e0001}"] {
            assert!(visible(text).is_err(), "{text:?}");
        }
        for text in ["a", "\u{200b}a", "👨\u{200d}👩", ".", "\u{627}\u{200c}", ""] {
            assert!(visible(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_time_is_written_as_chrono_writes_it() {
        #[derive(Serialize)]
        struct Time(#[serde(serialize_with = "rfc3339")] DateTime<Utc>);

        for nanoseconds in [0, 120_000_000, 123_456_000, 123_456_789] {
            let time = DateTime::from_timestamp(1_795_441_234, nanoseconds).expect("a time");
            let expected = serde_json::to_string(&time).expect("JSON");
            assert_eq!(serde_json::to_string(&Time(time)).expect("JSON"), expected);
        }
    }
}
