//! What every format is read into: projects and tasks, each with where it stands in its file, so
//! that whatever turns out to be wrong with it later is told there, in the words of the format.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use validator::Validate;

use super::ITEMS_MAX;
use super::document::{ExportedProject, ExportedTask};
use super::faults::Faults;
use crate::auth::OwnerId;
use crate::http::body::checked;
use crate::problem::Problem;
use crate::projects::ProjectId;
use crate::tasks::TimeZone;

/// What a file is read with, beside itself.
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

/// Where something stands in its file.
#[derive(Debug, Clone)]
pub struct Place {
    line: u64,
    /// The path to it, where the format has one, such as `tasks[12].`.
    path: String,
    names: Names,
    /// The lines of fields that have lines of their own.
    lines: Vec<(&'static str, u64)>,
}

impl Place {
    pub fn line(line: u64, names: Names) -> Self {
        Self { line, path: String::new(), names, lines: Vec::new() }
    }

    pub fn path(line: u64, path: String) -> Self {
        Self { path, ..Self::line(line, |field| field) }
    }

    /// The field, by the name that the API gives it, stands in another line.
    pub fn with_field(&mut self, field: &'static str, line: u64) {
        self.lines.push((field, line));
    }

    /// How a field, by the name that the API gives it, is told to the user.
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
    pub place: Place,
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
    pub fn add_task(&mut self, place: Place, task: ExportedTask, faults: &mut Faults) {
        if let Some(item) = within_limits(&place, task, faults) {
            self.tasks.push(Drafted { place, item });
        }
    }

    pub fn add_project(&mut self, place: Place, project: ExportedProject, faults: &mut Faults) {
        if let Some(item) = within_limits(&place, project, faults) {
            self.projects.push(Drafted { place, item });
        }
    }

    /// The project that a task names: by its id, its name or both. A project that is named comes
    /// with the file.
    pub fn project_of(
        &mut self,
        place: &Place,
        id: Option<ProjectId>,
        name: Option<&str>,
        context: &Context,
        faults: &mut Faults,
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
            self.add_project(Place { names: |_| "project", ..place.clone() }, project, faults);
        }
        Some(id)
    }

    /// Whether there is no room for more; if so, that is a fault.
    pub fn is_full(&self, line: u64, faults: &mut Faults) -> bool {
        let full = self.tasks.len() >= ITEMS_MAX;
        if full {
            faults.add(format!("line {line}"), "length", format!("must be the end: at most {ITEMS_MAX} tasks"));
        }
        full
    }
}

fn within_limits<T: Validate>(place: &Place, item: T, faults: &mut Faults) -> Option<T> {
    match checked(item) {
        Ok(item) => Some(item),
        Err(problem) => {
            tell(place, problem, faults);
            None
        }
    }
}

/// Tells what is wrong with something, where it stands. What names no field is wrong with the
/// whole of it, which its id stands for.
pub fn tell(place: &Place, problem: Problem, faults: &mut Faults) {
    let detail = problem.detail().to_owned();
    let errors = problem.into_errors();
    if errors.is_empty() {
        faults.add(place.of("id"), "conflict", format!("cannot be imported: {detail}"));
    }
    for error in errors {
        faults.add(place.of(&error.field), error.code, error.message);
    }
}
