//! The sample tasks of the user `demo`.

use chrono::{Days, Utc};
use serde_json::json;

use crate::api::app::App;
use crate::engine::{Mode, Operation};
use crate::model::{CreateTask, OwnerId, Problem, TaskId};

/// Creates the sample tasks in one batch. They are JSON, as a client would send them, so the same rules apply.
pub async fn create_sample_tasks(app: &App, owner: &OwnerId) -> Result<(), Problem> {
    let today = Utc::now().date_naive();
    let in_days = |days| today.checked_add_days(Days::new(days)).unwrap_or(today);
    let picnic = TaskId::new();
    let tasks = [
        json!({"title": "Welcome! Tick me off", "description": "Open a second window: the task changes there at once."}),
        json!({"title": "Water the plants", "due": {"date": today}, "recurrence": "FREQ=WEEKLY", "labels": ["home"]}),
        json!({"id": picnic, "title": "Plan a picnic", "due": {"date": in_days(3)}, "priority": "medium"}),
        json!({"title": "Ask who brings a blanket", "parent_id": picnic}),
        json!({"title": "Buy cherries", "parent_id": picnic, "labels": ["errands"]}),
        json!({"title": "Read what the API can do", "description": "The documentation is at /docs/.", "priority": "low"}),
        json!({"title": "Start Taskwire", "completed": true}),
    ];
    let create = |task| serde_json::from_value::<CreateTask>(task).map(Operation::CreateTask);
    let operations = tasks.into_iter().map(create).collect::<Result<Vec<_>, _>>();
    let operations = operations.map_err(|error| Problem::server_error(&error))?;
    app.engine().run_batch(owner, operations, Mode::AllOrNothing, None).await?.map_err(|(_, problem)| problem)?;
    Ok(())
}
