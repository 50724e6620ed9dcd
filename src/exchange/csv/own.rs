//! Rows with our own columns. Reading needs `title` alone. A text that a spreadsheet could take for a
//! formula is written with an apostrophe before it, which reading removes.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::table::{Row, Table};
use crate::exchange::ExportedTask;
use crate::exchange::draft::{Context, Draft, Location};
use crate::exchange::errors::Errors;
use crate::exchange::queries::Exported;
use crate::exchange::writer::{FileHeader, FileWriter};
use crate::model::{Due, Labels, Priority, TaskId};

/// The columns that are written, and all that are known when they are read.
const COLUMNS: [&str; 16] = [
    "id",
    "title",
    "description",
    "completed",
    "completed_at",
    "priority",
    "due_date",
    "due_time",
    "due_time_zone",
    "recurrence",
    "labels",
    "project_id",
    "project",
    "parent_id",
    "order",
    "created_at",
];

#[derive(Debug, Default)]
pub struct CsvWriter {
    begun: bool,
}

impl CsvWriter {
    fn cell(&mut self, out: &mut Vec<u8>, text: &str) {
        if self.begun {
            out.push(b',');
        }
        self.begun = true;
        if text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
            out.push(b'"');
            out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// A cell of people's own words.
    fn words(&mut self, out: &mut Vec<u8>, text: &str) {
        if seems_formula(text) {
            self.cell(out, &format!("'{text}"));
        } else {
            self.cell(out, text);
        }
    }

    fn end_row(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n");
        self.begun = false;
    }
}

impl FileWriter for CsvWriter {
    fn start(&mut self, out: &mut Vec<u8>, _header: &FileHeader) {
        for name in COLUMNS {
            self.cell(out, name);
        }
        self.end_row(out);
    }

    fn task(&mut self, out: &mut Vec<u8>, exported: &Exported) {
        let task = &exported.task;
        let text = |part: Option<&dyn std::fmt::Display>| part.map(ToString::to_string).unwrap_or_default();
        let at = |time: Option<DateTime<Utc>>| time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let (date, time, zone) = task.due.map_or((None, None, None), |due| {
            let (date, time, zone) = due.parts();
            (Some(date), time.map(|time| time.format("%H:%M").to_string()), zone)
        });
        self.cell(out, &task.id.to_string());
        self.words(out, &task.title);
        self.words(out, task.description.as_deref().unwrap_or_default());
        self.cell(out, &task.completed.to_string());
        self.cell(out, &at(task.completed_at).unwrap_or_default());
        self.cell(out, task.priority.word());
        self.cell(out, &text(date.as_ref().map(|date| date as _)));
        self.cell(out, time.as_deref().unwrap_or_default());
        self.cell(out, zone.unwrap_or_default());
        self.cell(out, &text(task.recurrence.as_ref().map(|rule| rule as _)));
        self.words(out, &task.labels.as_slice().join(","));
        self.cell(out, &text(task.project_id.as_ref().map(|id| id as _)));
        self.words(out, exported.project.as_deref().unwrap_or_default());
        self.cell(out, &text(task.parent_id.as_ref().map(|id| id as _)));
        self.cell(out, &text(task.order.as_ref().map(|order| order as _)));
        self.cell(out, &at(task.created_at).unwrap_or_default());
        self.end_row(out);
    }

    fn finish(&mut self, _out: &mut Vec<u8>) {}
}

/// Whether a spreadsheet could take it for a formula, as it is or once an apostrophe is gone.
fn seems_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A cell of people's own words as they were before [`CsvWriter::words`].
fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| seems_formula(rest)).unwrap_or(text)
}

/// The columns of a file, by place.
struct Columns(HashMap<&'static str, usize>);

/// A row while it is read.
struct Reading<'a> {
    columns: &'a Columns,
    row: &'a Row,
    location: Location,
    sound: bool,
}

pub fn read(table: &mut Table<'_>, names: &[String], header: u64, context: &Context, errors: &mut Errors) -> Draft {
    let mut draft = Draft::default();
    let Some(columns) = columns(names, header, errors) else { return draft };
    let mut seen: HashMap<Vec<String>, u32> = HashMap::new();
    while let Some(row) = table.next(errors) {
        if draft.is_full(row.line, errors) {
            break;
        }
        let location = Location::line(row.line, |field| match field {
            "due" => "due_date",
            other => other,
        });
        let mut reading = Reading { columns: &columns, row: &row, location, sound: true };
        let id = match reading.parsed::<TaskId>("id", errors) {
            Some(id) => id,
            None => derived(&row, &mut seen, context),
        };
        let Some(mut task) = reading.task(id, errors) else { continue };
        let project = reading.parsed("project_id", errors);
        let name = plain(reading.cell("project"));
        task.project_id = draft.project_of(&reading.location, project, Some(name), context, errors);
        if reading.sound {
            draft.add_task(reading.location, task, errors);
        }
    }
    draft
}

fn columns(names: &[String], line: u64, errors: &mut Errors) -> Option<Columns> {
    let mut columns = HashMap::new();
    for (at, name) in names.iter().enumerate() {
        match COLUMNS.iter().find(|known| *known == name) {
            Some(known) if columns.insert(*known, at).is_none() => {}
            Some(known) => errors.add(format!("line {line}, {known}"), "duplicate", "must be one column only"),
            None => {
                let message = format!("is not a known column; there are {}", COLUMNS.join(", "));
                errors.add(format!("line {line}, {name}"), "unknown_field", message);
            }
        }
    }
    errors.is_empty().then_some(Columns(columns))
}

/// An id that follows from what the row says, and from how many equal ones there were before.
fn derived(row: &Row, seen: &mut HashMap<Vec<String>, u32>, context: &Context) -> TaskId {
    let cells: Vec<String> = row.cells.iter().map(str::to_owned).collect();
    let mut parts: Vec<&str> = vec!["csv"];
    parts.extend(row.cells.iter());
    let count = seen.entry(cells).or_default();
    *count += 1;
    let count = count.to_string();
    parts.push(&count);
    context.derived(&parts).into()
}

impl<'a> Reading<'a> {
    fn cell(&self, column: &str) -> &'a str {
        self.columns.0.get(column).and_then(|at| self.row.cells.get(*at)).unwrap_or_default()
    }

    fn fault(&mut self, column: &str, message: impl Display, errors: &mut Errors) {
        self.sound = false;
        errors.add(self.location.of(column), "invalid_value", message.to_string());
    }

    /// What a cell says, if anything.
    fn parsed<T: FromStr<Err: Display>>(&mut self, column: &str, errors: &mut Errors) -> Option<T> {
        let text = self.cell(column).trim();
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|error| self.fault(column, error, errors)).ok()
    }

    fn time(&mut self, column: &str, errors: &mut Errors) -> Option<DateTime<Utc>> {
        let text = self.cell(column).trim();
        if text.is_empty() {
            return None;
        }
        let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
        time.map_err(|_| self.fault(column, "must be a time such as 2026-11-25T08:30:00Z", errors)).ok()
    }

    fn task(&mut self, id: TaskId, errors: &mut Errors) -> Option<ExportedTask> {
        let completed = match self.cell("completed").trim().to_ascii_lowercase().as_str() {
            "true" => true,
            "false" | "" => false,
            _ => {
                self.fault("completed", "must be true or false", errors);
                false
            }
        };
        let priority = self.cell("priority").trim();
        let priority = match Priority::from_word(priority) {
            _ if priority.is_empty() => Priority::None,
            Some(priority) => priority,
            None => {
                self.fault("priority", "must be none, low, medium, high or urgent", errors);
                Priority::None
            }
        };
        let labels = plain(self.cell("labels")).split(',').filter(|label| !label.trim().is_empty());
        let labels = Labels::new(labels).unwrap_or_else(|message| {
            self.fault("labels", message, errors);
            Labels::default()
        });
        let description = Some(plain(self.cell("description"))).filter(|text| !text.is_empty());
        let task = ExportedTask {
            description: description.map(str::to_owned),
            completed,
            completed_at: self.time("completed_at", errors),
            priority,
            due: self.due(errors),
            recurrence: self.parsed("recurrence", errors),
            labels,
            parent_id: self.parsed("parent_id", errors),
            order: self.order(errors),
            created_at: self.time("created_at", errors),
            ..ExportedTask::titled(id, plain(self.cell("title")).trim())
        };
        self.sound.then_some(task)
    }

    fn order(&mut self, errors: &mut Errors) -> Option<u32> {
        let text = self.cell("order").trim();
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|_| self.fault("order", "must be a whole number from 0 to 4294967295", errors)).ok()
    }

    /// Read as JSON would be, so that the same is allowed.
    fn due(&mut self, errors: &mut Errors) -> Option<Due> {
        let mut given = serde_json::Map::new();
        for (column, name) in [("due_date", "date"), ("due_time", "time"), ("due_time_zone", "time_zone")] {
            let text = self.cell(column).trim();
            if !text.is_empty() {
                given.insert(name.to_owned(), json!(text));
            }
        }
        if given.is_empty() {
            return None;
        }
        if !given.contains_key("date") {
            self.fault("due_date", "must be given with due_time and due_time_zone", errors);
            return None;
        }
        match serde_path_to_error::deserialize(Value::Object(given)) {
            Ok(due) => Some(due),
            Err(error) => {
                let column = match error.path().to_string().as_str() {
                    "time" => "due_time",
                    "time_zone" => "due_time_zone",
                    _ => "due_date",
                };
                self.fault(column, error.into_inner(), errors);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_seems_a_formula_is_told_and_comes_back() {
        for text in ["=1+1", "+49 30", "-1", "@home", "'=1", "''-x", "'quoted'", "plain", "", "'", "\tx"] {
            let mut out = Vec::new();
            CsvWriter::default().words(&mut out, text);
            let written = String::from_utf8(out).expect("text");
            assert_eq!(plain(written.trim_matches('"')), text);
            assert!(!written.starts_with(['=', '+', '-', '@', '\t']), "{written}");
        }
    }
}
