//! The days on which a rule occurs. Periods of its frequency are gone through from that of the
//! start; in each, the days that fit every part of the rule are its occurrences. The calendar
//! repeats after 400 years, so a rule that has not occurred in the periods of that many never
//! will: that bounds the work for any rule to some 146000 looks at a day.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::rule::{Frequency, NumberedDay, Rule};

const LAST_YEAR: i32 = 9999;

/// The first day after `start` on which the rule occurs that starts there.
pub fn next(rule: &Rule, start: NaiveDate) -> Option<NaiveDate> {
    let rule = completed(rule, start);
    let cycle = match rule.frequency {
        Frequency::Daily => 146_097,
        Frequency::Weekly => 146_097 / 7,
        Frequency::Monthly => 400 * 12,
        Frequency::Yearly => 400,
    };
    for turn in 0..=cycle {
        let (first, days) = period(&rule, start, turn)?;
        if first.year() > LAST_YEAR {
            return None;
        }
        let mut fitting = first.iter_days().take(days).filter(|day| fits(&rule, *day));
        let found = if rule.by_set_pos.is_empty() {
            fitting.find(|day| *day > start)
        } else {
            let all: Vec<_> = fitting.collect();
            let picked = all.iter().enumerate().filter(|(place, _)| listed(&rule.by_set_pos, place + 1, all.len()));
            picked.map(|(_, day)| *day).find(|day| *day > start)
        };
        if found.is_some() {
            return found.filter(|day| day.year() <= LAST_YEAR);
        }
    }
    None
}

/// The rule with what it leaves open taken from its start, as RFC 5545 has it.
fn completed(rule: &Rule, start: NaiveDate) -> Rule {
    let mut rule = rule.clone();
    let no_day = rule.by_day.is_empty() && rule.by_month_day.is_empty() && rule.by_year_day.is_empty();
    if no_day {
        let by_week = rule.frequency == Frequency::Weekly || !rule.by_week_no.is_empty();
        if by_week {
            rule.by_day = vec![(0, start.weekday())];
        } else if rule.frequency != Frequency::Daily {
            rule.by_month_day = vec![small(start.day())];
        }
        if rule.frequency == Frequency::Yearly && !by_week && rule.by_month.is_empty() {
            rule.by_month = vec![small(start.month())];
        }
    }
    rule
}

/// The first day of a period and how many there are; `None` beyond what chrono can name.
fn period(rule: &Rule, start: NaiveDate, turn: u32) -> Option<(NaiveDate, usize)> {
    let steps = turn.checked_mul(rule.interval.into());
    match rule.frequency {
        Frequency::Daily => Some((start.checked_add_days(Days::new(steps?.into()))?, 1)),
        Frequency::Weekly => {
            let week = week_of(start, rule.week_start)?;
            Some((week.checked_add_days(Days::new(u64::from(steps?) * 7))?, 7))
        }
        Frequency::Monthly => {
            let month = start.with_day(1)?.checked_add_months(Months::new(steps?))?;
            Some((month, month.num_days_in_month().into()))
        }
        Frequency::Yearly => {
            let year = NaiveDate::from_ymd_opt(start.year().checked_add_unsigned(steps?)?, 1, 1)?;
            Some((year, index(days_of_year(year))))
        }
    }
}

/// Whether a day fits every part. The cheapest come first, since most days fail.
fn fits(rule: &Rule, day: NaiveDate) -> bool {
    let of_month = || day.num_days_in_month().into();
    let of_year = || index(days_of_year(day));
    (rule.by_month.is_empty() || rule.by_month.contains(&small(day.month())))
        && (rule.by_month_day.is_empty() || listed(&rule.by_month_day, index(day.day()), of_month()))
        && (rule.by_day.is_empty() || rule.by_day.iter().any(|numbered| is_day(rule, *numbered, day)))
        && (rule.by_year_day.is_empty() || listed(&rule.by_year_day, index(day.ordinal()), of_year()))
        && (rule.by_week_no.is_empty()
            || week_number(day, rule.week_start).is_some_and(|(week, of)| listed(&rule.by_week_no, week, of)))
}

/// Whether a day is that weekday, and with a number that one of the month, or of the year where
/// the rule is yearly and names no months.
fn is_day(rule: &Rule, (number, weekday): NumberedDay, day: NaiveDate) -> bool {
    let (place, of) = if rule.frequency == Frequency::Yearly && rule.by_month.is_empty() {
        (day.ordinal0(), days_of_year(day))
    } else {
        (day.day0(), day.num_days_in_month().into())
    };
    day.weekday() == weekday
        && match number {
            0 => true,
            1.. => u32::from(number.unsigned_abs()) == place / 7 + 1,
            _ => u32::from(number.unsigned_abs()) == (of - 1 - place) / 7 + 1,
        }
}

/// Whether a list names a place, counted from 1, or from the end when negative.
fn listed(list: &[i16], place: usize, of: usize) -> bool {
    list.iter().any(|number| {
        let counted = usize::from(number.unsigned_abs());
        if *number > 0 { counted == place } else { counted + place == of + 1 }
    })
}

/// The number of the week in which a day lies, and how many weeks that week's year has. Weeks
/// belong to the year that has four of their days or more.
fn week_number(day: NaiveDate, week_start: Weekday) -> Option<(usize, usize)> {
    let first_week = |year| week_of(NaiveDate::from_ymd_opt(year, 1, 4)?, week_start);
    let week = week_of(day, week_start)?;
    // The year of the fourth day of the week.
    let year = week.checked_add_days(Days::new(3))?.year();
    let (first, following) = (first_week(year)?, first_week(year + 1)?);
    let weeks = |from: NaiveDate, to: NaiveDate| usize::try_from((to - from).num_weeks()).ok();
    Some((weeks(first, week)? + 1, weeks(first, following)?))
}

/// The first day of the week in which a day lies.
fn week_of(day: NaiveDate, week_start: Weekday) -> Option<NaiveDate> {
    day.checked_sub_days(Days::new(day.weekday().days_since(week_start).into()))
}

fn days_of_year(day: NaiveDate) -> u32 {
    if day.leap_year() { 366 } else { 365 }
}

/// A day or month of the calendar, which is never more than 366.
fn small(number: u32) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
