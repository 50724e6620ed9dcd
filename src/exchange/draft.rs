//! The result of reading a file of any format: projects and tasks, each with its location in the file, so
//! that a later error can name the line, and the field as the format names it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use validator::Validate;

use super::errors::Errors;
use super::limits::ITEMS_MAX;
use super::{ExportedProject, ExportedTask};
use crate::model::validation::checked;
use crate::model::{OwnerId, Problem, ProjectId, TimeZone};

/// What a reader needs besides the bytes of the file.
#[derive(Debug)]
pub struct Context {
    pub owner: OwnerId,
    /// When the import began.
    pub now: DateTime<Utc>,
    /// The time zone of times that name none.
    pub time_zone: TimeZone,
    /// The project of tasks that name none.
    pub project_id: Option<ProjectId>,
    /// The projects that the user has, by name in lower case.
    pub projects: HashMap<String, ProjectId>,
}

impl Context {
    /// An id for an item that has none in the file. The same parts of the same owner always give the
    /// same id, so importing a file again creates nothing twice.
    pub fn derive_id(&self, parts: &[&str]) -> Uuid {
        let mut hash = Sha256::new();
        for part in [self.owner.as_str()].iter().chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Uuid::new_v8(bytes)
    }
}

/// Turns a field's name in the API into its name in the format.
pub type FieldNames = fn(&str) -> &str;

/// Where an item is in its file.
#[derive(Debug, Clone)]
pub struct Location {
    line: u64,
    /// The path to the item, such as `tasks[12].`, in a format with paths.
    path: String,
    names: FieldNames,
    /// The lines of fields that have lines of their own.
    lines: Vec<(&'static str, u64)>,
}

impl Location {
    pub fn at_line(line: u64, names: FieldNames) -> Self {
        Self { line, path: String::new(), names, lines: Vec::new() }
    }

    pub fn at_path(line: u64, path: String) -> Self {
        Self { path, ..Self::at_line(line, |field| field) }
    }

    /// Records that a field, given by its name in the API, has a line of its own.
    pub fn with_field(&mut self, field: &'static str, line: u64) {
        self.lines.push((field, line));
    }

    /// The line and name with which an error reports a field, given by the field's name in the API.
    pub fn field(&self, field: &str) -> String {
        let name = (self.names)(field);
        let field_line = self.lines.iter().find(|(known, _)| field == *known || name == (self.names)(known));
        let line = field_line.map_or(self.line, |(_, line)| *line);
        format!("line {line}, {}{name}", self.path)
    }

    pub const fn line_number(&self) -> u64 {
        self.line
    }
}

/// An item with its location in the file.
#[derive(Debug)]
pub struct Located<T> {
    pub location: Location,
    pub item: T,
}

/// The projects and tasks of a file.
#[derive(Debug, Default)]
pub struct Draft {
    pub projects: Vec<Located<ExportedProject>>,
    pub tasks: Vec<Located<ExportedTask>>,
    /// Projects that are in the draft because a task names them.
    named_projects: HashSet<ProjectId>,
}

impl Draft {
    /// Adds a task if all its fields are within their limits; reports those that are not.
    pub fn add_task(&mut self, location: Location, task: ExportedTask, errors: &mut Errors) {
        if let Some(item) = within_limits(&location, task, errors) {
            self.tasks.push(Located { location, item });
        }
    }

    pub fn add_project(&mut self, location: Location, project: ExportedProject, errors: &mut Errors) {
        if let Some(item) = within_limits(&location, project, errors) {
            self.projects.push(Located { location, item });
        }
    }

    /// The project that a task names by id, by name or by both. A project with a name is added to the
    /// draft, so that the import creates it if the user does not have it.
    pub fn project_of(
        &mut self,
        location: &Location,
        id: Option<ProjectId>,
        name: Option<&str>,
        context: &Context,
        errors: &mut Errors,
    ) -> Option<ProjectId> {
        let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) else {
            return id.or(context.project_id);
        };
        let key = name.to_lowercase();
        let id = id.or_else(|| context.projects.get(&key).copied());
        let id = id.unwrap_or_else(|| context.derive_id(&["project", &key]).into());
        if self.named_projects.insert(id) {
            let name = name.to_owned();
            let project = ExportedProject { id, name, color: None, archived: false, created_at: None };
            self.add_project(Location { names: |_| "project", ..location.clone() }, project, errors);
        }
        Some(id)
    }

    /// Whether the draft has as many tasks as are allowed; if so, reports an error.
    pub fn is_full(&self, line: u64, errors: &mut Errors) -> bool {
        let full = self.tasks.len() >= ITEMS_MAX;
        if full {
            errors.add(format!("line {line}"), "length", format!("must be the end: at most {ITEMS_MAX} tasks"));
        }
        full
    }
}

fn within_limits<T: Validate>(location: &Location, item: T, errors: &mut Errors) -> Option<T> {
    match checked(item) {
        Ok(item) => Some(item),
        Err(problem) => {
            report(location, problem, errors);
            None
        }
    }
}

/// Reports each error of an item at its location. A problem without fields concerns the item as a whole
/// and is reported at its id.
pub fn report(location: &Location, problem: Problem, errors: &mut Errors) {
    let detail = problem.detail().to_owned();
    let fields = problem.into_errors();
    if fields.is_empty() {
        errors.add(location.field("id"), "conflict", format!("cannot be imported: {detail}"));
    }
    for error in fields {
        errors.add(location.field(&error.field), error.code, error.message);
    }
}
