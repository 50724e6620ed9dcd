//! The bounds of filters by due. A [`DueBound`] compares dues with a time by an instant and dates alone
//! by a date, because a date alone has no time zone.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::model::TimeZone;

/// A bound for dues. A due with a time is before the bound if its instant is before `instant`; a date
/// alone, if it is before `date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueBound {
    pub instant: DateTime<Utc>,
    pub date: NaiveDate,
}

impl DueBound {
    /// The beginning of a day in this time zone.
    pub fn start_of_day(date: NaiveDate, zone: TimeZone) -> Self {
        Self { instant: zone.day_bounds(date).0, date }
    }

    /// An instant. A date alone counts as the beginning of that day in this time zone.
    pub fn at_instant(instant: DateTime<Utc>, zone: TimeZone) -> Self {
        let date = zone.date_at(instant);
        let begins = zone.day_bounds(date).0 == instant;
        let date = if begins { date } else { date.checked_add_days(Days::new(1)).unwrap_or(date) };
        Self { instant, date }
    }

    /// The bound before which dues are overdue: times in the past, and days that have ended in this time
    /// zone.
    pub fn overdue(now: DateTime<Utc>, zone: TimeZone) -> Self {
        Self { instant: now, date: zone.date_at(now) }
    }

    /// The smallest and the largest instant near the bound. Every due before the bound has a
    /// [`Due::instant`](crate::model::Due::instant) before the second one, and every other due has one
    /// that is not before the first. So a query can use an index on instants and then filter the rows
    /// by the bound.
    pub fn instant_range(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let date_instant = self.date.and_time(NaiveTime::MIN).and_utc();
        (self.instant.min(date_instant), self.instant.max(date_instant))
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
    fn a_date_is_the_beginning_of_its_day_in_the_zone() {
        let berlin: TimeZone = "Europe/Berlin".parse().expect("a zone");
        let bound = DueBound::start_of_day(date("2026-11-25"), berlin);
        assert_eq!(bound, DueBound { instant: instant("2026-11-24T23:00:00Z"), date: date("2026-11-25") });
        assert_eq!(bound, DueBound::at_instant(bound.instant, berlin));
        assert_eq!(bound.instant_range(), (instant("2026-11-24T23:00:00Z"), instant("2026-11-25T00:00:00Z")));
    }

    #[test]
    fn a_date_is_before_an_instant_in_its_day_but_not_overdue() {
        let apia: TimeZone = "Pacific/Apia".parse().expect("a zone");
        let now = instant("2026-11-25T10:30:00Z");
        assert_eq!(DueBound::at_instant(now, apia).date, date("2026-11-26"));
        assert_eq!(DueBound::overdue(now, apia).date, date("2026-11-25"));
        let now = instant("2026-11-25T11:00:00Z");
        assert_eq!(DueBound::at_instant(now, apia).date, date("2026-11-26"));
        assert_eq!(DueBound::overdue(now, apia).date, date("2026-11-26"));
    }

    #[test]
    fn the_first_and_last_instants_have_a_range() {
        for text in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"] {
            for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"] {
                let zone: TimeZone = zone.parse().expect("a zone");
                let bound = DueBound::at_instant(instant(text), zone);
                assert!(bound.instant_range().0 <= bound.instant_range().1);
            }
        }
    }
}
