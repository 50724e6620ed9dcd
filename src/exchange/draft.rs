//! What every format is read into: projects and tasks, each with its location in the file, so that a
//! later error can name the line and the field in the words of the format.

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

/// What is needed to read a file, besides its bytes.
#[derive(Debug)]
pub struct Context {
    pub owner: OwnerId,
    /// When the import began.
    pub now: DateTime<Utc>,
    /// Where times are that name no time zone.
    pub time_zone: TimeZone,
    /// Where tasks go that name no project.
    pub project_id: Option<ProjectId>,
    /// The projects that the user has, by name in lower case.
    pub projects: HashMap<String, ProjectId>,
}

impl Context {
    /// An id for what has none: always the same for the same thing of the same user, so that a
    /// repeated import finds it.
    pub fn derived(&self, parts: &[&str]) -> Uuid {
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

/// How a format calls the fields of a task.
pub type Names = fn(&str) -> &str;

/// Where an item is in its file.
#[derive(Debug, Clone)]
pub struct Location {
    line: u64,
    /// The path to it, where the format has one, such as `tasks[12].`.
    path: String,
    names: Names,
    /// The lines of fields that have lines of their own.
    lines: Vec<(&'static str, u64)>,
}

impl Location {
    pub fn line(line: u64, names: Names) -> Self {
        Self { line, path: String::new(), names, lines: Vec::new() }
    }

    pub fn path(line: u64, path: String) -> Self {
        Self { path, ..Self::line(line, |field| field) }
    }

    /// Records that a field, given by the name that the API uses, is in a line of its own.
    pub fn with_field(&mut self, field: &'static str, line: u64) {
        self.lines.push((field, line));
    }

    /// How an error names a field, given by the name that the API uses.
    pub fn of(&self, field: &str) -> String {
        let name = (self.names)(field);
        let own = self.lines.iter().find(|(known, _)| field == *known || name == (self.names)(known));
        let line = own.map_or(self.line, |(_, line)| *line);
        format!("line {line}, {}{name}", self.path)
    }

    pub const fn number(&self) -> u64 {
        self.line
    }
}

#[derive(Debug)]
pub struct Drafted<T> {
    pub location: Location,
    pub item: T,
}

/// The contents of a file.
#[derive(Debug, Default)]
pub struct Draft {
    pub projects: Vec<Drafted<ExportedProject>>,
    pub tasks: Vec<Drafted<ExportedTask>>,
    named: HashSet<ProjectId>,
}

impl Draft {
    /// Takes in a task if all its fields are within their limits.
    pub fn add_task(&mut self, location: Location, task: ExportedTask, errors: &mut Errors) {
        if let Some(item) = within_limits(&location, task, errors) {
            self.tasks.push(Drafted { location, item });
        }
    }

    pub fn add_project(&mut self, location: Location, project: ExportedProject, errors: &mut Errors) {
        if let Some(item) = within_limits(&location, project, errors) {
            self.projects.push(Drafted { location, item });
        }
    }

    /// The project that a task names: by its id, its name or both. A project that is named comes
    /// with the file.
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
        let id = id.unwrap_or_else(|| context.derived(&["project", &key]).into());
        if self.named.insert(id) {
            let name = name.to_owned();
            let project = ExportedProject { id, name, color: None, archived: false, created_at: None };
            self.add_project(Location { names: |_| "project", ..location.clone() }, project, errors);
        }
        Some(id)
    }

    /// Whether the draft holds as many tasks as are allowed; if so, reports an error.
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

/// Reports what is wrong with an item, by its location. A problem that names no field concerns the whole
/// item, and its id stands for it.
pub fn report(location: &Location, problem: Problem, errors: &mut Errors) {
    let detail = problem.detail().to_owned();
    let fields = problem.into_errors();
    if fields.is_empty() {
        errors.add(location.of("id"), "conflict", format!("cannot be imported: {detail}"));
    }
    for error in fields {
        errors.add(location.of(&error.field), error.code, error.message);
    }
}
