//! Turns a draft into an import: reports ids that occur twice and tasks that are their own ancestors, and
//! puts every task after its parent.

use std::collections::HashMap;

use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use super::draft::{Draft, Located, Location};
use super::errors::Errors;
use super::limits::ITEMS_MAX;
use super::{ExportedProject, ExportedTask};
use crate::engine::{Import, ImportedTask};
use crate::model::{ProjectRow, Rank, Seq, TaskRow};

/// An import, and the locations in the file of its projects, then of its tasks.
#[derive(Debug)]
pub struct Assembled {
    pub import: Import,
    pub locations: Vec<Location>,
}

/// Expects a draft without errors, and reports the errors between its items.
pub fn assemble(draft: Draft, now: DateTime<Utc>, errors: &mut Errors) -> Option<Assembled> {
    let Draft { projects, tasks, .. } = draft;
    if let Some(excess) = projects.get(ITEMS_MAX) {
        errors.add(excess.location.field("project"), "length", format!("must be at most {ITEMS_MAX} projects"));
    }
    report_duplicates(projects.iter().map(|project| (&project.location, project.item.id.as_uuid())), errors);
    report_duplicates(tasks.iter().map(|task| (&task.location, task.item.id.as_uuid())), errors);
    if !errors.is_empty() {
        return None;
    }
    let mut order: Vec<_> = tasks.iter().map(|task| (task.item.order.unwrap_or(u32::MAX), task.item.id)).collect();
    order.sort_by_key(|(order, _)| *order);
    let tasks = parents_first(tasks, errors)?;
    let locations = projects.iter().map(|project| &project.location).chain(tasks.iter().map(|task| &task.location));
    let locations = locations.cloned().collect();
    let import = Import {
        projects: projects.into_iter().map(|project| project_row(project.item, now)).collect(),
        tasks: tasks.into_iter().map(|task| imported_task(task.item, now)).collect(),
        order: order.into_iter().map(|(_, id)| id).collect(),
    };
    Some(Assembled { import, locations })
}

fn report_duplicates<'a>(items: impl Iterator<Item = (&'a Location, Uuid)>, errors: &mut Errors) {
    let mut seen: HashMap<Uuid, u64> = HashMap::new();
    for (location, id) in items {
        match seen.get(&id) {
            Some(line) => {
                errors.add(location.field("id"), "duplicate", format!("must come once: line {line} has it too"));
            }
            None => {
                seen.insert(id, location.line_number());
            }
        }
    }
}

/// The tasks in the order of the file, except that none comes before its parent.
fn parents_first(tasks: Vec<Located<ExportedTask>>, errors: &mut Errors) -> Option<Vec<Located<ExportedTask>>> {
    let index: HashMap<_, usize> = tasks.iter().enumerate().map(|(at, task)| (task.item.id, at)).collect();
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut sorted = Vec::with_capacity(tasks.len());
    for (at, task) in tasks.iter().enumerate() {
        match task.item.parent_id.and_then(|parent| index.get(&parent)) {
            Some(parent) => children.entry(*parent).or_default().push(at),
            None => sorted.push(at),
        }
    }
    let mut next = 0;
    while let Some(at) = sorted.get(next) {
        sorted.extend(children.remove(at).unwrap_or_default());
        next += 1;
    }
    let mut tasks: Vec<Option<Located<ExportedTask>>> = tasks.into_iter().map(Some).collect();
    let sorted: Vec<_> = sorted.into_iter().filter_map(|at| tasks.get_mut(at)?.take()).collect();
    // The tasks that are left are not below any task without a parent, so their parents form a circle.
    for task in tasks.into_iter().flatten() {
        errors.add(task.location.field("parent_id"), "invalid_value", "must not make the task a part of itself");
    }
    errors.is_empty().then_some(sorted)
}

fn project_row(project: ExportedProject, now: DateTime<Utc>) -> ProjectRow {
    let ExportedProject { id, name, color, archived, created_at } = project;
    let (created_at, rank) = (to_microseconds(created_at.unwrap_or(now)), Rank::default().to_string());
    ProjectRow { id, name, color, archived, rank, created_at, updated_at: created_at, version: Seq::ZERO }
}

fn imported_task(task: ExportedTask, now: DateTime<Utc>) -> ImportedTask {
    let created_at = to_microseconds(task.created_at.unwrap_or(now));
    let occurrences = task
        .occurrences
        .into_iter()
        .map(|done| (done.due.trunc_subsecs(0), to_microseconds(done.completed_at)))
        .collect();
    let mut row = TaskRow {
        id: task.id,
        title: task.title,
        description: task.description,
        completed: task.completed,
        completed_at: task.completed_at.map(to_microseconds),
        priority: task.priority,
        due_date: None,
        due_time: None,
        due_time_zone: None,
        recurrence: task.recurrence.map(|recurrence| recurrence.to_string()),
        labels: task.labels.as_slice().to_vec(),
        project_id: task.project_id,
        parent_id: task.parent_id,
        // The plan sets the rank, the times and the version.
        rank: Rank::default().to_string(),
        created_at,
        updated_at: created_at,
        version: Seq::ZERO,
    };
    row.set_due(task.due.as_ref());
    ImportedTask { row, occurrences }
}

/// The time in microseconds, the precision of Postgres.
fn to_microseconds(time: DateTime<Utc>) -> DateTime<Utc> {
    time.trunc_subsecs(6)
}
