//! When a task is due: a [`Due`] is a date, or a date and a time in a time zone. It is kept as the
//! owner wrote it, on the wall clock, so that 09:30 stays 09:30 whatever is decided about summer
//! time; instants are worked out from it.

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

/// When something is due: a date alone, or a date with a time of day and its time zone. `time`
/// and `time_zone` come together or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Due {
    /// The day, from 1900-01-01 to 9999-12-31.
    #[schema(example = "2026-11-25")]
    date: NaiveDate,
    /// The time of day on the clocks of the time zone, to the minute, from 00:00 to 23:59. Where
    /// the clocks jump from 02:00 to 03:00, 02:30 means 03:30; a time that comes twice means the
    /// first.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_time")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "09:30")]
    time: Option<NaiveTime>,
    /// The IANA name of the time zone, in exact case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, min_length = 2, max_length = 64, example = "Europe/Berlin")]
    time_zone: Option<TimeZone>,
}

impl Due {
    /// Due on a day, wherever its owner is.
    pub const fn on(date: NaiveDate) -> Self {
        Self { date, time: None, time_zone: None }
    }

    /// Due at a time of day, to the minute.
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

    /// The same time of day on another date; `None` for a date that is out of range.
    #[must_use]
    pub fn moved_to(&self, date: NaiveDate) -> Option<Self> {
        in_range(date).then_some(Self { date, ..*self })
    }

    /// What the calendar and the clock on the wall show; midnight for a date alone.
    pub fn wall(&self) -> NaiveDateTime {
        self.date.and_time(self.time.unwrap_or(NaiveTime::MIN))
    }

    /// The instant at which it is due. A date alone is due on that day everywhere, which is no one
    /// instant; midnight UTC at its beginning stands for it (a "floating" instant), so that dates
    /// alone sort among themselves and before the times of their day in UTC.
    pub fn instant(&self) -> DateTime<Utc> {
        match self.time_zone {
            Some(zone) => zone.instant(self.wall()),
            None => self.wall().and_utc(),
        }
    }

    /// What the database keeps of it, in three columns.
    pub fn parts(&self) -> (NaiveDate, Option<NaiveTime>, Option<&'static str>) {
        (self.date, self.time, self.time_zone.map(TimeZone::name))
    }

    /// Reads what [`Self::parts`] gave. A time in a zone that this server does not know (another
    /// version's database did) comes back as its date alone: that much is still certain, while
    /// the time in any other zone would be a wrong instant, and an error would take the whole
    /// list of tasks with it. The columns keep what they hold until somebody sets the due again.
    pub fn from_parts(date: NaiveDate, time: Option<NaiveTime>, time_zone: Option<&str>) -> Self {
        let zone = time_zone.and_then(|name| name.parse().ok());
        time.zip(zone).map_or(Self::on(date), |(time, zone)| Self::at(date, time, zone))
    }
}

/// A `Due` as it comes in, before its parts are known to fit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(deserialize_with = "read_date")]
    date: NaiveDate,
    #[serde(default, deserialize_with = "read_time")]
    time: Option<NaiveTime>,
    #[serde(default, deserialize_with = "not_null")]
    time_zone: Option<TimeZone>,
}

impl<'de> Deserialize<'de> for Due {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Takes an object only: serde would also fill the fields from an array.
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Due;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a date")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Due, A::Error> {
                let Given { date, time, time_zone } = Given::deserialize(MapAccessDeserializer::new(map))?;
                match (time, time_zone) {
                    (None, None) => Ok(Due::on(date)),
                    (Some(time), Some(zone)) => Ok(Due::at(date, time, zone)),
                    (Some(_), None) => Err(A::Error::custom("must have a time_zone, as it has a time")),
                    (None, Some(_)) => Err(A::Error::custom("must have a time, as it has a time_zone")),
                }
            }
        }

        deserializer.deserialize_map(Object)
    }
}

fn in_range(date: NaiveDate) -> bool {
    (1900..=9999).contains(&date.year())
}

fn read_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    // Chrono also reads signs and single digits.
    let date = Some(&text).filter(|text| is_shaped(text, "0000-00-00")).and_then(|text| text.parse().ok());
    date.filter(|date| in_range(*date))
        .ok_or_else(|| D::Error::custom("must be a date from 1900-01-01 to 9999-12-31, such as 2026-11-25"))
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveTime>, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    time_of(&text).map(Some).ok_or_else(|| D::Error::custom("must be a time from 00:00 to 23:59, such as 09:30"))
}

fn time_of(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok().filter(|_| is_shaped(text, "00:00"))
}

/// Whether the text has a digit wherever the shape has one, and else the same characters.
fn is_shaped(text: &str, shape: &str) -> bool {
    let fits = |(byte, shape): (u8, u8)| if shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

#[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
fn write_time<S: Serializer>(time: &Option<NaiveTime>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(&time.format("%H:%M")),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
