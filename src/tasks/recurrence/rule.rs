//! The text of a rule: read strictly by the grammar of RFC 5545 (3.3.10), within the limits that
//! `RecurrenceError` names, and written in one canonical way.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike, Utc, Weekday};

use super::{RECURRENCE_MAX, RecurrenceError};

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
    /// After so many occurrences, the present one included.
    Count(u32),
    Until(Until),
}

/// The last moment at which something may occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    Date(NaiveDate),
    Instant(DateTime<Utc>),
}

impl Until {
    /// The last one that can be written: 9999-12-31T23:59:59Z.
    pub const LAST: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
        Some(instant) => instant,
        None => DateTime::<Utc>::MAX_UTC,
    };
}

/// A weekday, or with a number that one of its month or year; 0 stands for all of them.
pub type NumberedDay = (i16, Weekday);

/// A rule. Its lists are sorted and have nothing twice; an empty one is a part that is left out.
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
        // The prefix does not count: it is not kept.
        let text = strip_prefix(text, "RRULE:").unwrap_or(text);
        if text.chars().count() > RECURRENCE_MAX {
            return Err(RecurrenceError::TooLong);
        }
        let text = text.to_ascii_uppercase();
        let mut parts = text
            .split(';')
            .map(|part| part.split_once('='))
            .collect::<Option<Vec<_>>>()
            .ok_or(RecurrenceError::Malformed)?;
        let mut take =
            |name: &str| parts.iter().position(|part| part.0 == name).map(|place| parts.swap_remove(place).1);

        let frequency = take("FREQ").and_then(|name| lookup(&FREQUENCIES, name)).ok_or(RecurrenceError::Frequency)?;
        if take("BYHOUR").or_else(|| take("BYMINUTE")).or_else(|| take("BYSECOND")).is_some() {
            return Err(RecurrenceError::TimeOfDay);
        }
        let interval = take("INTERVAL").map(whole::<u16>).transpose();
        let count = take("COUNT").map(whole::<u32>).transpose();
        let until = take("UNTIL").map(until).transpose()?;
        let week_start =
            take("WKST").map(|name| lookup(&WEEKDAYS, name).ok_or(RecurrenceError::WeekStart)).transpose()?;
        let mut signed = |name, most| {
            let allowed = |number: &i16| *number != 0 && number.unsigned_abs() <= most;
            let list = take(name).map(|list| numbers(list).filter(|list| list.iter().all(allowed)));
            list.unwrap_or_else(|| Some(Vec::new())).ok_or(RecurrenceError::Numbers(name, most))
        };
        let rule = Self {
            frequency,
            interval: interval
                .ok()
                .map(|interval| interval.unwrap_or(1))
                .filter(|interval| *interval > 0)
                .ok_or(RecurrenceError::Interval)?,
            end: match (count.map_err(|()| RecurrenceError::Count)?, until) {
                (None, None) => End::Never,
                (Some(1..=COUNT_MAX), Some(_)) => return Err(RecurrenceError::CountAndUntil),
                (Some(count @ 1..=COUNT_MAX), None) => End::Count(count),
                (Some(_), _) => return Err(RecurrenceError::Count),
                (None, Some(until)) => End::Until(until),
            },
            week_start: week_start.unwrap_or(Weekday::Mon),
            by_week_no: signed("BYWEEKNO", 53)?,
            by_year_day: signed("BYYEARDAY", 366)?,
            by_month_day: signed("BYMONTHDAY", 31)?,
            by_set_pos: signed("BYSETPOS", 366)?,
            by_month: take("BYMONTH")
                .map_or(Some(Vec::new()), numbers)
                .filter(|list| list.iter().all(|month| (1..=12).contains(month)))
                .ok_or(RecurrenceError::ByMonth)?,
            by_day: take("BYDAY").map_or(Some(Vec::new()), weekdays).ok_or(RecurrenceError::ByDay)?,
        };
        // Unknown names and second ones are left over.
        if !parts.is_empty() {
            return Err(RecurrenceError::Parts);
        }
        rule.fits_together().map(|()| rule)
    }
}

impl Rule {
    /// What RFC 5545 forbids to combine.
    fn fits_together(&self) -> Result<(), RecurrenceError> {
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

/// In the order of the RFC's own examples.
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

/// A number without a sign, which Rust's own parser would let pass.
fn whole<T: FromStr>(text: &str) -> Result<T, ()> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().map_err(|_| ()) } else { Err(()) }
}

fn numbers(list: &str) -> Option<Vec<i16>> {
    let mut numbers = list.split(',').map(|number| number.parse().ok()).collect::<Option<Vec<i16>>>()?;
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

fn until(text: &str) -> Result<Until, RecurrenceError> {
    let date = |text: &str| NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    let instant = |text: &str| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok();
    // Chrono would also take fewer or more digits, signs, blanks and a leap second.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match (text.len(), digits) {
        (8, 8) => date(text).map(Until::Date),
        (16, 14) => {
            instant(text).filter(|instant| instant.nanosecond() == 0).map(|instant| Until::Instant(instant.and_utc()))
        }
        _ => None,
    }
    .ok_or(RecurrenceError::Until)
}
