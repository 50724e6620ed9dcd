//! Shorthands for the task model: projects, subtasks, batches and the user's order.

use std::fmt::Display;

use serde_json::{Value, json};
use taskwire::engine::{BatchResponse, BatchResult};
use taskwire::model::{Project, ProjectId, Task};

use super::{Client, at};

impl Client {
    /// Creates a task with these fields.
    pub async fn create_with(&self, fields: Value) -> Task {
        self.post("/tasks").json(fields).expect(201).await.json()
    }

    /// Creates a project with this name.
    pub async fn project(&self, name: &str) -> ProjectId {
        self.post("/projects").json(json!({ "name": name })).expect(201).await.json::<Project>().id
    }

    /// Creates a subtask of `parent`.
    pub async fn create_below(&self, parent: &Task, title: &str) -> Task {
        self.create_with(json!({ "title": title, "parent_id": parent.id })).await
    }

    /// Applies an all-or-nothing batch, which must succeed; returns its results.
    pub async fn batch(&self, operations: Value) -> Vec<BatchResult> {
        let answer: BatchResponse =
            self.post("/tasks/batch").json(json!({ "operations": operations })).expect(200).await.json();
        answer.results
    }

    /// Moves an existing task.
    pub async fn move_task(&self, id: impl Display, to: Value) -> Task {
        self.post(&format!("{}/move", at(id))).json(to).expect(200).await.json()
    }

    /// All tasks in the user's order, sorted by the bytes of the rank as clients do.
    pub async fn in_order(&self) -> Vec<Task> {
        let mut tasks = self.all_tasks().await;
        tasks.sort_by(|one, other| one.rank.as_str().as_bytes().cmp(other.rank.as_str().as_bytes()));
        tasks
    }

    /// All tasks of the user, page by page.
    pub async fn all_tasks(&self) -> Vec<Task> {
        let (mut tasks, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.page(&format!("limit=200{cursor}")).await;
            tasks.extend(page.tasks);
            match page.next_cursor {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return tasks,
            }
        }
    }
}
