//! Pages of lists that are hard to write: texts with escapes, dues in time zones, nulls, every order and its
//! cursors. [`Client::page`](crate::kit::Client::page) compares each page with what the types of the contract
//! make of it.

use serde_json::{Value, json};
use taskwire::model::Task;

use crate::kit::TestServer;

#[tokio::test]
async fn pages_of_unusual_tasks_are_written_to_the_byte_as_the_types_write_them() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.page("limit=50").await;
    let project: Value = ada.post("/projects").json(json!({ "name": "Home" })).expect(201).await.json();
    let texts = ["plain", "\"quoted\" \\ and \t\r\n", "\u{1}\u{7f}\u{2028}</script>", "Ähre 你好 🦀 e\u{301}", "'; --"];
    let dues = [
        Value::Null,
        json!({ "date": "1900-01-01" }),
        json!({ "date": "9999-12-31" }),
        json!({ "date": "2026-03-29", "time": "02:30", "time_zone": "Europe/Berlin" }),
        json!({ "date": "2024-02-29", "time": "00:00", "time_zone": "Asia/Kathmandu" }),
    ];
    let priorities = ["none", "low", "medium", "high", "urgent"];
    let mut parent = None;
    for (number, (text, due)) in texts.iter().flat_map(|text| dues.iter().map(move |due| (text, due))).enumerate() {
        let labels: Vec<String> = (0..number % 4).map(|label| format!("{} {label}", text.trim())).collect();
        let task = json!({
            "title": format!("milk {text} {number}"),
            "description": (number % 3 > 0).then(|| text.repeat(number)),
            "completed": number % 5 == 4,
            "priority": priorities[number % 5],
            "due": due,
            "recurrence": (!due.is_null() && number % 2 == 0 && ![2, 4].contains(&(number % 5))).then_some("FREQ=WEEKLY;BYDAY=MO,WE"),
            "labels": labels,
            "project_id": (number % 3 == 0).then(|| project["id"].clone()),
            "parent_id": if number % 3 == 1 { parent } else { None },
        });
        let task: Task = ada.post("/tasks").json(task).expect(201).await.json();
        parent = Some(task.id).filter(|_| task.parent_id.is_none());
    }
    for order in ["created", "updated", "title", "due", "priority", "rank", "completed", "relevance&q=mil"] {
        for filter in ["", "&q=milk", "&status=pending", "&due=any"] {
            if filter == "&q=milk" && order.contains('q') {
                continue;
            }
            let mut query = format!("limit=7&sort={order}{filter}");
            while let Some(next) = ada.page(&query).await.next_cursor {
                query = format!("limit=7&sort={order}{filter}&cursor={next}");
            }
        }
    }
}
