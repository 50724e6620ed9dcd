//! A writer's changes to projects: it creates, renames, moves and deletes them, with or without
//! their tasks.

use rand::Rng;
use reqwest::{Method, StatusCode};
use serde_json::json;
use taskwire::model::ProjectId;

use super::history::{Kind, Outcome};
use super::writer::Writer;

/// The approximate maximum number of a user's projects.
const ENOUGH: usize = 8;

impl Writer {
    pub async fn manage_projects(&mut self) {
        let full = self.own().projects.len() >= ENOUGH;
        match self.rng.random_range(0..10) {
            0..4 if !full => self.create_project().await,
            0..6 => self.rename_project().await,
            6..8 => self.move_project().await,
            _ => self.delete_project().await,
        }
    }

    async fn create_project(&mut self) {
        let (id, name) = (ProjectId::new().as_uuid(), self.words());
        let body = json!({ "id": id, "name": name });
        let mut attempts = 0;
        loop {
            attempts += 1;
            let answer = self.send(Method::POST, "/projects", Some(&body)).await;
            let outcome = self.outcome("a create", answer.as_ref(), &[]);
            self.note(Kind::Create, id, &name, outcome);
            match outcome {
                // No writer deletes a project after a second attempt. As with tasks, the first attempt may
                // still be under way and would create the project again.
                Outcome::Acknowledged(_) if attempts == 1 => return self.own().projects.add(id),
                Outcome::Unknown if !self.stop.is_cancelled() => self.back_off().await,
                _ => return,
            }
        }
    }

    async fn rename_project(&mut self) {
        let Some(id) = self.known[self.client.user].projects.any(&mut self.rng) else { return };
        let name = self.words();
        let answer = self.send(Method::PATCH, &format!("/projects/{id}"), Some(&json!({ "name": name }))).await;
        let outcome = self.outcome("a renaming", answer.as_ref(), &[StatusCode::NOT_FOUND]);
        self.note(Kind::Update, id, &name, outcome);
    }

    async fn move_project(&mut self) {
        let own = &self.known[self.client.user].projects;
        let (Some(id), Some(other)) = (own.any(&mut self.rng), own.any(&mut self.rng)) else { return };
        let body = if self.rng.random_bool(0.3) { json!({}) } else { json!({ "before": other }) };
        let answer = self.send(Method::POST, &format!("/projects/{id}/move"), Some(&body)).await;
        // 400: the other project is gone or is the same one.
        let outcome = self.outcome("a move", answer.as_ref(), &[StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST]);
        // Like completing a task, a move leaves no token.
        self.note(Kind::Complete, id, "", outcome);
    }

    async fn delete_project(&mut self) {
        let Some(id) = self.known[self.client.user].projects.take(&mut self.rng) else { return };
        let tasks = ["delete", "move_out"][self.rng.random_range(0..2)];
        self.delete_at(id, &format!("/projects/{id}?tasks={tasks}")).await;
    }
}
