//! A writer of one user, beside others of the same user: it creates tasks and subtasks with ids of
//! its own choice and tries again until it knows, updates, completes, moves and deletes, one by
//! one and in batches, and now and then gives up on a request half-way or asks for what is not its
//! own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use taskwire::tasks::TaskId;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::client::{Answer, Client};
use super::history::{Kind, Outcome, Promise, Violation, Write, count};

/// So many tasks a user has at most, about.
const ENOUGH: usize = 60;

/// What the writers of a user, and those who would like to be, know of its tasks.
#[derive(Default)]
pub struct Known(Mutex<Vec<TaskId>>);

impl Known {
    pub fn add(&self, id: TaskId) {
        self.lock().push(id);
    }

    pub fn any(&self, rng: &mut StdRng) -> Option<TaskId> {
        let known = self.lock();
        (!known.is_empty()).then(|| known[rng.random_range(0..known.len())])
    }

    fn take(&self, rng: &mut StdRng) -> Option<TaskId> {
        let mut known = self.lock();
        (!known.is_empty()).then(|| {
            let at = rng.random_range(0..known.len());
            known.swap_remove(at)
        })
    }

    fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<TaskId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Writer {
    pub client: Client,
    /// The tasks of every user.
    pub known: Arc<[Known]>,
    pub rng: StdRng,
    pub pause: Duration,
    pub stop: CancellationToken,
}

impl Writer {
    pub async fn run(mut self) {
        while !self.stop.is_cancelled() {
            let full = self.own().len() >= ENOUGH;
            match self.rng.random_range(0..100) {
                0..30 if !full => self.create().await,
                30..40 if !full => self.batch().await,
                0..60 => self.update().await,
                60..68 => self.complete().await,
                68..76 => self.shift().await,
                76..85 => self.delete().await,
                85..95 => self.trespass().await,
                _ => self.look().await,
            }
            sleep(self.pause.mul_f64(self.rng.random_range(0.0..2.0))).await;
        }
    }

    pub fn own(&self) -> &Known {
        &self.known[self.client.user]
    }

    /// Unlike any other, and the user's own.
    pub fn words(&self) -> String {
        format!("{} {:032x}", self.client.name(), rand::random::<u128>())
    }

    /// Some of the fields that a task can have; the labels are the user's own.
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

    async fn create(&mut self) {
        let (id, token) = (TaskId::new(), self.words());
        let mut body = self.fields();
        body["id"] = json!(id);
        body["title"] = json!(format!("created {}", self.client.name()));
        body["description"] = json!(token);
        let mut refusals: &[StatusCode] = &[];
        if self.rng.random_bool(0.3)
            && let Some(parent) = self.known[self.client.user].any(&mut self.rng)
        {
            body["parent_id"] = json!(parent);
            // It is gone or at the bottom, or has taken this one along when it went.
            refusals = &[StatusCode::BAD_REQUEST, StatusCode::GONE];
        }
        let mut attempts = 0;
        loop {
            attempts += 1;
            let answer = self.send(Method::POST, "/tasks", Some(&body)).await;
            let outcome = self.outcome("a create", answer.as_ref(), refusals);
            self.note(Kind::Create, id, &token, outcome);
            match outcome {
                // A first attempt may still be on its way; deleting could then let it recreate
                // once the log is shortened, so what was tried twice is kept.
                Outcome::Acknowledged(_) if attempts == 1 => return self.own().add(id),
                Outcome::Unknown if !self.stop.is_cancelled() => self.back_off().await,
                _ => return,
            }
        }
    }

    async fn update(&mut self) {
        let own = &self.known[self.client.user];
        let Some(id) = own.any(&mut self.rng) else { return };
        let token = self.words();
        let mut body = self.fields();
        body["description"] = json!(token);
        if self.rng.random_bool(0.3) {
            body["completed"] = json!(self.rng.random_bool(0.5));
        }
        let answer = self.send(Method::PATCH, &format!("/tasks/{id}"), Some(&body)).await;
        // 409: it has open subtasks.
        let outcome = self.outcome("an update", answer.as_ref(), &[StatusCode::NOT_FOUND, StatusCode::CONFLICT]);
        self.note(Kind::Update, id, &token, outcome);
    }

    async fn complete(&mut self) {
        let own = &self.known[self.client.user];
        let Some(id) = own.any(&mut self.rng) else { return };
        let children = ["refuse", "include"][self.rng.random_range(0..2)];
        let completed = self.rng.random_bool(0.5);
        let body = self.rng.random_bool(0.7).then(|| json!({ "completed": completed, "children": children }));
        let answer = self.send(Method::PATCH, &format!("/tasks/{id}/complete"), body.as_ref()).await;
        let outcome = self.outcome("a completion", answer.as_ref(), &[StatusCode::NOT_FOUND, StatusCode::CONFLICT]);
        self.note(Kind::Complete, id, "", outcome);
    }

    /// Beside another task or to the end, and sometimes out of its parent or into another.
    async fn shift(&mut self) {
        let own = &self.known[self.client.user];
        let (Some(id), Some(other)) = (own.any(&mut self.rng), own.any(&mut self.rng)) else { return };
        let mut body = match self.rng.random_range(0..3) {
            0 => json!({}),
            1 => json!({ "before": other }),
            _ => json!({ "after": other }),
        };
        if self.rng.random_bool(0.3) {
            body["parent_id"] = json!(own.any(&mut self.rng).filter(|_| self.rng.random_bool(0.5)));
        }
        let answer = self.send(Method::POST, &format!("/tasks/{id}/move"), Some(&body)).await;
        let outcome = self.outcome("a move", answer.as_ref(), &[StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST]);
        self.note(Kind::Complete, id, "", outcome);
    }

    async fn delete(&mut self) {
        // Few tasks are left alone, or there is nothing to update.
        if self.own().len() < 5 {
            return;
        }
        let own = &self.known[self.client.user];
        let Some(id) = own.take(&mut self.rng) else { return };
        loop {
            let answer = self.send(Method::DELETE, &format!("/tasks/{id}?children=include"), None).await;
            // What it was part of may have taken it along.
            let outcome = self.outcome("a delete", answer.as_ref(), &[StatusCode::NOT_FOUND]);
            self.note(Kind::Delete, id, "", outcome);
            if outcome != Outcome::Unknown || self.stop.is_cancelled() {
                return;
            }
            self.back_off().await;
        }
    }

    /// Asks for another user's task, which must not be there.
    async fn trespass(&mut self) {
        let other = self.rng.random_range(0..self.known.len());
        if other == self.client.user {
            return;
        }
        let Some(id) = self.known[other].any(&mut self.rng) else { return };
        let path = format!("/tasks/{id}");
        let batch = json!({ "operations": [{ "op": "complete", "id": id, "children": "include" }] });
        let answer = match self.rng.random_range(0..5) {
            0 => self.client.send(Method::PATCH, &path, Some(&json!({ "title": self.words() }))).await,
            1 => self.client.send(Method::DELETE, &path, None).await,
            2 => self.client.send(Method::POST, &format!("{path}/move"), Some(&json!({}))).await,
            3 => self.client.send(Method::POST, "/tasks/batch", Some(&batch)).await,
            _ => self.client.send(Method::GET, &path, None).await,
        };
        if let Some(answer) = answer
            && answer.status != StatusCode::NOT_FOUND
            && answer.status != StatusCode::SERVICE_UNAVAILABLE
        {
            let what = format!("another user's task was answered {}", answer.status);
            self.client.record.fault(self.client.user, Violation::new(Promise::NothingForeign, what));
        }
    }

    async fn look(&mut self) {
        if let Some(list) = self.client.list(200).await {
            self.client.record.user(self.client.user).lists.push(list);
        }
    }

    pub async fn back_off(&mut self) {
        sleep(Duration::from_millis(self.rng.random_range(50..300))).await;
    }

    /// Sends a write; sometimes gives up on it right after.
    pub async fn send(&mut self, method: Method, rest: &str, body: Option<&Value>) -> Option<Answer> {
        if self.rng.random_bool(0.03) {
            count(&self.client.record.counts.abandoned);
            let patience = Duration::from_micros(self.rng.random_range(0..8000));
            return timeout(patience, self.client.send(method, rest, body)).await.ok()?;
        }
        self.client.send(method, rest, body).await
    }

    fn outcome(&self, what: &str, answer: Option<&Answer>, refusals: &[StatusCode]) -> Outcome {
        let Some(answer) = answer else { return Outcome::Unknown };
        match answer.status {
            // A repeated create tells the version that the task has by now.
            StatusCode::OK if what == "a create" => Outcome::Acknowledged(None),
            StatusCode::CREATED | StatusCode::OK => Outcome::Acknowledged(answer.body["version"].as_i64()),
            StatusCode::NO_CONTENT => Outcome::Acknowledged(None),
            StatusCode::SERVICE_UNAVAILABLE => Outcome::Unknown,
            status if refusals.contains(&status) => Outcome::Refused,
            _ => {
                self.client.unexpected(what, answer);
                Outcome::Refused
            }
        }
    }

    pub fn note(&self, kind: Kind, id: TaskId, token: &str, outcome: Outcome) {
        let record = &self.client.record;
        let write = Write { kind, id, token: token.to_owned(), outcome, ended: record.tick() };
        record.user(self.client.user).writes.push(write);
    }
}
