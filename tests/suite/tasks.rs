//! Single tasks: create, read, update, complete, delete.

use serde_json::{Value, json};
use taskwire::tasks::Task;

use crate::kit::TestServer;

#[tokio::test]
async fn a_created_task_can_be_read_back() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let answer =
        ada.post("/tasks").json(json!({"title": "  Buy milk ", "description": "Two litres"})).expect(201).await;
    let task: Task = answer.json();
    assert_eq!((task.title.as_str(), task.description.as_deref()), ("Buy milk", Some("Two litres")));
    assert_eq!((task.user_id.as_str(), task.completed, task.version.get()), ("ada", false, 1));
    assert_eq!(answer.header("location"), Some(format!("/api/ada/tasks/{}", task.id).as_str()));
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let read: Task = ada.get(&format!("/tasks/{}", task.id)).expect(200).await.json();
    assert_eq!(read, task);
    let list: Value = ada.get("/tasks").expect(200).await.json();
    assert_eq!(list["count"], 1);
}
