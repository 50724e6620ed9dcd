//! Reads the rows of Todoist's template: tasks with an indent instead of a parent, and sections and notes
//! between them.

use std::collections::HashMap;

use super::dates::{self, ParsedDate};
use super::table::{Row, Table};
use crate::exchange::ExportedTask;
use crate::exchange::draft::{Context, Draft, Location};
use crate::exchange::errors::Errors;
use crate::model::labels::label_key;
use crate::model::{DESCRIPTION_MAX, Labels, Priority, TaskId, TimeZone};

/// Columns that have no counterpart in Taskwire.
const UNSUPPORTED: [&str; 3] = ["responsible", "duration", "deadline"];

/// The state of reading a template.
struct TemplateReader<'a> {
    names: &'a [String],
    context: &'a Context,
    draft: Draft,
    section: Option<String>,
    /// The last task and its ancestors, from the top.
    path: Vec<TaskId>,
    /// The last task. It is not in the draft yet, because notes for it may follow.
    pending: Option<(Location, ExportedTask)>,
    /// How often each row occurred, for ids that differ between equal rows.
    seen: HashMap<Vec<String>, u32>,
}

pub fn read(table: &mut Table<'_>, names: &[String], context: &Context, errors: &mut Errors) -> Draft {
    let mut reader = TemplateReader {
        names,
        context,
        draft: Draft::default(),
        section: None,
        path: Vec::new(),
        pending: None,
        seen: HashMap::new(),
    };
    while let Some(row) = table.next(errors) {
        match reader.cell(&row, "type").to_ascii_lowercase().as_str() {
            "task" => {
                if reader.draft.is_full(row.line, errors) {
                    break;
                }
                reader.finish_task(errors);
                reader.task(&row, errors);
            }
            "section" => {
                reader.finish_task(errors);
                reader.path.clear();
                let name = reader.cell(&row, "content").replace(',', " ");
                reader.section = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
            }
            "note" => reader.note(&row, errors),
            // Settings of how Todoist shows the project.
            "meta" | "" => {}
            _ => errors.add(location(row.line).field("type"), "invalid_value", "must be task, section, note or meta"),
        }
    }
    reader.finish_task(errors);
    reader.draft
}

/// The location of a row, which names the API's fields by their columns.
fn location(line: u64) -> Location {
    Location::at_line(line, |field| match field {
        "type" => "TYPE",
        "title" | "labels" | "id" => "CONTENT",
        "description" => "DESCRIPTION",
        "priority" => "PRIORITY",
        "parent_id" => "INDENT",
        "due" | "recurrence" => "DATE",
        "time_zone" => "TIMEZONE",
        "responsible" => "RESPONSIBLE",
        "duration" => "DURATION",
        "deadline" => "DEADLINE",
        other => other,
    })
}

impl TemplateReader<'_> {
    fn cell<'r>(&self, row: &'r Row, column: &str) -> &'r str {
        let at = self.names.iter().position(|name| name == column);
        at.and_then(|at| row.cells.get(at)).unwrap_or_default().trim()
    }

    fn task(&mut self, row: &Row, errors: &mut Errors) {
        let location = location(row.line);
        let indent = match self.cell(row, "indent") {
            "" => 1,
            text => text.parse::<usize>().unwrap_or(0),
        };
        if indent == 0 || indent > self.path.len() + 1 {
            let most = self.path.len() + 1;
            errors.add(
                location.field("parent_id"),
                "invalid_value",
                format!("must be a whole number from 1 to {most} here"),
            );
            return;
        }
        self.path.truncate(indent - 1);
        let priority = match self.cell(row, "priority") {
            "1" => Priority::Urgent,
            "2" => Priority::High,
            "3" => Priority::Medium,
            "4" | "" => Priority::None,
            _ => {
                errors.add(location.field("priority"), "invalid_value", "must be 1, 2, 3 or 4");
                Priority::None
            }
        };
        let (title, mut labels) = title_and_labels(self.cell(row, "content"));
        labels.extend(self.section.as_deref());
        let mut seen = std::collections::HashSet::new();
        labels.retain(|label| seen.insert(label_key(label)));
        let labels = Labels::new(&labels).unwrap_or_else(|message| {
            errors.add(location.field("labels"), "invalid_value", message);
            Labels::default()
        });
        let mut task = ExportedTask {
            description: Some(self.cell(row, "description").to_owned()).filter(|text| !text.is_empty()),
            priority,
            labels,
            project_id: self.context.project_id,
            parent_id: self.path.last().copied(),
            ..ExportedTask::titled(self.derive_id(row), title)
        };
        self.set_date(&mut task, row, &location, errors);
        for column in UNSUPPORTED {
            // Todoist writes an empty duration as `None`.
            if !["", "None"].contains(&self.cell(row, column)) {
                errors.warn(location.field(column), "left_behind", "has no counterpart here and is left behind");
            }
        }
        self.path.push(task.id);
        self.pending = Some((location, task));
    }

    /// Sets due and recurrence. A date that cannot be parsed goes into the description instead.
    fn set_date(&self, task: &mut ExportedTask, row: &Row, location: &Location, errors: &mut Errors) {
        let text = self.cell(row, "date");
        if text.is_empty() {
            return;
        }
        let zone = match self.cell(row, "timezone") {
            "" => self.context.time_zone,
            name => match name.parse::<TimeZone>() {
                Ok(zone) => zone,
                Err(error) => {
                    errors.add(location.field("time_zone"), "invalid_value", error.to_string());
                    return;
                }
            },
        };
        let english = ["", "en"].contains(&self.cell(row, "date_lang"));
        let parsed = dates::parse(text, zone, self.context.now).filter(|date| english || date.is_iso);
        if let Some(ParsedDate { due, recurrence, .. }) = parsed {
            (task.due, task.recurrence) = (Some(due), recurrence);
        } else {
            append_paragraph(&mut task.description, &format!("Date: {text}"));
            let message = "is no date that is understood here; it is kept in the description";
            errors.warn(location.field("due"), "not_understood", message);
        }
    }

    fn note(&mut self, row: &Row, errors: &mut Errors) {
        let text = self.cell(row, "content");
        let Some((_, task)) = &mut self.pending else {
            // A note before the first task belongs to the project, and projects have no notes.
            errors.warn(
                location(row.line).field("title"),
                "left_behind",
                "is a note without a task and is left behind",
            );
            return;
        };
        append_paragraph(&mut task.description, text);
        let length = task.description.as_deref().unwrap_or_default().chars().count();
        if length > usize::try_from(DESCRIPTION_MAX).unwrap_or(usize::MAX) {
            let message = format!("must leave the description with its notes at most {DESCRIPTION_MAX} characters");
            errors.add(location(row.line).field("title"), "length", message);
            task.description = None;
        }
    }

    fn finish_task(&mut self, errors: &mut Errors) {
        if let Some((location, task)) = self.pending.take() {
            self.draft.add_task(location, task, errors);
        }
    }

    /// An id from the row, its parent, its section and the number of equal rows before it, so that the
    /// same file always gives the same ids.
    fn derive_id(&mut self, row: &Row) -> TaskId {
        let parent = self.path.last().map(ToString::to_string).unwrap_or_default();
        let section = self.section.clone().unwrap_or_default();
        let mut key: Vec<String> = vec!["todoist".to_owned(), parent, section];
        key.extend(["content", "description", "priority", "date"].map(|column| self.cell(row, column).to_owned()));
        let count = self.seen.entry(key.clone()).or_default();
        *count += 1;
        key.push(count.to_string());
        let parts: Vec<&str> = key.iter().map(String::as_str).collect();
        self.context.derive_id(&parts).into()
    }
}

/// The title and the labels of a task's content: words such as `@home` at its end are labels.
fn title_and_labels(content: &str) -> (String, Vec<&str>) {
    let mut title = content;
    let mut labels = Vec::new();
    while let Some((before, word)) = title.rsplit_once(char::is_whitespace) {
        match word.strip_prefix('@').filter(|label| !label.is_empty()) {
            Some(label) => labels.insert(0, label),
            None => break,
        }
        title = before.trim_end();
    }
    (title.to_owned(), labels)
}

fn append_paragraph(description: &mut Option<String>, paragraph: &str) {
    match description {
        Some(text) => {
            text.push_str("\n\n");
            text.push_str(paragraph);
        }
        None => *description = Some(paragraph.to_owned()),
    }
}
