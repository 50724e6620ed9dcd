//! One of several writers of a user: it creates tasks and subtasks with chosen ids and retries
//! until it knows the result; it updates, completes, moves and deletes them, singly and in batches;
//! and it changes projects and the trash. Sometimes it abandons a request, or asks for another
//! user's data.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rand::Rng;
use rand::rngs::StdRng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use taskwire::model::TaskId;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::client::{Answer, Client};
use super::history::{Kind, Outcome, Promise, Violation, Write, count};

/// The approximate maximum number of a user's tasks.
const ENOUGH: usize = 60;

/// The ids that all writers know of a user, also for requests by other users.
#[derive(Default)]
pub struct Known {
    pub tasks: Ids,
    pub projects: Ids,
    /// Deleted items.
    pub trash: Ids,
}

#[derive(Default)]
pub struct Ids(Mutex<Vec<Uuid>>);

impl Ids {
    pub fn add(&self, id: Uuid) {
        self.0.lock().push(id);
    }

    pub fn any(&self, rng: &mut StdRng) -> Option<Uuid> {
        let known = self.0.lock();
        (!known.is_empty()).then(|| known[rng.random_range(0..known.len())])
    }

    pub fn take(&self, rng: &mut StdRng) -> Option<Uuid> {
        let mut known = self.0.lock();
        (!known.is_empty()).then(|| {
            let at = rng.random_range(0..known.len());
            known.swap_remove(at)
        })
    }

    pub fn len(&self) -> usize {
        self.0.lock().len()
    }
}

pub struct Writer {
    pub client: Client,
    /// The known ids of every user.
    pub known: Arc<[Known]>,
    pub rng: StdRng,
    pub pause: Duration,
    pub stop: CancellationToken,
}

impl Writer {
    pub async fn run(mut self) {
        while !self.stop.is_cancelled() {
            let full = self.own().tasks.len() >= ENOUGH;
            match self.rng.random_range(0..100) {
                0..25 if !full => self.create().await,
                25..33 if !full => self.batch().await,
                33..36 if !full => self.import().await,
                0..50 => self.update().await,
                50..58 => self.complete().await,
                58..64 => self.move_task().await,
                64..72 => self.delete().await,
                72..78 => self.unmake().await,
                78..84 => self.manage_projects().await,
                84..92 => self.trespass().await,
                _ => self.look().await,
            }
            sleep(self.pause.mul_f64(self.rng.random_range(0.0..2.0))).await;
        }
    }

    pub fn own(&self) -> &Known {
        &self.known[self.client.user]
    }

    /// A unique text with the user's marker.
    pub fn words(&self) -> String {
        format!("{} {:032x}", self.client.name(), rand::random::<u128>())
    }

    /// Random fields of a task; labels contain the user's marker.
    pub fn fields(&mut self) -> Value {
        let mut fields = json!({});
        if self.rng.random_bool(0.5) {
            fields["priority"] = json!(["none", "low", "urgent"][self.rng.random_range(0..3)]);
        }
        if self.rng.random_bool(0.3) {
            fields["labels"] = json!([self.client.name(), "home"]);
        }
        if self.rng.random_bool(0.3) {
            let day = self.rng.random_range(10..29);
            fields["due"] = json!({ "date": format!("2026-03-{day}"), "time": "02:30", "time_zone": "Europe/Berlin" });
        }
        fields
    }

    /// Random fields of a new task, which may also recur and belong to a project.
    pub fn new_fields(&mut self) -> Value {
        let mut fields = self.fields();
        if fields.get("due").is_some() && self.rng.random_bool(0.5) {
            fields["recurrence"] = json!("FREQ=DAILY");
        }
        if let Some(project) = self.known[self.client.user].projects.any(&mut self.rng)
            && self.rng.random_bool(0.3)
        {
            fields["project_id"] = json!(project);
        }
        fields
    }

    async fn create(&mut self) {
        let (id, token) = (TaskId::new().as_uuid(), self.words());
        let mut body = self.new_fields();
        body["id"] = json!(id);
        body["title"] = json!(format!("created {}", self.client.name()));
        body["description"] = json!(token);
        if self.rng.random_bool(0.3)
            && let Some(parent) = self.known[self.client.user].tasks.any(&mut self.rng)
        {
            body["parent_id"] = json!(parent);
            // A subtask's project would have to be its parent's.
            body.as_object_mut().expect("an object").remove("project_id");
        }
        let mut refusals: &[StatusCode] = &[];
        if body.get("parent_id").or(body.get("project_id")).is_some() {
            // The parent is gone or too deep, or was deleted together with this task.
            refusals = &[StatusCode::BAD_REQUEST, StatusCode::GONE];
        }
        let mut attempts = 0;
        loop {
            attempts += 1;
            let answer = self.send(Method::POST, "/tasks", Some(&body)).await;
            let outcome = self.outcome("a create", answer.as_ref(), refusals);
            self.note(Kind::Create, id, &token, outcome);
            match outcome {
                // A first attempt may still be under way. If the task were deleted and the log
                // shortened, it would create the task again. So such tasks are not deleted.
                Outcome::Acknowledged(_) if attempts == 1 => return self.own().tasks.add(id),
                Outcome::Unknown if !self.stop.is_cancelled() => self.back_off().await,
                _ => return,
            }
        }
    }

    async fn update(&mut self) {
        let own = &self.known[self.client.user];
        let Some(id) = own.tasks.any(&mut self.rng) else { return };
        let token = self.words();
        let mut body = self.fields();
        body["description"] = json!(token);
        if self.rng.random_bool(0.3) {
            body["completed"] = json!(self.rng.random_bool(0.5));
        }
        let answer = self.send(Method::PATCH, &format!("/tasks/{id}"), Some(&body)).await;
        // 409: the task has open subtasks.
        let outcome = self.outcome("an update", answer.as_ref(), &[StatusCode::NOT_FOUND, StatusCode::CONFLICT]);
        self.note(Kind::Update, id, &token, outcome);
    }

    async fn complete(&mut self) {
        let own = &self.known[self.client.user];
        let Some(id) = own.tasks.any(&mut self.rng) else { return };
        let children = ["refuse", "include"][self.rng.random_range(0..2)];
        let completed = self.rng.random_bool(0.5);
        let body = self.rng.random_bool(0.7).then(|| json!({ "completed": completed, "children": children }));
        let answer = self.send(Method::PATCH, &format!("/tasks/{id}/complete"), body.as_ref()).await;
        let outcome = self.outcome("a completion", answer.as_ref(), &[StatusCode::NOT_FOUND, StatusCode::CONFLICT]);
        self.note(Kind::Complete, id, "", outcome);
    }

    /// Moves a task beside another or to the end, and sometimes changes its parent.
    async fn move_task(&mut self) {
        let own = &self.known[self.client.user];
        let (Some(id), Some(other)) = (own.tasks.any(&mut self.rng), own.tasks.any(&mut self.rng)) else { return };
        let mut body = match self.rng.random_range(0..3) {
            0 => json!({}),
            1 => json!({ "before": other }),
            _ => json!({ "after": other }),
        };
        if self.rng.random_bool(0.3) {
            body["parent_id"] = json!(own.tasks.any(&mut self.rng).filter(|_| self.rng.random_bool(0.5)));
        } else if self.rng.random_bool(0.2) {
            body["project_id"] = json!(own.projects.any(&mut self.rng).filter(|_| self.rng.random_bool(0.7)));
        }
        let answer = self.send(Method::POST, &format!("/tasks/{id}/move"), Some(&body)).await;
        let outcome = self.outcome("a move", answer.as_ref(), &[StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST]);
        self.note(Kind::Complete, id, "", outcome);
    }

    async fn delete(&mut self) {
        // Keep a few tasks, so that there is something to update.
        if self.own().tasks.len() < 5 {
            return;
        }
        let own = &self.known[self.client.user];
        let Some(id) = own.tasks.take(&mut self.rng) else { return };
        self.delete_at(id, &format!("/tasks/{id}?children=include")).await;
    }

    /// Deletes a task or a project, which moves to the trash.
    pub async fn delete_at(&mut self, id: Uuid, path: &str) {
        loop {
            let answer = self.send(Method::DELETE, path, None).await;
            // It may already have been deleted with its parent or project.
            let outcome = self.outcome("a delete", answer.as_ref(), &[StatusCode::NOT_FOUND]);
            self.note(Kind::Delete, id, "", outcome);
            if matches!(outcome, Outcome::Acknowledged(_)) {
                self.own().trash.add(id);
            }
            if outcome != Outcome::Unknown || self.stop.is_cancelled() {
                return;
            }
            self.back_off().await;
        }
    }

    /// Requests another user's data, which must not be found.
    async fn trespass(&mut self) {
        let other = self.rng.random_range(0..self.known.len());
        if other == self.client.user {
            return;
        }
        let Known { tasks, projects, trash } = &self.known[other];
        let (task, project, deleted) =
            (tasks.any(&mut self.rng), projects.any(&mut self.rng), trash.any(&mut self.rng));
        let words = json!({ "title": self.words() });
        let (method, path, body) = match self.rng.random_range(0..11) {
            0 => (Method::PATCH, task.map(|id| format!("/tasks/{id}")), Some(words)),
            1 => (Method::DELETE, task.map(|id| format!("/tasks/{id}")), None),
            2 => (Method::POST, task.map(|id| format!("/tasks/{id}/move")), Some(json!({}))),
            3 => {
                let operation = json!({ "op": "complete", "id": task, "children": "include" });
                (Method::POST, task.map(|_| "/tasks/batch".to_owned()), Some(json!({ "operations": [operation] })))
            }
            4 => (Method::GET, task.map(|id| format!("/tasks/{id}")), None),
            5 => (Method::GET, task.map(|id| format!("/tasks/{id}/history")), None),
            6 => (Method::GET, project.map(|id| format!("/projects/{id}")), None),
            7 => (Method::PATCH, project.map(|id| format!("/projects/{id}")), Some(json!({ "archived": true }))),
            8 => (Method::DELETE, project.map(|id| format!("/projects/{id}?tasks=delete")), None),
            9 => (Method::DELETE, deleted.map(|id| format!("/trash/{id}")), None),
            _ => (Method::POST, deleted.map(|id| format!("/trash/{id}/restore")), None),
        };
        let Some(path) = path else { return };
        if let Some(answer) = self.client.send(method.clone(), &path, body.as_ref()).await
            && answer.status != StatusCode::NOT_FOUND
            && answer.status != StatusCode::SERVICE_UNAVAILABLE
        {
            let what = format!("{method} {path} of another user was answered {}", answer.status);
            self.client.record.fault(self.client.user, Violation::new(Promise::NothingForeign, what));
        }
    }

    pub async fn back_off(&mut self) {
        sleep(Duration::from_millis(self.rng.random_range(50..300))).await;
    }

    /// Sends a write; sometimes abandons it right away.
    pub async fn send(&mut self, method: Method, rest: &str, body: Option<&Value>) -> Option<Answer> {
        if self.rng.random_bool(0.03) {
            count(&self.client.record.counts.abandoned);
            let patience = Duration::from_micros(self.rng.random_range(0..8000));
            return timeout(patience, self.client.send(method, rest, body)).await.ok()?;
        }
        self.client.send(method, rest, body).await
    }

    pub fn outcome(&self, what: &str, answer: Option<&Answer>, refusals: &[StatusCode]) -> Outcome {
        let Some(answer) = answer else { return Outcome::Unknown };
        match answer.status {
            // A repeated create returns the current version of the task.
            StatusCode::OK if what == "a create" => Outcome::Acknowledged(None),
            StatusCode::CREATED | StatusCode::OK => Outcome::Acknowledged(answer.body["version"].as_i64()),
            StatusCode::NO_CONTENT => Outcome::Acknowledged(None),
            StatusCode::SERVICE_UNAVAILABLE => Outcome::Unknown,
            status if refusals.contains(&status) => Outcome::Rejected,
            _ => {
                self.client.unexpected(what, answer);
                Outcome::Rejected
            }
        }
    }

    pub fn note(&self, kind: Kind, id: Uuid, token: &str, outcome: Outcome) {
        let record = &self.client.record;
        let write = Write { kind, id, token: token.to_owned(), outcome, ended: record.tick() };
        record.user(self.client.user).writes.push(write);
    }
}
