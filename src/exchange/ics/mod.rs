//! Tasks as a calendar of to-dos (RFC 5545), written so that the programs people use read it.

mod lines;
mod read;
mod zones;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::export::{FileWriter, Head};
use super::store::Exported;
use crate::tasks::{Due, Priority};

pub use read::read;

/// The property by which programs keep the order that their users gave.
const ORDER: &str = "X-APPLE-SORT-ORDER";
const PROJECT_ID: &str = "X-TASKWIRE-PROJECT-ID";
const PROJECT: &str = "X-TASKWIRE-PROJECT";
/// The most octets of a line, without its end.
const LINE: usize = 75;

#[derive(Debug)]
pub struct IcsWriter;

impl FileWriter for IcsWriter {
    fn start(&mut self, out: &mut Vec<u8>, head: &Head) {
        line(out, "BEGIN", "VCALENDAR");
        line(out, "VERSION", "2.0");
        line(out, "PRODID", concat!("-//Taskwire//Taskwire ", env!("CARGO_PKG_VERSION"), "//EN"));
        line(out, "CALSCALE", "GREGORIAN");
        for zone in &head.zones {
            zones::write(out, zone, head.exported_at);
        }
    }

    fn task(&mut self, out: &mut Vec<u8>, exported: &Exported) {
        let task = &exported.task;
        line(out, "BEGIN", "VTODO");
        line(out, "UID", &task.id.to_string());
        line(out, "DTSTAMP", &instant(exported.updated_at));
        line(out, "LAST-MODIFIED", &instant(exported.updated_at));
        if let Some(created_at) = task.created_at {
            line(out, "CREATED", &instant(created_at));
        }
        line(out, "SUMMARY", &escaped(&task.title));
        if let Some(description) = &task.description {
            line(out, "DESCRIPTION", &escaped(description));
        }
        if let Some(priority) = priority_number(task.priority) {
            line(out, "PRIORITY", priority);
        }
        if let Some(due) = &task.due {
            if let Some(recurrence) = &task.recurrence {
                // A rule starts where DTSTART says; calendar programs give to-dos with a due both.
                write_due(out, "DTSTART", due);
                line(out, "RRULE", recurrence.as_str());
            }
            write_due(out, "DUE", due);
        }
        if task.completed {
            line(out, "STATUS", "COMPLETED");
            line(out, "PERCENT-COMPLETE", "100");
        } else {
            line(out, "STATUS", "NEEDS-ACTION");
        }
        if let Some(completed_at) = task.completed_at {
            line(out, "COMPLETED", &instant(completed_at));
        }
        if !task.labels.is_empty() {
            let labels: Vec<String> = task.labels.as_slice().iter().map(|label| escaped(label)).collect();
            line(out, "CATEGORIES", &labels.join(","));
        }
        if let Some(parent) = task.parent_id {
            line(out, "RELATED-TO;RELTYPE=PARENT", &parent.to_string());
        }
        if let Some(project) = task.project_id {
            line(out, PROJECT_ID, &project.to_string());
            line(out, PROJECT, &escaped(exported.project.as_deref().unwrap_or_default()));
        }
        if let Some(order) = task.order {
            line(out, ORDER, &order.to_string());
        }
        line(out, "END", "VTODO");
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        line(out, "END", "VCALENDAR");
    }
}

fn write_due(out: &mut Vec<u8>, name: &str, due: &Due) {
    match due.time_zone() {
        None => line(out, &format!("{name};VALUE=DATE"), &due.date().format("%Y%m%d").to_string()),
        Some(zone) if zone.name() == "UTC" => line(out, name, &instant(due.instant())),
        Some(zone) => line(out, &format!("{name};TZID={}", zone.name()), &local(due.wall())),
    }
}

/// Writes a content line, folded so that no line is too long and no character is cut.
fn line(out: &mut Vec<u8>, name: &str, value: &str) {
    let whole = format!("{name}:{value}");
    let mut room = LINE;
    for character in whole.chars() {
        if character.len_utf8() > room {
            out.extend_from_slice(b"\r\n ");
            room = LINE - 1;
        }
        room -= character.len_utf8();
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// Text as a value. What the format has no place for, control characters, is left out.
fn escaped(text: &str) -> String {
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

fn instant(time: DateTime<Utc>) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

fn local(time: NaiveDateTime) -> String {
    time.format("%Y%m%dT%H%M%S").to_string()
}

const fn priority_number(priority: Priority) -> Option<&'static str> {
    match priority {
        Priority::None => None,
        Priority::Low => Some("9"),
        Priority::Medium => Some("5"),
        Priority::High => Some("3"),
        Priority::Urgent => Some("1"),
    }
}

fn priority_of(number: &str) -> Option<Priority> {
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
        assert!(text.split("\r\n").all(|line| line.len() <= LINE), "{text}");
        assert_eq!(text.replace("\r\n ", ""), format!("SUMMARY:{}\r\n", "Ä🦀".repeat(100)));
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped("a\\b;c,d\ne\r\nf\rg\u{7}h\ti"), "a\\\\b\\;c\\,d\\ne\\nf\\ngh\ti");
    }
}
