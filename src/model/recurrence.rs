//! Recurring tasks. A [`Recurrence`] is one rule of RFC 5545. The due of a task is the start of its
//! rule, and completing the task moves the due to the next occurrence. Rules are evaluated on local
//! dates; the time of day and the time zone of the due never change, so an occurrence keeps its hour
//! when the clocks change.

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
/// as `FREQ=WEEKLY;BYDAY=MO,WE`. The prefix `RRULE:` is allowed; the server removes it.
///
/// `FREQ` is `DAILY`, `WEEKLY`, `MONTHLY` or `YEARLY`. `INTERVAL` (1 to 65535), `BYMONTH`,
/// `BYWEEKNO`, `BYYEARDAY`, `BYMONTHDAY`, `BYDAY`, `BYSETPOS` and `WKST` are as in the RFC. Where a
/// rule does not determine the day, it takes the day from the task's due. `COUNT` (1 to 1000000) is
/// the number of remaining occurrences, including the present one. `UNTIL`, which excludes `COUNT`, is
/// the last date or, for a due with a time, the last instant in UTC (`20261231T225959Z`). For a due
/// with a time, the server converts a date to the end of that day in the due's time zone.
// Always in canonical form, except after `from_column`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Cow<str>")]
#[schema(value_type = String, min_length = 10, max_length = 500, example = "FREQ=WEEKLY;BYDAY=MO,WE")]
pub struct Recurrence(String);

impl Recurrence {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks whether a task with this due can have this rule: the due must not be after the end, and
    /// an occurrence must follow it.
    pub fn check(&self, due: &Due) -> Result<(), RecurrenceError> {
        let rule: Rule = self.0.parse()?;
        if !is_within_end(rule.end, due) {
            return Err(RecurrenceError::UntilBeforeDue);
        }
        // COUNT and UNTIL are ignored here: the present occurrence may be the last one.
        days::next(&rule, due.date()).map(|_| ()).ok_or(RecurrenceError::Never)
    }

    /// The same rule with the form of UNTIL that RFC 5545 requires for this due, because other programs
    /// depend on it: a date for a due without a time, and an instant in UTC for a due with a time.
    #[must_use]
    pub fn adapted_to(&self, due: &Due) -> Self {
        let Ok(rule) = self.0.parse::<Rule>() else { return self.clone() };
        let end = match (rule.end, due.time_zone()) {
            (End::Until(Until::Date(date)), Some(zone)) => {
                // The last second of the day, but not after the year 9999.
                let last = zone.day_bounds(date).1 - TimeDelta::seconds(1);
                End::Until(Until::Instant(last.min(Until::LAST)))
            }
            (End::Until(Until::Instant(instant)), None) => End::Until(Until::Date(instant.date_naive())),
            (end, _) => end,
        };
        let adapted = Self::from(&Rule { end, ..rule });
        // An instant has more characters than a date. If the rule becomes too long, keep the date: it
        // means the same here.
        if adapted.0.len() > RECURRENCE_MAX { self.clone() } else { adapted }
    }

    /// The next occurrence: its due, and the remaining rule, with a `COUNT` that is one less. `None` if
    /// the present occurrence is the last one.
    pub fn next(&self, due: &Due) -> Option<(Due, Self)> {
        let mut rule: Rule = self.0.parse().ok()?;
        if let End::Count(left) = &mut rule.end {
            *left = left.checked_sub(1).filter(|left| *left > 0)?;
        }
        let next = due.moved_to(days::next(&rule, due.date())?)?;
        is_within_end(rule.end, &next).then(|| (next, Self::from(&rule)))
    }

    /// The rule of the occurrence before this one, from which [`Self::next`] makes this one: with a `COUNT` that
    /// is one more.
    pub fn previous(&self) -> Option<Self> {
        let mut rule: Rule = self.0.parse().ok()?;
        if let End::Count(left) = &mut rule.end {
            *left = left.checked_add(1)?;
        }
        Some(Self::from(&rule))
    }

    /// The rule in a row, unchecked. A rule that another version stored and this one would reject can
    /// be read, but has no next occurrence.
    pub const fn from_column(text: String) -> Self {
        Self(text)
    }
}

/// Whether an occurrence is not after the end. For a due without a time, an UNTIL that is an instant
/// is compared with midnight UTC, see [`Due::instant`].
fn is_within_end(end: End, due: &Due) -> bool {
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
