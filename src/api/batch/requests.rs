//! What clients send as a batch. The operations are read one by one after the body around them, so that
//! every error names its operation.

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
    Children, Completion, CreateTask, FieldError, Problem, Seq, SetCompletion, Tag, Tagged, TaskId, TaskPatch,
    UpdateTask,
};

/// The most operations of one batch.
pub const OPERATIONS_MAX: usize = 500;
/// How many errors of one batch are reported.
const REPORTED: usize = 100;

/// What happens to the other operations when one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchMode {
    /// Nothing is done, and the answer is the refusal.
    #[default]
    AllOrNothing,
    /// The others go through, and each has a result of its own.
    Each,
}

/// Up to 500 operations, done in their order as one.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// A UUID of the client's own choice, which makes the whole batch safe to retry: the same id
    /// with the same batch changes nothing more and is answered with the tasks as they now are.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub id: Option<Uuid>,
    /// What happens to the other operations when one is refused.
    #[serde(default, deserialize_with = "word")]
    #[schema(default = "all_or_nothing")]
    pub mode: BatchMode,
    /// 1 to 500 operations.
    #[validate(custom(function = "some_operations"))]
    #[schema(value_type = Vec<BatchOperation>, min_items = 1, max_items = 500)]
    pub operations: Vec<Box<RawValue>>,
}

fn some_operations(operations: &[Box<RawValue>]) -> Result<(), ValidationError> {
    if operations.is_empty() || operations.len() > OPERATIONS_MAX {
        return Err(ValidationError::new("length").with_message("must be 1 to 500 operations".into()));
    }
    Ok(())
}

/// Creates a task. With an `id` it is safe to retry, and later operations can refer to it.
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
    /// Only while the task has this version.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub if_version: Option<Seq>,
    #[validate(nested)]
    pub changes: UpdateTask,
}

/// Completes or reopens a task.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchComplete {
    #[schema(schema_with = Tag::<Self>::schema)]
    pub op: Tag<Self>,
    pub id: TaskId,
    /// Only while the task has this version.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub if_version: Option<Seq>,
    /// Whether the task is done.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub completed: bool,
    /// Of a recurring task, the occurrence that is done, as the `date` of its `due`.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false, value_type = String, format = Date, example = "2026-11-30")]
    pub occurrence: Option<NaiveDate>,
    /// What happens to open subtasks.
    #[serde(default, deserialize_with = "word")]
    #[schema(default = "refuse")]
    pub children: Children,
}

const fn yes() -> bool {
    true
}

/// Moves a task; without `before` and `after` to the end.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "`op` is read before the rest, to tell what the rest is")]
pub struct BatchMove {
    #[schema(schema_with = Tag::<Self>::schema)]
    pub op: Tag<Self>,
    pub id: TaskId,
    /// Only while the task has this version.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub if_version: Option<Seq>,
    #[validate(nested)]
    pub to: MoveTask,
}

/// Deletes a task, into the trash.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchDelete {
    #[schema(schema_with = Tag::<Self>::schema)]
    pub op: Tag<Self>,
    pub id: TaskId,
    /// Only while the task has this version.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub if_version: Option<Seq>,
    /// What happens to its subtasks.
    #[serde(default, deserialize_with = "word")]
    #[schema(default = "refuse")]
    pub children: Children,
}

/// One operation of a batch, told by `op`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `operation` reads")]
#[serde(untagged)]
#[schema(discriminator(property_name = "op", mapping(
    ("create" = "#/components/schemas/BatchCreate"),
    ("update" = "#/components/schemas/BatchUpdate"),
    ("complete" = "#/components/schemas/BatchComplete"),
    ("move" = "#/components/schemas/BatchMove"),
    ("delete" = "#/components/schemas/BatchDelete"),
)))]
pub enum BatchOperation {
    Create(BatchCreate),
    Update(BatchUpdate),
    Complete(BatchComplete),
    Move(BatchMove),
    Delete(BatchDelete),
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

impl Batch {
    /// The operations, or every fault in any of them.
    pub fn operations(&self) -> Result<Vec<Operation>, Problem> {
        let mut operations = Vec::with_capacity(self.operations.len());
        let mut faults: Vec<FieldError> = Vec::new();
        for (place, raw) in self.operations.iter().enumerate() {
            match operation(raw) {
                Ok(operation) => operations.push(operation),
                Err(problem) => faults.extend(problem.for_part(&operation_at(place)).into_errors()),
            }
        }
        if faults.is_empty() {
            return Ok(operations);
        }
        faults.truncate(REPORTED);
        Err(Problem::invalid(faults))
    }
}

/// How errors name an operation.
pub fn operation_at(place: usize) -> String {
    format!("operations[{place}]")
}

fn operation(raw: &RawValue) -> Result<Operation, Problem> {
    #[derive(Deserialize)]
    struct Told {
        op: Option<serde_json::Value>,
    }
    let told: Told = checked_shape(raw)?;
    let op = told.op.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    let only = |version: Option<Seq>| version.map(|version| vec![version.get()]);
    match op {
        BatchCreate::NAME => read::<BatchCreate>(raw).map(|asked| Operation::CreateTask(asked.task)),
        BatchUpdate::NAME => read::<BatchUpdate>(raw).map(|BatchUpdate { id, if_version, changes, .. }| {
            Operation::UpdateTask { id, patch: changes.into(), if_match: only(if_version) }
        }),
        BatchComplete::NAME => read::<BatchComplete>(raw).map(|asked| {
            let BatchComplete { id, if_version, completed, occurrence, children, .. } = asked;
            let patch = TaskPatch {
                completion: Completion::Set(completed),
                ..TaskPatch::from(Some(SetCompletion { completed, occurrence, children }))
            };
            Operation::UpdateTask { id, patch, if_match: only(if_version) }
        }),
        BatchMove::NAME => {
            read::<BatchMove>(raw).map(|BatchMove { id, if_version, to, .. }| to.operation(id, only(if_version)))
        }
        BatchDelete::NAME => read::<BatchDelete>(raw).map(|BatchDelete { id, if_version, children, .. }| {
            Operation::DeleteTask { id, children, if_match: only(if_version) }
        }),
        _ => Err(Problem::invalid_field("op", "invalid_value", "must be create, update, complete, move or delete")),
    }
}

fn checked_shape<T: DeserializeOwned>(raw: &RawValue) -> Result<T, Problem> {
    crate::api::extract::body::parse(raw.get().as_bytes())
}

fn read<T: DeserializeOwned + Validate>(raw: &RawValue) -> Result<T, Problem> {
    checked(checked_shape::<T>(raw)?)
}
