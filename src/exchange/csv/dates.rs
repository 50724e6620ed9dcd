//! Parses the dates of Todoist's templates: the common ones of its many English forms, with repetitions as
//! rules of RFC 5545. It does not guess: a text that could mean several dates is not parsed.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};

use crate::model::{Due, Recurrence, TimeZone};

/// A parsed date.
#[derive(Debug, PartialEq)]
pub struct ParsedDate {
    pub due: Due,
    pub recurrence: Option<Recurrence>,
    /// Whether the text was an ISO date, which is the same in every language.
    pub is_iso: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [(&str, Weekday, &str); 7] = [
    ("monday", Weekday::Mon, "MO"),
    ("tuesday", Weekday::Tue, "TU"),
    ("wednesday", Weekday::Wed, "WE"),
    ("thursday", Weekday::Thu, "TH"),
    ("friday", Weekday::Fri, "FR"),
    ("saturday", Weekday::Sat, "SA"),
    ("sunday", Weekday::Sun, "SU"),
];

pub fn parse(text: &str, zone: TimeZone, now: DateTime<Utc>) -> Option<ParsedDate> {
    let text = text.trim().to_ascii_lowercase().replace(',', " ");
    // The form of RFC 3339: `2026-11-25T09:30`.
    let text = match text.split_once('t') {
        Some((date, time)) if iso(date).is_some() => format!("{date} {time}"),
        _ => text,
    };
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let time = take_time(&mut words)?;
    let today = zone.date_at(now);
    let (date, rule) = match words.as_slice() {
        ["every" | "ev", rest @ ..] => repetition(rest, today)?,
        words => (day(words, today)?, None),
    };
    let is_iso = matches!(words.as_slice(), [word] if iso(word).is_some());
    let due = time.map_or(Due::on(date), |time| Due::at(date, time, zone));
    let recurrence = rule.map(|rule| rule.parse::<Recurrence>()).transpose().ok()?;
    let recurrence = recurrence.map(|rule| rule.adapted_to(&due));
    Some(ParsedDate { due, recurrence, is_iso })
}

fn iso(word: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(word, "%Y-%m-%d").ok().filter(|_| word.len() == 10)
}

/// Removes the time of day from the end of the words. `None` if there seems to be one but it cannot be parsed.
#[expect(clippy::option_option, reason = "a missing time differs from one that cannot be parsed")]
fn take_time(words: &mut Vec<&str>) -> Option<Option<NaiveTime>> {
    if let [.., "at", _] = words.as_slice() {
        let word = words.pop()?;
        words.pop();
        return time(word).map(Some);
    }
    // "9 am" is two words.
    if let [.., hour, half @ ("am" | "pm")] = words.as_slice() {
        let joined = format!("{hour}{half}");
        words.truncate(words.len() - 2);
        if words.last() == Some(&"at") {
            words.pop();
        }
        return time(&joined).map(Some);
    }
    let Some(found) = words.last().copied().and_then(time) else { return Some(None) };
    words.pop();
    Some(Some(found))
}

/// `09:30`, `9:30`, `9am`, `9:30pm`.
fn time(word: &str) -> Option<NaiveTime> {
    let (clock, half) = match (word.strip_suffix("am"), word.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (_, Some(clock)) => (clock, Some(12)),
        (None, None) => (word, None),
    };
    let (hour, minute) = match clock.split_once(':') {
        Some((hour, minute)) if minute.len() == 2 => (hour.parse().ok()?, minute.parse().ok()?),
        // A number alone could also be a day or a year.
        None if half.is_some() => (clock.parse().ok()?, 0),
        _ => return None,
    };
    let hour: u32 = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

fn day(words: &[&str], today: NaiveDate) -> Option<NaiveDate> {
    let date = match words {
        ["today" | "tod"] => today,
        ["tomorrow" | "tom"] => today.succ_opt()?,
        [word] if iso(word).is_some() => iso(word)?,
        [word] => next_weekday(weekday(word)?.1, today)?,
        [first, second, rest @ ..] => {
            let (month, day) = match (month(first), month(second)) {
                (Some(month), None) => (month, ordinal(second)?),
                (None, Some(month)) => (month, ordinal(first)?),
                _ => return None,
            };
            match rest {
                [year] if year.len() == 4 => NaiveDate::from_ymd_opt(year.parse().ok()?, month, day)?,
                // The next such date: 29 February does not exist every year.
                [] => (0..8)
                    .filter_map(|years| NaiveDate::from_ymd_opt(today.year() + years, month, day))
                    .find(|date| *date >= today)?,
                _ => return None,
            }
        }
        [] => return None,
    };
    (1900..=9999).contains(&date.year()).then_some(date)
}

fn month(word: &str) -> Option<u32> {
    let names = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october"];
    let names = names.into_iter().chain(["november", "december"]);
    let word = word.trim_end_matches('.');
    let at = MONTHS.iter().zip(names).position(|(short, long)| word == *short || word == long)?;
    u32::try_from(at + 1).ok()
}

/// `25`, `1st`, `22nd`.
fn ordinal(word: &str) -> Option<u32> {
    let digits = ["st", "nd", "rd", "th"].into_iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    digits.parse().ok()
}

fn weekday(word: &str) -> Option<&'static (&'static str, Weekday, &'static str)> {
    WEEKDAYS.iter().find(|(name, ..)| word == *name || word == &name[..3])
}

fn next_weekday(day: Weekday, today: NaiveDate) -> Option<NaiveDate> {
    (0..7).filter_map(|days| today.checked_add_days(Days::new(days))).find(|date| date.weekday() == day)
}

/// The first date and the rule of the words after "every".
fn repetition(words: &[&str], today: NaiveDate) -> Option<(NaiveDate, Option<String>)> {
    let (interval, unit) = match words {
        ["other", unit] => (2, *unit),
        [unit] => (1, *unit),
        [count, unit] => (count.parse::<u16>().ok().filter(|count| *count > 0)?, *unit),
        _ => return None,
    };
    let frequency = match unit {
        "day" | "days" => "DAILY",
        "week" | "weeks" => "WEEKLY",
        "month" | "months" => "MONTHLY",
        "year" | "years" => "YEARLY",
        "weekday" | "workday" if interval == 1 => {
            let date = (0..7)
                .filter_map(|days| today.checked_add_days(Days::new(days)))
                .find(|date| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun))?;
            return Some((date, Some("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR".to_owned())));
        }
        unit => {
            let (_, day, name) = weekday(unit)?;
            let rule = format!("FREQ=WEEKLY;INTERVAL={interval};BYDAY={name}");
            return Some((next_weekday(*day, today)?, Some(rule)));
        }
    };
    Some((today, Some(format!("FREQ={frequency};INTERVAL={interval}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses a text on Wednesday, 25 November 2026, in Berlin.
    fn parsed(text: &str) -> Option<String> {
        let now = "2026-11-25T12:00:00Z".parse().expect("a time");
        let parsed = parse(text, "Europe/Berlin".parse().expect("a zone"), now)?;
        let time = parsed.due.time().map(|time| time.format(" %H:%M").to_string()).unwrap_or_default();
        let rule = parsed.recurrence.map(|rule| format!(" {rule}")).unwrap_or_default();
        Some(format!("{}{time}{rule}", parsed.due.date()))
    }

    #[test]
    fn common_dates_are_parsed() {
        for (text, expected) in [
            ("2026-12-01", "2026-12-01"),
            ("2026-12-01 09:30", "2026-12-01 09:30"),
            ("2026-12-01T09:30", "2026-12-01 09:30"),
            ("today", "2026-11-25"),
            ("Tomorrow at 9am", "2026-11-26 09:00"),
            ("tomorrow 9 pm", "2026-11-26 21:00"),
            ("12 Dec", "2026-12-12"),
            ("Dec 12, 2027 12:15am", "2027-12-12 00:15"),
            ("1st February", "2027-02-01"),
            ("29 Feb", "2028-02-29"),
            ("friday", "2026-11-27"),
            ("every day", "2026-11-25 FREQ=DAILY"),
            ("every day at 7:30", "2026-11-25 07:30 FREQ=DAILY"),
            ("every other week", "2026-11-25 FREQ=WEEKLY;INTERVAL=2"),
            ("every 3 months", "2026-11-25 FREQ=MONTHLY;INTERVAL=3"),
            ("every weekday", "2026-11-25 FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
            ("every Mon", "2026-11-30 FREQ=WEEKLY;BYDAY=MO"),
            ("ev friday", "2026-11-27 FREQ=WEEKLY;BYDAY=FR"),
        ] {
            assert_eq!(parsed(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn ambiguous_dates_are_not_parsed() {
        for text in [
            "",
            "soon",
            "every",
            "every 0 days",
            "every! day",
            "every 2nd monday",
            "25",
            "31 Feb",
            "12/01/2026",
            "at 9am",
            "tomorrow at 25:00",
            "every day starting friday",
            "2026-13-01",
            "1 2 3",
            "13pm",
            "9999999-01-01",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
