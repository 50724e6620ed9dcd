//! Time zones by their IANA names: the local date at an instant, the bounds of a day, and the instant
//! of a local time, also on days on which the clocks change.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// A time zone by its IANA name; upper and lower case matter. The time zone database is part of the
/// server. It contains the clock changes of each zone up to 2099.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, ToSchema)]
#[serde(try_from = "Cow<str>")]
#[schema(value_type = String, min_length = 2, max_length = 64, example = "Europe/Berlin")]
pub struct TimeZone(Tz);

/// The text names no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an IANA time zone such as Europe/Berlin")]
pub struct UnknownTimeZone;

impl TimeZone {
    pub const UTC: Self = Self(Tz::UTC);

    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The local date at an instant.
    pub fn date_at(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.0).date_naive()
    }

    /// The beginning of a day and that of the next day. Every instant belongs to exactly one day. A day
    /// that the zone skipped (30 December 2011 in Apia) is empty.
    pub fn day_bounds(self, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        // Only the last day in chrono's range has no next day.
        (self.day_start(date), self.day_start(date.checked_add_days(Days::new(1)).unwrap_or(date)))
    }

    /// The instant of a local time: the first one, if the local time occurs twice. If the clocks skip
    /// the local time, the offset before the gap applies, as RFC 5545 (3.3.5) requires: a time half an
    /// hour after the beginning of the gap is the instant half an hour after that beginning.
    pub fn instant(self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => instant.to_utc(),
            LocalResult::None => {
                // A gap is between two periods of an offset, so there is always an offset before it.
                let before = GapInfo::new(&local, &self.0).and_then(|gap| gap.begin);
                let offset = before.map_or(0, |(_, offset)| offset.fix().local_minus_utc());
                (local - TimeDelta::seconds(offset.into())).and_utc()
            }
        }
    }

    fn day_start(self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_time(NaiveTime::MIN);
        // In some zones the clocks skip midnight. Then the day begins at the end of the gap, even if the
        // gap began on the day before.
        match GapInfo::new(&midnight, &self.0).and_then(|gap| gap.end) {
            Some(end) => end.to_utc(),
            None => self.instant(midnight),
        }
    }
}

impl FromStr for TimeZone {
    type Err = UnknownTimeZone;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(Self).map_err(|_| UnknownTimeZone)
    }
}

impl TryFrom<Cow<'_, str>> for TimeZone {
    type Error = UnknownTimeZone;

    fn try_from(name: Cow<'_, str>) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl Serialize for TimeZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
