//! A user's data at any point of the log, by replaying the log up to that point.

use std::collections::{HashMap, HashSet};

use taskwire::model::{Change, Project, ProjectId, Subject};
use taskwire::queries::projects::ListedProject;
use uuid::Uuid;

use super::history::Tasks;

#[derive(Default)]
pub struct State {
    pub tasks: Tasks,
    pub projects: HashMap<ProjectId, Project>,
    /// Deleted tasks and projects that have not been restored.
    pub gone: HashSet<Uuid>,
}

impl State {
    pub fn play(&mut self, change: &Change) {
        play(change, &mut self.tasks);
        match change.subject() {
            Subject::Task(task) => {
                self.gone.remove(&task.id.as_uuid());
            }
            Subject::TaskId(id) => {
                self.gone.insert(id.as_uuid());
            }
            Subject::Project(project) => {
                self.gone.remove(&project.id.as_uuid());
                self.projects.insert(project.id, project.clone());
            }
            Subject::ProjectId(id) => {
                self.gone.insert(id.as_uuid());
                self.projects.remove(id);
            }
        }
    }

    /// Whether the list shows these projects with the right numbers of tasks.
    pub fn lists(&self, projects: &[ListedProject]) -> bool {
        let count = |id: ProjectId, completed: bool| {
            let of_it = |task: &&taskwire::model::Task| task.project_id == Some(id) && task.completed == completed;
            i64::try_from(self.tasks.values().filter(of_it).count()).expect("a small number")
        };
        projects.len() == self.projects.len()
            && projects.iter().all(|listed| {
                let id = listed.project.id;
                self.projects.get(&id) == Some(&listed.project)
                    && listed.open_tasks == count(id, false)
                    && listed.completed_tasks == count(id, true)
            })
    }
}

/// Applies a change to a client's tasks.
pub fn play(change: &Change, tasks: &mut Tasks) {
    match change.subject() {
        Subject::Task(task) => {
            tasks.insert(task.id, task.clone());
        }
        Subject::TaskId(id) => {
            tasks.remove(id);
        }
        Subject::Project(_) | Subject::ProjectId(_) => {}
    }
}
