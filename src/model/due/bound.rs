//! A line in time that dues lie before or behind: [`DueBound`] cuts timed dues at an instant and
//! dates alone at a date, because a date alone is due wherever its owner is.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::model::TimeZone;

/// Where dues are cut in two. A timed due lies before it when its instant is before `instant`, a
/// date alone when it is before `date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueBound {
    pub instant: DateTime<Utc>,
    pub date: NaiveDate,
}

impl DueBound {
    /// The beginning of a day there.
    pub fn start_of_day(date: NaiveDate, zone: TimeZone) -> Self {
        Self { instant: zone.day_bounds(date).0, date }
    }

    /// An instant; a date alone counts as the beginning of its day there.
    pub fn at_instant(instant: DateTime<Utc>, zone: TimeZone) -> Self {
        let date = zone.date_at(instant);
        let begins = zone.day_bounds(date).0 == instant;
        let date = if begins { date } else { date.checked_add_days(Days::new(1)).unwrap_or(date) };
        Self { instant, date }
    }

    /// What lies before it is overdue: times that have passed, and days that are over there.
    pub fn overdue(now: DateTime<Utc>, zone: TimeZone) -> Self {
        Self { instant: now, date: zone.date_at(now) }
    }

    /// Nothing of what lies before this bound has a later [`Due::instant`](crate::model::Due::instant)
    /// than the second of these or the same, and nothing behind it an earlier one than the first:
    /// so an index on instants finds what the bound then tells apart.
    pub fn instant_range(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let floating = self.date.and_time(NaiveTime::MIN).and_utc();
        (self.instant.min(floating), self.instant.max(floating))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn a_date_is_the_beginning_of_its_day_there() {
        let berlin: TimeZone = "Europe/Berlin".parse().expect("a zone");
        let bound = DueBound::start_of_day(date("2026-11-25"), berlin);
        assert_eq!(bound, DueBound { instant: instant("2026-11-24T23:00:00Z"), date: date("2026-11-25") });
        assert_eq!(bound, DueBound::at_instant(bound.instant, berlin));
        assert_eq!(bound.instant_range(), (instant("2026-11-24T23:00:00Z"), instant("2026-11-25T00:00:00Z")));
    }

    #[test]
    fn within_a_day_its_date_lies_before_an_instant_but_is_not_overdue() {
        let apia: TimeZone = "Pacific/Apia".parse().expect("a zone");
        let now = instant("2026-11-25T10:30:00Z");
        assert_eq!(DueBound::at_instant(now, apia).date, date("2026-11-26"));
        assert_eq!(DueBound::overdue(now, apia).date, date("2026-11-25"));
        let now = instant("2026-11-25T11:00:00Z");
        assert_eq!(DueBound::at_instant(now, apia).date, date("2026-11-26"));
        assert_eq!(DueBound::overdue(now, apia).date, date("2026-11-26"));
    }

    #[test]
    fn the_ends_of_time_are_no_trouble() {
        for text in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"] {
            for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"] {
                let zone: TimeZone = zone.parse().expect("a zone");
                let bound = DueBound::at_instant(instant(text), zone);
                assert!(bound.instant_range().0 <= bound.instant_range().1);
            }
        }
    }
}
