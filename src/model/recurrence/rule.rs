//! The text of a rule. The parser follows the grammar of RFC 5545 (3.3.10) strictly, within the limits
//! that [`RecurrenceError`] names. `Display` writes the canonical form.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike, Utc, Weekday};

use crate::model::{RECURRENCE_MAX, RecurrenceError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Never,
    /// The number of remaining occurrences, including the present one.
    Count(u32),
    Until(Until),
}

/// The last day or instant at which an occurrence may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    Date(NaiveDate),
    Instant(DateTime<Utc>),
}

impl Until {
    /// The last instant that UNTIL can express: 9999-12-31T23:59:59Z.
    pub const LAST: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
        Some(instant) => instant,
        None => DateTime::<Utc>::MAX_UTC,
    };
}

/// A weekday with a number, such as the second Monday of the month or year. The number 0 means every
/// such weekday.
pub type NumberedDay = (i16, Weekday);

/// A parsed rule. The lists are sorted and have no duplicates. An empty list means that the rule does
/// not have the part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub frequency: Frequency,
    pub interval: u16,
    pub end: End,
    pub week_start: Weekday,
    pub by_month: Vec<i16>,
    pub by_week_no: Vec<i16>,
    pub by_year_day: Vec<i16>,
    pub by_month_day: Vec<i16>,
    pub by_day: Vec<NumberedDay>,
    pub by_set_pos: Vec<i16>,
}

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Mon),
    ("TU", Weekday::Tue),
    ("WE", Weekday::Wed),
    ("TH", Weekday::Thu),
    ("FR", Weekday::Fri),
    ("SA", Weekday::Sat),
    ("SU", Weekday::Sun),
];

const FREQUENCIES: [(&str, Frequency); 4] = [
    ("DAILY", Frequency::Daily),
    ("WEEKLY", Frequency::Weekly),
    ("MONTHLY", Frequency::Monthly),
    ("YEARLY", Frequency::Yearly),
];

const COUNT_MAX: u32 = 1_000_000;

impl FromStr for Rule {
    type Err = RecurrenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The prefix is removed, so it does not count for the limit.
        let text = strip_prefix(text, "RRULE:").unwrap_or(text);
        if text.chars().count() > RECURRENCE_MAX {
            return Err(RecurrenceError::TooLong);
        }
        let text = text.to_ascii_uppercase();
        let parts = text.split(';').map(|part| part.split_once('=')).collect::<Option<_>>();
        let mut parts = Parts(parts.ok_or(RecurrenceError::Malformed)?);
        let rule = Self {
            frequency: parts.required("FREQ", |name| lookup(&FREQUENCIES, name), RecurrenceError::Frequency)?,
            interval: parts
                .optional("INTERVAL", |text| unsigned(text).filter(|number| *number > 0), RecurrenceError::Interval)?
                .unwrap_or(1),
            end: parts.end()?,
            week_start: parts
                .optional("WKST", |name| lookup(&WEEKDAYS, name), RecurrenceError::WeekStart)?
                .unwrap_or(Weekday::Mon),
            by_month: parts.list("BYMONTH", |list| numbers(list, 1..=12), RecurrenceError::ByMonth)?,
            by_week_no: parts.signed("BYWEEKNO", 53)?,
            by_year_day: parts.signed("BYYEARDAY", 366)?,
            by_month_day: parts.signed("BYMONTHDAY", 31)?,
            by_day: parts.list("BYDAY", weekdays, RecurrenceError::ByDay)?,
            by_set_pos: parts.signed("BYSETPOS", 366)?,
        };
        if ["BYHOUR", "BYMINUTE", "BYSECOND"].into_iter().any(|name| parts.take(name).is_some()) {
            return Err(RecurrenceError::TimeOfDay);
        }
        // The remaining parts are unknown or duplicates.
        if !parts.0.is_empty() {
            return Err(RecurrenceError::Parts);
        }
        rule.check_combination().map(|()| rule)
    }
}

/// The names and values of the parts that have not been read yet.
struct Parts<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Parts<'a> {
    fn take(&mut self, name: &str) -> Option<&'a str> {
        self.0.iter().position(|part| part.0 == name).map(|index| self.0.swap_remove(index).1)
    }

    fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
        error: RecurrenceError,
    ) -> Result<Option<T>, RecurrenceError> {
        self.take(name).map(|value| read(value).ok_or(error)).transpose()
    }

    fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
        error: RecurrenceError,
    ) -> Result<T, RecurrenceError> {
        self.optional(name, read, error)?.ok_or(error)
    }

    fn list<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&'a str) -> Option<Vec<T>>,
        error: RecurrenceError,
    ) -> Result<Vec<T>, RecurrenceError> {
        self.optional(name, read, error).map(Option::unwrap_or_default)
    }

    /// A list of positions from 1 to `most`. Negative numbers count from the end.
    fn signed(&mut self, name: &'static str, most: i16) -> Result<Vec<i16>, RecurrenceError> {
        let read = |list| numbers(list, -most..=most).filter(|list| !list.contains(&0));
        self.list(name, read, RecurrenceError::Numbers(name, most))
    }

    fn end(&mut self) -> Result<End, RecurrenceError> {
        let count = |text| unsigned(text).filter(|count| (1..=COUNT_MAX).contains(count));
        let count = self.optional("COUNT", count, RecurrenceError::Count)?;
        let until = self.optional("UNTIL", until, RecurrenceError::Until)?;
        match (count, until) {
            (None, None) => Ok(End::Never),
            (Some(count), None) => Ok(End::Count(count)),
            (None, Some(until)) => Ok(End::Until(until)),
            (Some(_), Some(_)) => Err(RecurrenceError::CountAndUntil),
        }
    }
}

impl Rule {
    /// Rejects combinations of parts that RFC 5545 forbids.
    fn check_combination(&self) -> Result<(), RecurrenceError> {
        let yearly = self.frequency == Frequency::Yearly;
        let numbered = self.by_day.iter().any(|(number, _)| *number != 0);
        let may_number = self.frequency == Frequency::Monthly || (yearly && self.by_week_no.is_empty());
        let others = [&self.by_month, &self.by_week_no, &self.by_year_day, &self.by_month_day];
        if !yearly && !self.by_week_no.is_empty() {
            Err(RecurrenceError::OnlyYearly("BYWEEKNO"))
        } else if !yearly && !self.by_year_day.is_empty() {
            Err(RecurrenceError::OnlyYearly("BYYEARDAY"))
        } else if self.frequency == Frequency::Weekly && !self.by_month_day.is_empty() {
            Err(RecurrenceError::MonthDayWeekly)
        } else if numbered && !may_number {
            Err(RecurrenceError::NumberedDays)
        } else if !self.by_set_pos.is_empty() && self.by_day.is_empty() && others.iter().all(|list| list.is_empty()) {
            Err(RecurrenceError::OnlySetPos)
        } else {
            Ok(())
        }
    }
}

/// Writes the parts in the order of the examples in RFC 5545.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", name_of(&FREQUENCIES, self.frequency))?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        match self.end {
            End::Never => {}
            End::Count(count) => write!(f, ";COUNT={count}")?,
            End::Until(Until::Date(date)) => write!(f, ";UNTIL={}", date.format("%Y%m%d"))?,
            End::Until(Until::Instant(instant)) => write!(f, ";UNTIL={}", instant.format("%Y%m%dT%H%M%SZ"))?,
        }
        if self.week_start != Weekday::Mon {
            write!(f, ";WKST={}", name_of(&WEEKDAYS, self.week_start))?;
        }
        write_list(f, "BYMONTH", &self.by_month, i16::to_string)?;
        write_list(f, "BYWEEKNO", &self.by_week_no, i16::to_string)?;
        write_list(f, "BYYEARDAY", &self.by_year_day, i16::to_string)?;
        write_list(f, "BYMONTHDAY", &self.by_month_day, i16::to_string)?;
        write_list(f, "BYDAY", &self.by_day, |(number, day)| match number {
            0 => name_of(&WEEKDAYS, *day).to_owned(),
            number => format!("{number}{}", name_of(&WEEKDAYS, *day)),
        })?;
        write_list(f, "BYSETPOS", &self.by_set_pos, i16::to_string)
    }
}

fn write_list<T>(f: &mut fmt::Formatter<'_>, name: &str, list: &[T], text: impl Fn(&T) -> String) -> fmt::Result {
    if list.is_empty() {
        return Ok(());
    }
    write!(f, ";{name}={}", list.iter().map(text).collect::<Vec<_>>().join(","))
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn lookup<T: Copy>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|entry| entry.0 == name).map(|entry| entry.1)
}

fn name_of<T: Copy + PartialEq>(names: &[(&'static str, T)], value: T) -> &'static str {
    names.iter().find(|entry| entry.1 == value).map_or("", |entry| entry.0)
}

/// A number without a sign; Rust's parser would accept a `+`.
fn unsigned<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn numbers(list: &str, allowed: RangeInclusive<i16>) -> Option<Vec<i16>> {
    let number = |text: &str| text.parse().ok().filter(|number| allowed.contains(number));
    let mut numbers = list.split(',').map(number).collect::<Option<Vec<_>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

fn weekdays(list: &str) -> Option<Vec<NumberedDay>> {
    let mut days = list.split(',').map(weekday).collect::<Option<Vec<_>>>()?;
    days.sort_unstable_by_key(|(number, day)| (*number, day.num_days_from_monday()));
    days.dedup();
    Some(days)
}

fn weekday(text: &str) -> Option<NumberedDay> {
    let (number, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let day = lookup(&WEEKDAYS, name)?;
    if number.is_empty() {
        return Some((0, day));
    }
    let number: i16 = number.parse().ok()?;
    (1..=53).contains(&number.unsigned_abs()).then_some((number, day))
}

fn until(text: &str) -> Option<Until> {
    // Chrono also accepts other numbers of digits, signs, spaces and a leap second.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match (text.len(), digits) {
        (8, 8) => NaiveDate::parse_from_str(text, "%Y%m%d").ok().map(Until::Date),
        (16, 14) => {
            let instant = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok()?;
            (instant.nanosecond() == 0).then(|| Until::Instant(instant.and_utc()))
        }
        _ => None,
    }
}
