//! The body of a batch. First the body is parsed, then each operation by itself, so that every error names its
//! operation.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::api::tasks::moves::MoveTask;
use crate::engine::Operation;
use crate::model::fields::{not_null, word};
use crate::model::validation::checked;
use crate::model::{
    Children, Completion, CreateTask, FieldError, Problem, Seq, SetCompletion, Tag, Tagged, TaskId, TaskPatch, TrashId,
    UpdateTask,
};

/// The most operations of one batch.
pub const OPERATIONS_MAX: usize = 500;
/// The most errors that are reported for one batch.
const ERRORS_MAX: usize = 100;

/// What happens if an operation is rejected: `all_or_nothing` applies no operation and returns the
/// error; `each` applies the other operations and returns a result for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchMode {
    #[default]
    AllOrNothing,
    Each,
}

/// Up to 500 operations, which are applied in their order and in one transaction.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// A UUID that the client chooses, which makes the batch safe to retry. The same id with the same
    /// batch changes nothing and returns the tasks as they are now. The same id with another batch
    /// returns 409.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub id: Option<Uuid>,
    /// What happens if an operation is rejected.
    #[serde(default, deserialize_with = "word")]
    #[schema(default = "all_or_nothing")]
    pub mode: BatchMode,
    /// 1 to 500 operations.
    #[validate(custom(function = "operation_count"))]
    #[schema(value_type = Vec<BatchOperation>, min_items = 1, max_items = 500)]
    pub operations: Vec<Box<RawValue>>,
}

fn operation_count(operations: &[Box<RawValue>]) -> Result<(), ValidationError> {
    if operations.is_empty() || operations.len() > OPERATIONS_MAX {
        return Err(ValidationError::new("length").with_message("must be 1 to 500 operations".into()));
    }
    Ok(())
}

/// Creates a task. If it has an `id`, later operations can refer to it, and the creation is safe to
/// retry.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchCreate {
    #[schema(schema_with = Tag::<Self>::schema)]
    pub op: Tag<Self>,
    #[validate(nested)]
    pub task: CreateTask,
}

/// Updates a task.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchUpdate {
    #[schema(schema_with = Tag::<Self>::schema)]
    pub op: Tag<Self>,
    pub id: TaskId,
    /// Apply the operation only if the task has this version; otherwise its status is 412.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub if_version: Option<Seq>,
    #[validate(nested)]
    pub changes: UpdateTask,
}

/// Completes or reopens a task, with the rules of `PATCH …/tasks/{task_id}/complete`.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchComplete {
    #[schema(schema_with = Tag::<Self>::schema)]
    pub op: Tag<Self>,
    pub id: TaskId,
    /// Apply the operation only if the task has this version; otherwise its status is 412.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub if_version: Option<Seq>,
    /// Whether the task is completed.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub completed: bool,
    /// For a recurring task, the occurrence that is completed or, if `completed` is false, whose completion
    /// is taken back: the `date` of its `due`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = String, format = Date, example = "2026-11-30")]
    pub occurrence: Option<NaiveDate>,
    /// What happens to open subtasks: `refuse` rejects the operation (409), `include` completes them.
    #[serde(default, deserialize_with = "word")]
    #[schema(default = "refuse")]
    pub children: Children,
}

const fn yes() -> bool {
    true
}

/// Moves a task. Without `before` and `after`, it moves to the end.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "`op` is read first, because it decides how the rest is parsed")]
pub struct BatchMove {
    #[schema(schema_with = Tag::<Self>::schema)]
    pub op: Tag<Self>,
    pub id: TaskId,
    /// Apply the operation only if the task has this version; otherwise its status is 412.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub if_version: Option<Seq>,
    #[validate(nested)]
    pub to: MoveTask,
}

/// Moves a task to the trash.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchDelete {
    #[schema(schema_with = Tag::<Self>::schema)]
    pub op: Tag<Self>,
    pub id: TaskId,
    /// Apply the operation only if the task has this version; otherwise its status is 412.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub if_version: Option<Seq>,
    /// What happens to its subtasks: `refuse` rejects the operation if there are any (409), `include`
    /// moves them to the trash with the task.
    #[serde(default, deserialize_with = "word")]
    #[schema(default = "refuse")]
    pub children: Children,
}

/// Restores one deletion from the trash, with everything that was deleted with it.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchRestore {
    #[schema(schema_with = Tag::<Self>::schema)]
    pub op: Tag<Self>,
    /// The id of the deleted task or project.
    pub id: TrashId,
}

/// One operation of a batch. `op` names its kind.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `operation` reads")]
#[serde(untagged)]
#[schema(discriminator(property_name = "op", mapping(
    ("create" = "#/components/schemas/BatchCreate"),
    ("update" = "#/components/schemas/BatchUpdate"),
    ("complete" = "#/components/schemas/BatchComplete"),
    ("move" = "#/components/schemas/BatchMove"),
    ("delete" = "#/components/schemas/BatchDelete"),
    ("restore" = "#/components/schemas/BatchRestore"),
)))]
pub enum BatchOperation {
    Create(BatchCreate),
    Update(BatchUpdate),
    Complete(BatchComplete),
    Move(BatchMove),
    Delete(BatchDelete),
    Restore(BatchRestore),
}

impl Tagged for BatchCreate {
    const NAME: &'static str = "create";
}

impl Tagged for BatchUpdate {
    const NAME: &'static str = "update";
}

impl Tagged for BatchComplete {
    const NAME: &'static str = "complete";
}

impl Tagged for BatchMove {
    const NAME: &'static str = "move";
}

impl Tagged for BatchDelete {
    const NAME: &'static str = "delete";
}

impl Tagged for BatchRestore {
    const NAME: &'static str = "restore";
}

impl Batch {
    /// The operations, or all errors in them.
    pub fn operations(&self) -> Result<Vec<Operation>, Problem> {
        let mut operations = Vec::with_capacity(self.operations.len());
        let mut errors: Vec<FieldError> = Vec::new();
        for (index, raw) in self.operations.iter().enumerate() {
            match operation(raw) {
                Ok(operation) => operations.push(operation),
                Err(problem) => errors.extend(problem.for_part(&operation_field(index)).into_errors()),
            }
        }
        if errors.is_empty() {
            return Ok(operations);
        }
        errors.truncate(ERRORS_MAX);
        Err(Problem::invalid(errors))
    }
}

/// The name of an operation in errors, such as `operations[3]`.
pub fn operation_field(index: usize) -> String {
    format!("operations[{index}]")
}

fn operation(raw: &RawValue) -> Result<Operation, Problem> {
    #[derive(Deserialize)]
    struct Kind {
        op: Option<serde_json::Value>,
    }
    let kind: Kind = parse(raw)?;
    let op = kind.op.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    let if_match = |version: Option<Seq>| version.map(|version| vec![version.get()]);
    match op {
        BatchCreate::NAME => read::<BatchCreate>(raw).map(|body| Operation::CreateTask(body.task)),
        BatchUpdate::NAME => read::<BatchUpdate>(raw).map(|BatchUpdate { id, if_version, changes, .. }| {
            Operation::UpdateTask { id, patch: changes.into(), if_match: if_match(if_version) }
        }),
        BatchComplete::NAME => read::<BatchComplete>(raw).map(|body| {
            let BatchComplete { id, if_version, completed, occurrence, children, .. } = body;
            let patch = TaskPatch {
                completion: Completion::Set(completed),
                ..TaskPatch::from(Some(SetCompletion { completed, occurrence, children }))
            };
            Operation::UpdateTask { id, patch, if_match: if_match(if_version) }
        }),
        BatchMove::NAME => {
            read::<BatchMove>(raw).map(|BatchMove { id, if_version, to, .. }| to.operation(id, if_match(if_version)))
        }
        BatchDelete::NAME => read::<BatchDelete>(raw).map(|BatchDelete { id, if_version, children, .. }| {
            Operation::DeleteTask { id, children, if_match: if_match(if_version) }
        }),
        BatchRestore::NAME => read::<BatchRestore>(raw).map(|body| Operation::Restore(body.id.as_uuid())),
        _ => {
            let known = "must be create, update, complete, move, delete or restore";
            Err(Problem::invalid_field("op", "invalid_value", known))
        }
    }
}

fn parse<T: DeserializeOwned>(raw: &RawValue) -> Result<T, Problem> {
    crate::api::extract::body::parse(raw.get().as_bytes())
}

fn read<T: DeserializeOwned + Validate>(raw: &RawValue) -> Result<T, Problem> {
    checked(parse::<T>(raw)?)
}
