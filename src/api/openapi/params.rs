//! The descriptions of parameters that several operations share.

use utoipa::IntoParams;

use crate::identity::api_tokens::ApiTokenId;
use crate::model::{ProjectId, TaskId, TrashId};

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Caller` reads")]
pub struct UserPath {
    /// The id of the token's user, percent-encoded. For another user the response is 403.
    #[param(min_length = 1, max_length = 255, example = "demo")]
    user_id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Caller` and `TaskId` read")]
pub struct TaskPath {
    /// The id of the token's user, percent-encoded. For another user the response is 403.
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
    /// The id of the token's user, percent-encoded. For another user the response is 403.
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
    /// The id of the token's user, percent-encoded. For another user the response is 403.
    #[param(min_length = 1, max_length = 255, example = "demo")]
    user_id: String,
    /// The id of the deleted task or project.
    #[param(value_type = String, format = Uuid, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    trash_id: TrashId,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes what `Person` and `ApiTokenId` read")]
pub struct ApiTokenPath {
    /// The id of the token's user, percent-encoded. For another user the response is 403.
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
    /// Act only if the resource has one of these entity tags, such as `"7"`; otherwise return 412. `*`
    /// matches every version (RFC 9110, section 13.1.1).
    #[param(rename = "If-Match", value_type = String, required = false)]
    if_match: Option<String>,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes what `IfNoneMatch` reads")]
pub struct IfNoneMatchHeader {
    /// Entity tags of versions that the client already has, such as `"7"`, or `*`. If one matches, the
    /// response is 304 without a body (RFC 9110, section 13.1.2).
    #[param(rename = "If-None-Match", value_type = String, required = false)]
    if_none_match: Option<String>,
}
