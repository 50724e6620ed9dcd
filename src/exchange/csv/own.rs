//! Rows with Taskwire's own columns. Only `title` is needed to read them. A text that a spreadsheet could
//! take for a formula is written with an apostrophe before it, which reading removes.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::table::{Row, Table};
use crate::exchange::ExportedTask;
use crate::exchange::draft::{Context, Draft, Location};
use crate::exchange::errors::Errors;
use crate::exchange::queries::ExportRow;
use crate::exchange::writer::{FileHeader, FileWriter};
use crate::model::{Due, Labels, Priority, TaskId};

/// The columns that the writer writes, and the only ones that the reader accepts.
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
    row_has_cells: bool,
}

impl CsvWriter {
    fn cell(&mut self, out: &mut Vec<u8>, text: &str) {
        if self.row_has_cells {
            out.push(b',');
        }
        self.row_has_cells = true;
        if text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
            out.push(b'"');
            out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            out.push(b'"');
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// A cell with a text that a user wrote, protected from being read as a formula.
    fn user_text(&mut self, out: &mut Vec<u8>, text: &str) {
        if looks_like_formula(text) {
            self.cell(out, &format!("'{text}"));
        } else {
            self.cell(out, text);
        }
    }

    fn end_row(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n");
        self.row_has_cells = false;
    }
}

impl FileWriter for CsvWriter {
    fn start(&mut self, out: &mut Vec<u8>, _header: &FileHeader) {
        for name in COLUMNS {
            self.cell(out, name);
        }
        self.end_row(out);
    }

    fn task(&mut self, out: &mut Vec<u8>, row: &ExportRow) {
        let task = &row.task;
        let text = |part: Option<&dyn std::fmt::Display>| part.map(ToString::to_string).unwrap_or_default();
        let timestamp =
            |time: Option<DateTime<Utc>>| time.map(|time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        let (date, time, zone) = task.due.map_or((None, None, None), |due| {
            let (date, time, zone) = due.parts();
            (Some(date), time.map(|time| time.format("%H:%M").to_string()), zone)
        });
        self.cell(out, &task.id.to_string());
        self.user_text(out, &task.title);
        self.user_text(out, task.description.as_deref().unwrap_or_default());
        self.cell(out, &task.completed.to_string());
        self.cell(out, &timestamp(task.completed_at).unwrap_or_default());
        self.cell(out, task.priority.word());
        self.cell(out, &text(date.as_ref().map(|date| date as _)));
        self.cell(out, time.as_deref().unwrap_or_default());
        self.cell(out, zone.unwrap_or_default());
        self.cell(out, &text(task.recurrence.as_ref().map(|rule| rule as _)));
        self.user_text(out, &task.labels.as_slice().join(","));
        self.cell(out, &text(task.project_id.as_ref().map(|id| id as _)));
        self.user_text(out, row.project_name.as_deref().unwrap_or_default());
        self.cell(out, &text(task.parent_id.as_ref().map(|id| id as _)));
        self.cell(out, &text(task.order.as_ref().map(|order| order as _)));
        self.cell(out, &timestamp(task.created_at).unwrap_or_default());
        self.end_row(out);
    }

    fn finish(&mut self, _out: &mut Vec<u8>) {}
}

/// Whether a spreadsheet could take the text for a formula, as it is or without its apostrophes.
fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Reverses [`CsvWriter::user_text`].
fn original_text(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| looks_like_formula(rest)).unwrap_or(text)
}

/// The index of each column of a file.
struct Columns(HashMap<&'static str, usize>);

/// Reads the cells of one row.
struct RowReader<'a> {
    columns: &'a Columns,
    row: &'a Row,
    location: Location,
    valid: bool,
}

pub fn read(table: &mut Table<'_>, names: &[String], header: u64, context: &Context, errors: &mut Errors) -> Draft {
    let mut draft = Draft::default();
    let Some(columns) = columns(names, header, errors) else { return draft };
    let mut seen: HashMap<Vec<String>, u32> = HashMap::new();
    while let Some(row) = table.next(errors) {
        if draft.is_full(row.line, errors) {
            break;
        }
        let location = Location::at_line(row.line, |field| match field {
            "due" => "due_date",
            other => other,
        });
        let mut reader = RowReader { columns: &columns, row: &row, location, valid: true };
        let id = match reader.parsed::<TaskId>("id", errors) {
            Some(id) => id,
            None => derive_id(&row, &mut seen, context),
        };
        let Some(mut task) = reader.task(id, errors) else { continue };
        let project = reader.parsed("project_id", errors);
        let name = original_text(reader.cell("project"));
        task.project_id = draft.project_of(&reader.location, project, Some(name), context, errors);
        if reader.valid {
            draft.add_task(reader.location, task, errors);
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

/// An id from the cells of the row and the number of equal rows before it, so that the same file always
/// gives the same ids.
fn derive_id(row: &Row, seen: &mut HashMap<Vec<String>, u32>, context: &Context) -> TaskId {
    let cells: Vec<String> = row.cells.iter().map(str::to_owned).collect();
    let mut parts: Vec<&str> = vec!["csv"];
    parts.extend(row.cells.iter());
    let count = seen.entry(cells).or_default();
    *count += 1;
    let count = count.to_string();
    parts.push(&count);
    context.derive_id(&parts).into()
}

impl<'a> RowReader<'a> {
    fn cell(&self, column: &str) -> &'a str {
        self.columns.0.get(column).and_then(|at| self.row.cells.get(*at)).unwrap_or_default()
    }

    fn report(&mut self, column: &str, message: impl Display, errors: &mut Errors) {
        self.valid = false;
        errors.add(self.location.field(column), "invalid_value", message.to_string());
    }

    /// The value of a cell; `None` if the cell is empty or invalid.
    fn parsed<T: FromStr<Err: Display>>(&mut self, column: &str, errors: &mut Errors) -> Option<T> {
        let text = self.cell(column).trim();
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|error| self.report(column, error, errors)).ok()
    }

    fn time(&mut self, column: &str, errors: &mut Errors) -> Option<DateTime<Utc>> {
        let text = self.cell(column).trim();
        if text.is_empty() {
            return None;
        }
        let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
        time.map_err(|_| self.report(column, "must be a time such as 2026-11-25T08:30:00Z", errors)).ok()
    }

    fn task(&mut self, id: TaskId, errors: &mut Errors) -> Option<ExportedTask> {
        let completed = match self.cell("completed").trim().to_ascii_lowercase().as_str() {
            "true" => true,
            "false" | "" => false,
            _ => {
                self.report("completed", "must be true or false", errors);
                false
            }
        };
        let priority = self.cell("priority").trim();
        let priority = match Priority::from_word(priority) {
            _ if priority.is_empty() => Priority::None,
            Some(priority) => priority,
            None => {
                self.report("priority", "must be none, low, medium, high or urgent", errors);
                Priority::None
            }
        };
        let labels = original_text(self.cell("labels")).split(',').filter(|label| !label.trim().is_empty());
        let labels = Labels::new(labels).unwrap_or_else(|message| {
            self.report("labels", message, errors);
            Labels::default()
        });
        let description = Some(original_text(self.cell("description"))).filter(|text| !text.is_empty());
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
            ..ExportedTask::titled(id, original_text(self.cell("title")).trim())
        };
        self.valid.then_some(task)
    }

    fn order(&mut self, errors: &mut Errors) -> Option<u32> {
        let text = self.cell("order").trim();
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|_| self.report("order", "must be a whole number from 0 to 4294967295", errors)).ok()
    }

    /// Parses the due as if it came from JSON, so that the same values are allowed.
    fn due(&mut self, errors: &mut Errors) -> Option<Due> {
        let mut parts = serde_json::Map::new();
        for (column, name) in [("due_date", "date"), ("due_time", "time"), ("due_time_zone", "time_zone")] {
            let text = self.cell(column).trim();
            if !text.is_empty() {
                parts.insert(name.to_owned(), json!(text));
            }
        }
        if parts.is_empty() {
            return None;
        }
        if !parts.contains_key("date") {
            self.report("due_date", "must be given with due_time and due_time_zone", errors);
            return None;
        }
        match serde_path_to_error::deserialize(Value::Object(parts)) {
            Ok(due) => Some(due),
            Err(error) => {
                let column = match error.path().to_string().as_str() {
                    "time" => "due_time",
                    "time_zone" => "due_time_zone",
                    _ => "due_date",
                };
                self.report(column, error.into_inner(), errors);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_like_formulas_are_marked_and_read_back() {
        for text in ["=1+1", "+49 30", "-1", "@home", "'=1", "''-x", "'quoted'", "plain", "", "'", "\tx"] {
            let mut out = Vec::new();
            CsvWriter::default().user_text(&mut out, text);
            let written = String::from_utf8(out).expect("text");
            assert_eq!(original_text(written.trim_matches('"')), text);
            assert!(!written.starts_with(['=', '+', '-', '@', '\t']), "{written}");
        }
    }
}
