//! Parameters that several operations share, as the document describes them.

use utoipa::IntoParams;

use crate::identity::api_tokens::ApiTokenId;
use crate::model::{ProjectId, TaskId, TrashId};

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Caller` reads")]
pub struct UserPath {
    /// The caller's own user id, percent-encoded.
    #[param(min_length = 1, max_length = 255, example = "demo")]
    user_id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Caller` and `TaskId` read")]
pub struct TaskPath {
    /// The caller's own user id, percent-encoded.
    #[param(min_length = 1, max_length = 255, example = "demo")]
    user_id: String,
    /// The task's id.
    #[param(value_type = String, format = Uuid, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    task_id: TaskId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Caller` and `ProjectId` read")]
pub struct ProjectPath {
    /// The caller's own user id, percent-encoded.
    #[param(min_length = 1, max_length = 255, example = "demo")]
    user_id: String,
    /// The project's id.
    #[param(value_type = String, format = Uuid, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60")]
    project_id: ProjectId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Caller` and `TrashId` read")]
pub struct TrashPath {
    /// The caller's own user id, percent-encoded.
    #[param(min_length = 1, max_length = 255, example = "demo")]
    user_id: String,
    /// The id of the task or project that was deleted.
    #[param(value_type = String, format = Uuid, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    trash_id: TrashId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Person` and `ApiTokenId` read")]
pub struct ApiTokenPath {
    /// The caller's own user id, percent-encoded.
    #[param(min_length = 1, max_length = 255, example = "demo")]
    user_id: String,
    /// The API token's id.
    #[param(value_type = String, format = Uuid, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    token_id: ApiTokenId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what `IfMatch` reads")]
pub struct IfMatchHeader {
    /// Act only while what is named has one of these entity tags, such as `"7"`; otherwise 412.
    #[param(rename = "If-Match", value_type = String, required = false)]
    if_match: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what `IfNoneMatch` reads")]
pub struct IfNoneMatchHeader {
    /// Entity tags of versions that the client already has, such as `"7"`, or `*`.
    #[param(rename = "If-None-Match", value_type = String, required = false)]
    if_none_match: Option<String>,
}
