//! Rows with the columns of our own, of which a file may have any with `title` among them.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::table::{Row, Table};
use super::{COLUMNS, plain};
use crate::exchange::document::ExportedTask;
use crate::exchange::draft::{Context, Draft, Place};
use crate::exchange::faults::Faults;
use crate::tasks::{Due, Labels, Priority, TaskId};

/// The columns of a file, by place.
struct Columns(HashMap<&'static str, usize>);

/// A row while it is read.
struct Reading<'a> {
    columns: &'a Columns,
    row: &'a Row,
    place: Place,
    sound: bool,
}

pub fn read(table: &mut Table<'_>, names: &[String], header: u64, context: &Context, faults: &mut Faults) -> Draft {
    let mut draft = Draft::default();
    let Some(columns) = columns(names, header, faults) else { return draft };
    let mut seen: HashMap<Vec<String>, u32> = HashMap::new();
    while let Some(row) = table.next(faults) {
        if draft.is_full(row.line, faults) {
            break;
        }
        let place = Place::line(row.line, |field| match field {
            "due" => "due_date",
            other => other,
        });
        let mut reading = Reading { columns: &columns, row: &row, place, sound: true };
        let id = match reading.parsed::<TaskId>("id", faults) {
            Some(id) => id,
            None => derived(&row, &mut seen, context),
        };
        let Some(mut task) = reading.task(id, faults) else { continue };
        let project = reading.parsed("project_id", faults);
        let name = plain(reading.cell("project"));
        task.project_id = draft.project_of(&reading.place, project, Some(name), context, faults);
        if reading.sound {
            draft.add_task(reading.place, task, faults);
        }
    }
    draft
}

fn columns(names: &[String], line: u64, faults: &mut Faults) -> Option<Columns> {
    let mut columns = HashMap::new();
    for (at, name) in names.iter().enumerate() {
        match COLUMNS.iter().find(|known| *known == name) {
            Some(known) if columns.insert(*known, at).is_none() => {}
            Some(known) => faults.add(format!("line {line}, {known}"), "duplicate", "must be one column only"),
            None => {
                let message = format!("is not a known column; there are {}", COLUMNS.join(", "));
                faults.add(format!("line {line}, {name}"), "unknown_field", message);
            }
        }
    }
    faults.are_none().then_some(Columns(columns))
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

    fn fault(&mut self, column: &str, message: impl Display, faults: &mut Faults) {
        self.sound = false;
        faults.add(self.place.of(column), "invalid_value", message.to_string());
    }

    /// What a cell says, if anything.
    fn parsed<T: FromStr<Err: Display>>(&mut self, column: &str, faults: &mut Faults) -> Option<T> {
        let text = self.cell(column).trim();
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|error| self.fault(column, error, faults)).ok()
    }

    fn time(&mut self, column: &str, faults: &mut Faults) -> Option<DateTime<Utc>> {
        let text = self.cell(column).trim();
        if text.is_empty() {
            return None;
        }
        let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
        time.map_err(|_| self.fault(column, "must be a time such as 2026-11-25T08:30:00Z", faults)).ok()
    }

    fn task(&mut self, id: TaskId, faults: &mut Faults) -> Option<ExportedTask> {
        let completed = match self.cell("completed").trim().to_ascii_lowercase().as_str() {
            "true" => true,
            "false" | "" => false,
            _ => {
                self.fault("completed", "must be true or false", faults);
                false
            }
        };
        let priority = self.cell("priority").trim();
        let priority = match Priority::of_word(priority) {
            _ if priority.is_empty() => Priority::None,
            Some(priority) => priority,
            None => {
                self.fault("priority", "must be none, low, medium, high or urgent", faults);
                Priority::None
            }
        };
        let labels = plain(self.cell("labels")).split(',').filter(|label| !label.trim().is_empty());
        let labels = Labels::new(labels).unwrap_or_else(|message| {
            self.fault("labels", message, faults);
            Labels::default()
        });
        let description = Some(plain(self.cell("description"))).filter(|text| !text.is_empty());
        let task = ExportedTask {
            description: description.map(str::to_owned),
            completed,
            completed_at: self.time("completed_at", faults),
            priority,
            due: self.due(faults),
            recurrence: self.parsed("recurrence", faults),
            labels,
            parent_id: self.parsed("parent_id", faults),
            order: self.order(faults),
            created_at: self.time("created_at", faults),
            ..ExportedTask::titled(id, plain(self.cell("title")).trim())
        };
        self.sound.then_some(task)
    }

    fn order(&mut self, faults: &mut Faults) -> Option<u32> {
        let text = self.cell("order").trim();
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|_| self.fault("order", "must be a whole number from 0 to 4294967295", faults)).ok()
    }

    /// Read as JSON would be, so that the same is allowed.
    fn due(&mut self, faults: &mut Faults) -> Option<Due> {
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
            self.fault("due_date", "must be given with due_time and due_time_zone", faults);
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
                self.fault(column, error.into_inner(), faults);
                None
            }
        }
    }
}
