//! How a task comes round again: a [`Recurrence`] is one rule of RFC 5545. The due of a task is
//! where its rule starts, and completing the task moves the due on to the next occurrence. Rules
//! are reckoned in dates of the due's own calendar, its time of day and zone stay as they are, so
//! a change of the clocks never moves the hour.

mod days;
mod rule;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::due::Due;
use rule::{End, Rule, Until};

/// How a task recurs: one recurrence rule of RFC 5545 (`RRULE`), of at most 500 characters, such
/// as `FREQ=WEEKLY;BYDAY=MO,WE`. The prefix `RRULE:` may be sent and is not sent back.
///
/// `FREQ` is `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`. `INTERVAL` (1 to 65535), `BYMONTH`,
/// `BYWEEKNO`, `BYYEARDAY`, `BYMONTHDAY`, `BYDAY`, `BYSETPOS` and `WKST` are as in the RFC; what a
/// rule leaves open is taken from the task's due. `COUNT` (1 to 1000000) is the number of
/// occurrences that are left, the present one included. `UNTIL`, in its place, is the last date or,
/// for a due with a time, an instant in UTC (`20261231T225959Z`); a date becomes the end of that
/// day there.
// Always in canonical form, except for what `from_column` takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Cow<str>")]
#[schema(value_type = String, min_length = 10, max_length = 500, example = "FREQ=WEEKLY;BYDAY=MO,WE")]
pub struct Recurrence(String);

/// The most characters of a rule.
pub const RECURRENCE_MAX: usize = 500;

/// Why a rule is refused; each sentence says what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    #[error("must be at most 500 characters")]
    TooLong,
    #[error("must be one recurrence rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=MO,WE")]
    Malformed,
    #[error(
        "must consist of FREQ, INTERVAL, COUNT or UNTIL, WKST, BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY and \
         BYSETPOS, each at most once"
    )]
    Parts,
    #[error("must have a FREQ of DAILY, WEEKLY, MONTHLY or YEARLY")]
    Frequency,
    #[error("must not have BYHOUR, BYMINUTE or BYSECOND, since the time of day is that of the due")]
    TimeOfDay,
    #[error("must have an INTERVAL from 1 to 65535")]
    Interval,
    #[error("must have a COUNT from 1 to 1000000")]
    Count,
    #[error("must have an UNTIL that is a date such as 20261231 or an instant in UTC such as 20261231T225959Z")]
    Until,
    #[error("must have COUNT or UNTIL, not both")]
    CountAndUntil,
    #[error("must have a WKST of MO, TU, WE, TH, FR, SA or SU")]
    WeekStart,
    #[error("must have numbers from 1 to 12 in BYMONTH")]
    ByMonth,
    #[error("must have numbers from 1 to {1} or from -{1} to -1 in {0}")]
    Numbers(&'static str, i16),
    #[error("must have weekdays such as MO in BYDAY, or numbered ones such as 2MO or -1FR, up to 53")]
    ByDay,
    #[error("must have numbers in BYDAY only with FREQ=MONTHLY, or with FREQ=YEARLY and without BYWEEKNO")]
    NumberedDays,
    #[error("must have {0} only with FREQ=YEARLY")]
    OnlyYearly(&'static str),
    #[error("must not have BYMONTHDAY with FREQ=WEEKLY")]
    MonthDayWeekly,
    #[error("must have another part that begins with BY beside BYSETPOS")]
    OnlySetPos,
    #[error("must have an UNTIL that is not before the due")]
    UntilBeforeDue,
    #[error("must have an occurrence after the due, by the year 9999")]
    Never,
}

impl Recurrence {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a task with this due may recur so.
    pub fn check(&self, due: &Due) -> Result<(), RecurrenceError> {
        let rule: Rule = self.0.parse()?;
        if !allows(rule.end, due) {
            return Err(RecurrenceError::UntilBeforeDue);
        }
        // Whether COUNT or UNTIL leave anything after this occurrence is another matter: the last
        // one is a due like any other.
        days::next(&rule, due.date()).map(|_| ()).ok_or(RecurrenceError::Never)
    }

    /// The same rule as it is written for this due: UNTIL is a date for a date alone and an
    /// instant in UTC for a due with a time, as RFC 5545 asks and as other programs read it.
    #[must_use]
    pub fn fitted(&self, due: &Due) -> Self {
        let Ok(rule) = self.0.parse::<Rule>() else { return self.clone() };
        let end = match (rule.end, due.time_zone()) {
            (End::Until(Until::Date(date)), Some(zone)) => {
                // The second before the next day, but none that takes five digits for the year.
                let last = zone.day_bounds(date).1 - TimeDelta::seconds(1);
                End::Until(Until::Instant(last.min(Until::LAST)))
            }
            (End::Until(Until::Instant(instant)), None) => End::Until(Until::Date(instant.date_naive())),
            (end, _) => end,
        };
        let fitted = Self::from(&Rule { end, ..rule });
        // An instant is longer than a date, which means the same here.
        if fitted.0.len() > RECURRENCE_MAX { self.clone() } else { fitted }
    }

    /// Where completing the task takes it: the due of the first occurrence after this one, and
    /// the rule that is left. `None` where this is the last one.
    pub fn next(&self, due: &Due) -> Option<(Due, Self)> {
        let mut rule: Rule = self.0.parse().ok()?;
        if let End::Count(left) = &mut rule.end {
            *left = left.checked_sub(1).filter(|left| *left > 0)?;
        }
        let next = due.moved_to(days::next(&rule, due.date())?)?;
        allows(rule.end, &next).then(|| (next, Self::from(&rule)))
    }

    /// What the database holds, as it is: a rule that this server would refuse (another version
    /// took it) still reads, and has no next occurrence.
    pub const fn from_column(text: String) -> Self {
        Self(text)
    }
}

/// Whether an occurrence is not past the end. A date alone is compared by its floating instant.
fn allows(end: End, due: &Due) -> bool {
    match end {
        End::Never | End::Count(_) => true,
        End::Until(Until::Date(last)) => due.date() <= last,
        End::Until(Until::Instant(last)) => due.instant() <= last,
    }
}

impl From<&Rule> for Recurrence {
    fn from(rule: &Rule) -> Self {
        Self(rule.to_string())
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Recurrence {
    type Err = RecurrenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rule: Rule = text.parse()?;
        Ok(Self::from(&rule))
    }
}

impl TryFrom<Cow<'_, str>> for Recurrence {
    type Error = RecurrenceError;

    fn try_from(text: Cow<'_, str>) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
