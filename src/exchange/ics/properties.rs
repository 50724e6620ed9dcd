//! The calendar properties that Taskwire writes, and the forms of their values.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::model::Priority;

/// The property in which calendar programs store the user's own order.
pub const ORDER: &str = "X-APPLE-SORT-ORDER";
pub const PROJECT_ID: &str = "X-TASKWIRE-PROJECT-ID";
pub const PROJECT: &str = "X-TASKWIRE-PROJECT";
/// The maximum length of a line in octets, without its line break.
pub const LINE_MAX: usize = 75;

/// Writes a content line, folded so that no line is too long and no character is split.
pub fn line(out: &mut Vec<u8>, name: &str, value: &str) {
    let unfolded = format!("{name}:{value}");
    let mut room = LINE_MAX;
    for character in unfolded.chars() {
        if character.len_utf8() > room {
            out.extend_from_slice(b"\r\n ");
            room = LINE_MAX - 1;
        }
        room -= character.len_utf8();
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// A text as the value of a property, without control characters, which the format does not allow.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' => escaped.push_str("\\n"),
            '\t' => escaped.push('\t'),
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}

pub fn instant(time: DateTime<Utc>) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

pub fn local(time: NaiveDateTime) -> String {
    time.format("%Y%m%dT%H%M%S").to_string()
}

pub const fn priority_number(priority: Priority) -> Option<&'static str> {
    match priority {
        Priority::None => None,
        Priority::Low => Some("9"),
        Priority::Medium => Some("5"),
        Priority::High => Some("3"),
        Priority::Urgent => Some("1"),
    }
}

pub fn parse_priority(number: &str) -> Option<Priority> {
    Some(match number.parse::<u8>().ok()? {
        0 => Priority::None,
        1 => Priority::Urgent,
        2..=4 => Priority::High,
        5 => Priority::Medium,
        6..=9 => Priority::Low,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_characters() {
        let mut out = Vec::new();
        line(&mut out, "SUMMARY", &"Ä🦀".repeat(100));
        let text = String::from_utf8(out).expect("no character is cut");
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_MAX), "{text}");
        assert_eq!(text.replace("\r\n ", ""), format!("SUMMARY:{}\r\n", "Ä🦀".repeat(100)));
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped("a\\b;c,d\ne\r\nf\rg\u{7}h\ti"), "a\\\\b\\;c\\,d\\ne\\nf\\ngh\ti");
    }
}
