//! How a task comes round again: a [`Recurrence`] is one rule of RFC 5545. The due of a task is
//! where its rule starts, and completing the task moves the due on to the next occurrence. Rules
//! are reckoned in dates of the due's own calendar, its time of day and zone stay as they are, so
//! a change of the clocks never moves the hour.

mod days;
mod error;
mod rule;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use error::{RECURRENCE_MAX, RecurrenceError};

use super::Due;
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
    pub fn adapted_to(&self, due: &Due) -> Self {
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

    /// What the database holds, as it is: a rule that this server would reject (another version
    /// accepted it) still reads, and has no next occurrence.
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
