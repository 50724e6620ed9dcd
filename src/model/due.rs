//! When a task is due. A [`Due`] is a date, or a date and a time in a time zone. The server stores the
//! local date and time that the owner wrote and computes instants from them, so 09:30 stays 09:30 even
//! if the rules of the time zone change.

mod bound;
mod zone;

use std::borrow::Cow;
use std::fmt;

use super::fields::not_null;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

pub use bound::DueBound;
pub use zone::{TimeZone, UnknownTimeZone};

/// When a task is due: a date alone, or a date with a time of day and a time zone. `time` and
/// `time_zone` require each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Due {
    /// The day, from 1900-01-01 to 9999-12-31.
    #[schema(example = "2026-11-25")]
    date: NaiveDate,
    /// The local time in the time zone, to the minute, from 00:00 to 23:59. If the clocks go from 02:00
    /// to 03:00 on that day, 02:30 means 03:30. A time that occurs twice on that day means the first
    /// one.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_time")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:30")]
    time: Option<NaiveTime>,
    /// The IANA name of the time zone; upper and lower case matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 2, max_length = 64, example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
}

impl Due {
    /// Due on a day, in whichever time zone the owner is.
    pub const fn on(date: NaiveDate) -> Self {
        Self { date, time: None, time_zone: None }
    }

    /// Due at a local time. Seconds are cut off.
    pub fn at(date: NaiveDate, time: NaiveTime, time_zone: TimeZone) -> Self {
        let minute = NaiveTime::from_hms_opt(time.hour(), time.minute(), 0);
        Self { date, time: minute, time_zone: Some(time_zone) }
    }

    pub const fn date(&self) -> NaiveDate {
        self.date
    }

    pub const fn time(&self) -> Option<NaiveTime> {
        self.time
    }

    pub const fn time_zone(&self) -> Option<TimeZone> {
        self.time_zone
    }

    /// The same time of day on another date. `None` if the date is not between 1900 and 9999.
    #[must_use]
    pub fn moved_to(&self, date: NaiveDate) -> Option<Self> {
        in_range(date).then_some(Self { date, ..*self })
    }

    /// The local date and time; midnight for a date alone.
    pub fn local_time(&self) -> NaiveDateTime {
        self.date.and_time(self.time.unwrap_or(NaiveTime::MIN))
    }

    /// The instant at which the task is due. A date alone has no single instant, because it depends on
    /// the time zone of the reader. Midnight UTC at the beginning of the day represents it, so that
    /// dates alone sort in their order, and before the times of that day in UTC.
    pub fn instant(&self) -> DateTime<Utc> {
        match self.time_zone {
            Some(zone) => zone.instant(self.local_time()),
            None => self.local_time().and_utc(),
        }
    }

    /// The three columns that the database stores.
    pub fn parts(&self) -> (NaiveDate, Option<NaiveTime>, Option<&'static str>) {
        (self.date, self.time, self.time_zone.map(TimeZone::name))
    }

    /// The inverse of [`Self::parts`]. If this server does not know the time zone, because another
    /// version with another time zone database stored it, the result is the date alone: another zone
    /// would give a wrong instant, and an error would fail the whole list of tasks. The columns stay
    /// unchanged until somebody sets the due again.
    pub fn from_parts(date: NaiveDate, time: Option<NaiveTime>, time_zone: Option<&str>) -> Self {
        let zone = time_zone.and_then(|name| name.parse().ok());
        time.zip(zone).map_or(Self::on(date), |(time, zone)| Self::at(date, time, zone))
    }
}

/// A due in JSON, before the check that `time` and `time_zone` are both there or both missing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedDue {
    #[serde(deserialize_with = "read_date")]
    date: NaiveDate,
    #[serde(default, deserialize_with = "read_time")]
    time: Option<NaiveTime>,
    #[serde(default, deserialize_with = "not_null")]
    time_zone: Option<TimeZone>,
}

impl<'de> Deserialize<'de> for Due {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Accepts only an object. A derived implementation would also accept an array.
        struct ObjectVisitor;

        impl<'de> Visitor<'de> for ObjectVisitor {
            type Value = Due;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a date")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Due, A::Error> {
                let UncheckedDue { date, time, time_zone } =
                    UncheckedDue::deserialize(MapAccessDeserializer::new(map))?;
                match (time, time_zone) {
                    (None, None) => Ok(Due::on(date)),
                    (Some(time), Some(zone)) => Ok(Due::at(date, time, zone)),
                    (Some(_), None) => Err(A::Error::custom("must have a time_zone, as it has a time")),
                    (None, Some(_)) => Err(A::Error::custom("must have a time, as it has a time_zone")),
                }
            }
        }

        deserializer.deserialize_map(ObjectVisitor)
    }
}

fn in_range(date: NaiveDate) -> bool {
    (1900..=9999).contains(&date.year())
}

fn read_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    // Chrono also accepts signs and single digits.
    let date = Some(&text).filter(|text| has_shape(text, "0000-00-00")).and_then(|text| text.parse().ok());
    date.filter(|date| in_range(*date))
        .ok_or_else(|| D::Error::custom("must be a date from 1900-01-01 to 9999-12-31, such as 2026-11-25"))
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveTime>, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    parse_time(&text).map(Some).ok_or_else(|| D::Error::custom("must be a time from 00:00 to 23:59, such as 09:30"))
}

fn parse_time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| has_shape(text, "00:00"))
}

/// Whether the text has a digit wherever the shape has a 0, and otherwise the same characters.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(byte, shape): (u8, u8)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

#[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
fn write_time<S: Serializer>(time: &Option<NaiveTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_str(&format!("{:02}:{:02}", time.hour(), time.minute())),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
