//! A writer's batches and imports: several writes in one request, sent again until their result is
//! known. Each is recorded as a separate write.

use rand::Rng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use taskwire::model::{ProjectId, TaskId};
use uuid::Uuid;

use super::client::Answer;
use super::history::{Kind, Outcome};
use super::writer::Writer;

/// One operation as a write.
struct Part {
    kind: Kind,
    id: Uuid,
    token: String,
}

impl Writer {
    pub async fn batch(&mut self) {
        let (mut parts, mut operations) = (Vec::new(), Vec::new());
        for _ in 0..self.rng.random_range(2..5) {
            let token = self.words();
            let mut fields = self.fields();
            fields["description"] = json!(token);
            let existing = self.known[self.client.user].tasks.any(&mut self.rng).filter(|_| self.rng.random_bool(0.4));
            if let Some(id) = existing {
                operations.push(json!({ "op": "update", "id": id, "changes": fields }));
                parts.push(Part { kind: Kind::Update, id, token });
            } else {
                let id = TaskId::new().as_uuid();
                (fields["id"], fields["title"]) = (json!(id), json!(format!("created {}", self.client.name())));
                // A subtask of the previous task, if that is new too.
                if let Some(Part { kind: Kind::Create, id: parent, .. }) = parts.last() {
                    fields["parent_id"] = json!(parent);
                }
                operations.push(json!({ "op": "create", "task": fields }));
                parts.push(Part { kind: Kind::Create, id, token });
            }
        }
        let body = json!({ "id": Uuid::now_v7(), "operations": operations });
        let mut attempts = 0;
        loop {
            attempts += 1;
            let answer = self.send(Method::POST, "/tasks/batch", Some(&body)).await;
            let outcomes = self.outcomes(answer.as_ref(), parts.len(), attempts);
            for (part, outcome) in parts.iter().zip(&outcomes) {
                self.note(part.kind, part.id, &part.token, *outcome);
            }
            let gone = answer.is_some_and(|answer| answer.status == StatusCode::NOT_FOUND);
            if outcomes[0] == Outcome::Unknown && !gone && !self.stop.is_cancelled() {
                self.back_off().await;
                continue;
            }
            let created = parts.iter().filter(|part| part.kind == Kind::Create);
            if matches!(outcomes[0], Outcome::Acknowledged(_)) && attempts == 1 {
                created.for_each(|part| self.own().tasks.add(part.id));
            }
            return;
        }
    }

    /// The outcome of each operation according to the response.
    fn outcomes(&self, answer: Option<&Answer>, count: usize, attempts: usize) -> Vec<Outcome> {
        let all = |outcome| vec![outcome; count];
        let Some(answer) = answer else { return all(Outcome::Unknown) };
        match answer.status {
            StatusCode::OK if answer.body["repeated"] == true => all(Outcome::Acknowledged(None)),
            StatusCode::OK => {
                let results = answer.body["results"].as_array().map_or(&[][..], Vec::as_slice);
                if results.len() != count {
                    self.client.unexpected("a batch", answer);
                }
                let version = |result: &Value| Outcome::Acknowledged(result["task"]["version"].as_i64());
                (0..count).map(|place| results.get(place).map_or(Outcome::Unknown, version)).collect()
            }
            StatusCode::SERVICE_UNAVAILABLE => all(Outcome::Unknown),
            // An earlier attempt may still be under way.
            StatusCode::NOT_FOUND if attempts > 1 => all(Outcome::Unknown),
            // The task of the update is gone.
            StatusCode::NOT_FOUND => all(Outcome::Rejected),
            _ => {
                self.client.unexpected("a batch", answer);
                all(Outcome::Rejected)
            }
        }
    }

    /// Imports a file with a project and a task, possibly more than once.
    pub async fn import(&mut self) {
        let (project, task, words) = (ProjectId::new().as_uuid(), TaskId::new().as_uuid(), self.words());
        let name = self.words();
        let body = json!({
            "taskwire": { "version": 1 },
            "projects": [{ "id": project, "name": name }],
            "tasks": [{
                "id": task,
                "title": format!("imported {}", self.client.name()),
                "description": words,
                "project_id": project,
            }],
        });
        let mut attempts = 0;
        loop {
            attempts += 1;
            let answer = self.send(Method::POST, "/import", Some(&body)).await;
            let outcome = self.outcome("an import", answer.as_ref(), &[]);
            self.note(Kind::Create, project, &name, outcome);
            self.note(Kind::Create, task, &words, outcome);
            match outcome {
                Outcome::Acknowledged(_) if attempts == 1 => {
                    self.own().projects.add(project);
                    return self.own().tasks.add(task);
                }
                Outcome::Unknown if !self.stop.is_cancelled() => self.back_off().await,
                _ => return,
            }
        }
    }
}
