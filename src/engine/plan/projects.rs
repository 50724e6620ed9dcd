//! Projects in a plan: create, update, move, and delete with or without their tasks.

use chrono::TimeDelta;

use super::{Plan, check_version, conflict, id_gone, id_taken};
use crate::engine::state::{Body, Trashed};
use crate::engine::{Contents, Done, Outcome, Placement};
use crate::model::{
    Change, CreateProject, PROJECTS_MAX, Problem, ProjectId, ProjectRow, Rank, Saved, TaskRow, UpdateProject,
};

impl Plan<'_> {
    pub(super) fn create_project(&mut self, new: &CreateProject) -> Outcome {
        let id = new.id.unwrap_or_else(ProjectId::new);
        if let Some(existing) = self.state.projects.get(&id) {
            let repeated = new.id.is_some() && self.is_repeated(id.as_uuid(), new.digest());
            return if repeated {
                Ok(Done::ProjectRepeated(existing.clone().into_project(self.owner)))
            } else {
                Err(id_taken())
            };
        }
        if self.state.deleted_ids.contains(&id.as_uuid()) {
            return Err(id_gone());
        }
        self.check_project_limit()?;
        if new.id.is_some() {
            self.state.digests.insert(id.as_uuid(), new.digest().to_vec());
        }
        let row = ProjectRow {
            id,
            name: new.name.clone(),
            color: new.color.clone(),
            archived: new.archived,
            rank: Rank::appended(self.head.next()).to_string(),
            created_at: self.at + TimeDelta::microseconds(1),
            updated_at: self.at,
            version: self.head,
        };
        Ok(Done::ProjectCreated(self.write_project(row, Saved::Created)))
    }

    pub(super) fn update_project(
        &mut self,
        id: ProjectId,
        update: &UpdateProject,
        place: Placement<ProjectId>,
        if_match: Option<&[i64]>,
    ) -> Outcome {
        let mut old = self.project(id)?.clone();
        check_version(if_match, old.version)?;
        let mut new = old.clone();
        if let Some(name) = &update.name {
            new.name.clone_from(name);
        }
        if let Some(color) = &update.color {
            new.color.clone_from(color);
        }
        if let Some(archived) = update.archived {
            new.archived = archived;
        }
        new.rank = self.project_rank(&old, place)?;
        if Rank::from_column(new.rank.clone()).is_long() && self.shorten_project_ranks_around(place) {
            // The moved project may have a shorter rank now, too.
            old = self.project(id)?.clone();
            new = ProjectRow { name: new.name, color: new.color, archived: new.archived, ..old.clone() };
            new.rank = self.project_rank(&old, place)?;
        }
        if new != old {
            self.write_project(new, Saved::Updated);
        }
        self.project(id).map(|row| Done::ProjectUpdated(row.clone().into_project(self.owner)))
    }

    pub(super) fn delete_project(&mut self, id: ProjectId, contents: Contents, if_match: Option<&[i64]>) -> Outcome {
        check_version(if_match, self.project(id)?.version)?;
        let tasks = self.state.tasks_of_project(id);
        match contents {
            Contents::Refuse if !tasks.is_empty() => {
                return Err(conflict("it has tasks; send tasks=delete or tasks=move_out, or move them first"));
            }
            Contents::Refuse => {}
            Contents::MoveOut => {
                for row in tasks.iter().filter_map(|task| self.state.tasks.get(task)).cloned().collect::<Vec<_>>() {
                    self.write_task(TaskRow { project_id: None, ..row }, Saved::Updated);
                }
            }
            Contents::Delete => {
                let mut tasks = tasks;
                // Subtasks before their parents.
                tasks.sort_by_key(|task| std::cmp::Reverse(self.state.depth(*task)));
                for task in tasks {
                    self.trash_task(task, id.as_uuid());
                }
            }
        }
        self.trash_project(id);
        Ok(Done::ProjectDeleted(id))
    }

    /// Fails if the owner has as many projects as the limit allows. All of them must be loaded.
    pub(super) fn check_project_limit(&self) -> Result<(), Problem> {
        if self.state.projects.len() < PROJECTS_MAX {
            return Ok(());
        }
        Err(conflict(format!("there are {PROJECTS_MAX} projects, which is the most; delete one first")))
    }

    fn trash_project(&mut self, id: ProjectId) {
        let Some(row) = self.state.take_project(id) else { return };
        let (seq, at) = self.next_change();
        self.changes.push(Change::project_deleted(self.history, seq, at, id));
        let digest = self.state.digests.remove(&id.as_uuid());
        self.state.deleted_ids.insert(id.as_uuid());
        self.written_projects.remove(&id);
        self.deleted_projects.insert(id);
        self.into_trash.push(Trashed { root: id.as_uuid(), deleted_at: at, body: Body::Project(row), digest });
    }
}
