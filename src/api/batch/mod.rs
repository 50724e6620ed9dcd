//! `POST /api/{user_id}/tasks/batch`: many operations on tasks in one request.

mod requests;

use salvo::prelude::*;
use sha2::{Digest, Sha256};

use super::app::App;
use super::extract::body::JsonBody;
use super::extract::caller::Caller;
use super::openapi::params::UserPath;
use super::openapi::responses::{Conflict, Gone, NotFound, PreconditionFailed};
use super::respond::json::Json;
use crate::engine::{BatchKey, BatchResponse, Mode};
use crate::model::Problem;
use requests::{Batch, BatchMode, operation_field};

/// Apply many operations to tasks
///
/// Applies up to 500 operations on tasks, in their order and in one transaction. Each has the rules of the
/// request that it stands for. By default the batch is all or nothing: if an operation is rejected,
/// nothing is applied, the response is the error of the first rejected operation, and `errors` names
/// it by its index, such as `operations[3]`. With `"mode": "each"`, the server applies every operation
/// that is not rejected, and the response has the result of each.
///
/// The changes of a batch have consecutive numbers. An operation can refer to a task that an earlier
/// operation creates, by the `id` that the client chose, and restore what an earlier one deletes. Give
/// the batch an `id` to make it safe to retry for as long as the change log has its changes
/// (`RETENTION`, 7 days by default).
#[utoipa::path(
    post,
    path = "/api/{user_id}/tasks/batch",
    tag = "tasks",
    params(UserPath),
    request_body(content = Batch, examples(
        ("1-create-two" = (summary = "Create two tasks", value = json!({"operations": [
            {"op": "create", "task": {"title": "Buy milk"}},
            {"op": "create", "task": {"title": "Buy bread", "labels": ["errands"]}},
        ]}))),
        ("2-safe-to-retry" = (summary = "A task and its subtask, safe to retry", value = json!({
            "id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d70",
            "operations": [
                {"op": "create", "task": {"id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d71", "title": "Move house"}},
                {"op": "create", "task": {"title": "Find boxes", "parent_id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d71"}},
            ],
        }))),
        ("3-each" = (summary = "Apply each operation that is not rejected", value = json!({"mode": "each", "operations": [
            {"op": "complete", "id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e"},
            {"op": "update", "id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e", "changes": {"priority": "high"}},
            {"op": "move", "id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e", "to": {}},
            {"op": "delete", "id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e", "children": "include"},
        ]}))),
        ("4-take-back" = (summary = "Take back a deletion and a completion, safe to retry", value = json!({
            "id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d72",
            "operations": [
                {"op": "restore", "id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e"},
                {"op": "complete", "id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5f", "completed": false, "occurrence": "2026-11-30"},
            ],
        }))),
    )),
    responses(
        (status = 200, description = "The result of each operation.", body = BatchResponse),
        (status = 404, response = NotFound),
        (status = 409, response = Conflict),
        (status = 410, response = Gone),
        (status = 412, response = PreconditionFailed),
    ),
    impl_for = apply_batch
)]
#[handler]
pub async fn apply_batch(app: App, caller: Caller, body: JsonBody<Batch>) -> Result<Json<BatchResponse>, Problem> {
    let JsonBody(batch) = body;
    let operations = batch.operations()?;
    let mode = match batch.mode {
        BatchMode::AllOrNothing => Mode::AllOrNothing,
        BatchMode::Each => Mode::Each,
    };
    let key = batch.id.map(|id| BatchKey { id, digest: digest(&batch) });
    let result = app.engine().run_batch(caller.owner(), operations, mode, key).await?;
    result.map(Json).map_err(|(index, problem)| problem.for_part(&operation_field(index)))
}

/// A digest of the batch, which is equal for a repeated batch and differs for another batch with the same
/// id. White space and the order of fields do not matter.
fn digest(batch: &Batch) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([u8::from(batch.mode == BatchMode::Each)]);
    for operation in &batch.operations {
        // Serialised again without spaces and with sorted keys. The text has already been parsed as JSON.
        let value: serde_json::Value = serde_json::from_str(operation.get()).unwrap_or_default();
        hash.update(value.to_string());
        // A separator that no JSON text contains.
        hash.update([0]);
    }
    hash.finalize().into()
}
