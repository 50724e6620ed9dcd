//! A user's data at any point of the log, by replaying the log up to that point.

use std::collections::{HashMap, HashSet};

use taskwire::changes::Event;
use taskwire::projects::{ListedProject, Project, ProjectId};
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
    pub fn play(&mut self, event: &Event) {
        play(event, &mut self.tasks);
        match event {
            Event::TaskCreated(task) | Event::TaskUpdated(task) | Event::TaskRestored(task) => {
                self.gone.remove(&task.id.as_uuid());
            }
            Event::TaskDeleted(id) => {
                self.gone.insert(id.as_uuid());
            }
            Event::ProjectCreated(project) | Event::ProjectUpdated(project) | Event::ProjectRestored(project) => {
                self.gone.remove(&project.id.as_uuid());
                self.projects.insert(project.id, project.clone());
            }
            Event::ProjectDeleted(id) => {
                self.gone.insert(id.as_uuid());
                self.projects.remove(id);
            }
        }
    }

    /// Whether the list shows these projects with the right numbers of tasks.
    pub fn lists(&self, projects: &[ListedProject]) -> bool {
        let count = |id: ProjectId, completed: bool| {
            let of_it = |task: &&taskwire::tasks::Task| task.project_id == Some(id) && task.completed == completed;
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
pub fn play(event: &Event, tasks: &mut Tasks) {
    if let Some(task) = event.task() {
        tasks.insert(task.id, task.clone());
    } else if let Event::TaskDeleted(id) = event {
        tasks.remove(id);
    }
}
