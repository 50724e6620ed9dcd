//! The days on which a rule occurs. The search goes through the periods of the rule's frequency (days,
//! weeks, months or years), beginning with the period of the start. In each period, the occurrences
//! are the days that fit every part of the rule. The calendar repeats after 400 years, so a rule
//! without an occurrence in that time never occurs. This bounds the search to about 146,000 days.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::rule::{Frequency, NumberedDay, Rule};

const LAST_YEAR: i32 = 9999;

/// The first day after `start` on which a rule occurs that begins at `start`. `None` if there is none
/// up to the year 9999.
pub fn next(rule: &Rule, start: NaiveDate) -> Option<NaiveDate> {
    let rule = with_parts_of_start(rule, start);
    let cycle = match rule.frequency {
        Frequency::Daily => 146_097,
        Frequency::Weekly => 146_097 / 7,
        Frequency::Monthly => 400 * 12,
        Frequency::Yearly => 400,
    };
    for period_index in 0..=cycle {
        let (first, days) = period(&rule, start, period_index)?;
        if first.year() > LAST_YEAR {
            return None;
        }
        let mut fitting = first.iter_days().take(days).filter(|day| fits(&rule, *day));
        let found = if rule.by_set_pos.is_empty() {
            fitting.find(|day| *day > start)
        } else {
            let all: Vec<_> = fitting.collect();
            let picked = all.iter().enumerate().filter(|(i, _)| contains_position(&rule.by_set_pos, i + 1, all.len()));
            picked.map(|(_, day)| *day).find(|day| *day > start)
        };
        if found.is_some() {
            return found.filter(|day| day.year() <= LAST_YEAR);
        }
    }
    None
}

/// The rule with the missing parts taken from its start, as RFC 5545 requires.
fn with_parts_of_start(rule: &Rule, start: NaiveDate) -> Rule {
    let mut rule = rule.clone();
    let no_day = rule.by_day.is_empty() && rule.by_month_day.is_empty() && rule.by_year_day.is_empty();
    if no_day {
        let by_week = rule.frequency == Frequency::Weekly || !rule.by_week_no.is_empty();
        if by_week {
            rule.by_day = vec![(0, start.weekday())];
        } else if rule.frequency != Frequency::Daily {
            rule.by_month_day = vec![as_i16(start.day())];
        }
        if rule.frequency == Frequency::Yearly && !by_week && rule.by_month.is_empty() {
            rule.by_month = vec![as_i16(start.month())];
        }
    }
    rule
}

/// The first day and the number of days of the period with this index. `None` if it is out of chrono's
/// range.
fn period(rule: &Rule, start: NaiveDate, index: u32) -> Option<(NaiveDate, usize)> {
    let steps = index.checked_mul(rule.interval.into());
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
            Some((year, as_usize(days_of_year(year))))
        }
    }
}

/// Whether a day fits every part of the rule. The cheapest checks come first, because most days fail.
fn fits(rule: &Rule, day: NaiveDate) -> bool {
    let days_of_month = || day.num_days_in_month().into();
    let days_of_this_year = || as_usize(days_of_year(day));
    (rule.by_month.is_empty() || rule.by_month.contains(&as_i16(day.month())))
        && (rule.by_month_day.is_empty() || contains_position(&rule.by_month_day, as_usize(day.day()), days_of_month()))
        && (rule.by_day.is_empty() || rule.by_day.iter().any(|numbered| is_day(rule, *numbered, day)))
        && (rule.by_year_day.is_empty()
            || contains_position(&rule.by_year_day, as_usize(day.ordinal()), days_of_this_year()))
        && (rule.by_week_no.is_empty()
            || week_number(day, rule.week_start)
                .is_some_and(|(week, weeks)| contains_position(&rule.by_week_no, week, weeks)))
}

/// Whether a day is this weekday. With a number, it must be the weekday with that number (such as the
/// second Monday) of the month; of the year, if the rule is yearly and has no BYMONTH.
fn is_day(rule: &Rule, (number, weekday): NumberedDay, day: NaiveDate) -> bool {
    let (index, days) = if rule.frequency == Frequency::Yearly && rule.by_month.is_empty() {
        (day.ordinal0(), days_of_year(day))
    } else {
        (day.day0(), day.num_days_in_month().into())
    };
    day.weekday() == weekday
        && match number {
            0 => true,
            1.. => u32::from(number.unsigned_abs()) == index / 7 + 1,
            _ => u32::from(number.unsigned_abs()) == (days - 1 - index) / 7 + 1,
        }
}

/// Whether a list contains a position, counted from 1 to `count`. Negative numbers in the list count
/// from the end.
fn contains_position(list: &[i16], position: usize, count: usize) -> bool {
    list.iter().any(|number| {
        let distance = usize::from(number.unsigned_abs());
        if *number > 0 { distance == position } else { distance + position == count + 1 }
    })
}

/// The number of a day's week, and the number of weeks in the year of that week. A week belongs to the
/// year in which at least four of its days are.
fn week_number(day: NaiveDate, week_start: Weekday) -> Option<(usize, usize)> {
    let first_week = |year| week_of(NaiveDate::from_ymd_opt(year, 1, 4)?, week_start);
    let week = week_of(day, week_start)?;
    // The year of the fourth day of the week.
    let year = week.checked_add_days(Days::new(3))?.year();
    let (first, following) = (first_week(year)?, first_week(year + 1)?);
    let weeks = |from: NaiveDate, to: NaiveDate| usize::try_from((to - from).num_weeks()).ok();
    Some((weeks(first, week)? + 1, weeks(first, following)?))
}

/// The first day of a day's week.
fn week_of(day: NaiveDate, week_start: Weekday) -> Option<NaiveDate> {
    day.checked_sub_days(Days::new(day.weekday().days_since(week_start).into()))
}

fn days_of_year(day: NaiveDate) -> u32 {
    if day.leap_year() { 366 } else { 365 }
}

/// A day or month, which is at most 366.
fn as_i16(number: u32) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

fn as_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
