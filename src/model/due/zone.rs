//! A time zone by its IANA name: what the clocks on the wall show there, where its days begin and
//! end, and which instant a local time is on the days on which the clocks change.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// A time zone by its name in the IANA database, in exact case. The database comes with the
/// server; it knows the clock changes of each zone up to 2099 and none after.
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

    /// The date there at an instant.
    pub fn date_at(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.0).date_naive()
    }

    /// When the day begins there and when the next one does. Such bounds leave no instant out and
    /// hold none twice. A day that the zone skipped (30 December 2011 in Apia) begins as it ends.
    pub fn day_bounds(self, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        // Only the last day that chrono can name has no next one.
        (self.day_start(date), self.day_start(date.checked_add_days(Days::new(1)).unwrap_or(date)))
    }

    /// The instant at which the clocks there show this time: the first where they show it twice.
    /// Where they skip it, the offset before the gap counts, as RFC 5545 (3.3.5) has it: a time
    /// half an hour into the gap is half an hour after it began.
    pub fn instant(self, wall: NaiveDateTime) -> DateTime<Utc> {
        match self.0.from_local_datetime(&wall) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => instant.to_utc(),
            LocalResult::None => {
                // A gap lies between two periods, so there is always an offset before it.
                let before = GapInfo::new(&wall, &self.0).and_then(|gap| gap.begin);
                let offset = before.map_or(0, |(_, offset)| offset.fix().local_minus_utc());
                (wall - TimeDelta::seconds(offset.into())).and_utc()
            }
        }
    }

    fn day_start(self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_time(NaiveTime::MIN);
        // Some zones skip midnight: the day begins when the gap ends, whenever that began.
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
