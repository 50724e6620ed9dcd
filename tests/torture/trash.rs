//! A writer's work on the trash, and its reads: lists of tasks, projects and deletions for the
//! checker, and other responses only to search them for foreign data.

use rand::Rng;
use reqwest::{Method, StatusCode};
use taskwire::api::projects::list::ProjectList;
use taskwire::api::trash::TrashList;

use super::history::{Kind, Outcome, ProjectListing, TrashListing};
use super::writer::Writer;

impl Writer {
    /// Restores or purges a deletion.
    pub async fn unmake(&mut self) {
        let Some(id) = self.known[self.client.user].trash.take(&mut self.rng) else { return };
        if self.rng.random_bool(0.3) {
            let answer = self.send(Method::DELETE, &format!("/trash/{id}"), None).await;
            let outcome = self.outcome("a purge", answer.as_ref(), &[StatusCode::NOT_FOUND]);
            return self.note(Kind::Purge, id, "", outcome);
        }
        let answer = self.send(Method::POST, &format!("/trash/{id}/restore"), None).await;
        let outcome = self.outcome("a restore", answer.as_ref(), &[StatusCode::NOT_FOUND]);
        self.note(Kind::Restore, id, "", outcome);
        if let (Some(answer), Outcome::Acknowledged(_)) = (answer, outcome) {
            let of_project = !answer.body["project"].is_null();
            let known = if of_project { &self.own().projects } else { &self.own().tasks };
            known.add(id);
        }
    }

    pub async fn look(&mut self) {
        let task = self.known[self.client.user].tasks.any(&mut self.rng);
        match self.rng.random_range(0..8) {
            0..2 => {
                if let Some(list) = self.client.list(200).await {
                    self.client.record.user(self.client.user).lists.push(list);
                }
            }
            2 => self.look_at_projects().await,
            3 => self.look_at_trash().await,
            4 => self.read("/stats").await,
            5 => self.read("/export?format=json").await,
            6 => {
                let format = ["ics", "csv"][self.rng.random_range(0..2)];
                self.read(&format!("/export?format={format}")).await;
            }
            _ => {
                let Some(id) = task else { return };
                self.read(&format!("/tasks/{id}/history")).await;
            }
        }
    }

    async fn look_at_projects(&mut self) {
        let asked = self.client.record.tick();
        let Some(list) = self.client.get::<ProjectList>("/projects").await else { return };
        let listing = ProjectListing { asked, position: list.position, projects: list.projects };
        self.client.record.user(self.client.user).project_lists.push(listing);
    }

    async fn look_at_trash(&mut self) {
        let asked = self.client.record.tick();
        let Some(list) = self.client.get::<TrashList>("/trash?limit=200").await else { return };
        let roots = list.entries.iter().map(|entry| entry.id.as_uuid()).collect();
        let listing = TrashListing { asked, position: list.position, roots };
        self.client.record.user(self.client.user).trash_lists.push(listing);
    }

    /// The client searches the response for other users' markers.
    async fn read(&self, path: &str) {
        let Some(answer) = self.client.send(Method::GET, path, None).await else { return };
        let known = [StatusCode::OK, StatusCode::NOT_FOUND, StatusCode::SERVICE_UNAVAILABLE];
        if !known.contains(&answer.status) && answer.status != StatusCode::TOO_MANY_REQUESTS {
            self.client.unexpected(path, &answer);
        }
    }
}
