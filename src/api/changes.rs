//! `GET /api/{user_id}/changes`: the change log over plain HTTP, for clients that poll.

use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::extract::caller::Caller;
use super::extract::query::{Limit, Query};
use super::openapi::params::UserPath;
use super::openapi::responses::Gone;
use super::respond::json::Json;
use crate::changes::log::{self, LogPage, ResetReason};
use crate::model::{Change, Code, Position, Problem, Seq};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesQuery {
    /// Return the changes after this position. It comes from a list, a change or the live channel.
    /// Without it, return the changes from the beginning of the log.
    #[param(required = false)]
    after: Option<Position>,
    /// The most changes to return.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, default = 100)]
    limit: Limit<100, 500>,
}

/// The changes after a position, in order and without gaps.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeList {
    pub changes: Vec<Change>,
    /// The position after the last of these changes. Send it as `after` to get the next changes.
    pub position: Position,
    /// Whether there are more changes after `position`.
    pub has_more: bool,
}

/// List changes after a position
///
/// Returns every change of the user's tasks and projects after `after`, in order and without gaps.
/// These are the changes that the live channel sends, for clients that poll. While `has_more` is
/// true, send the request again with the returned `position`.
///
/// The response is complete or it is 410. It is 410 if the log does not contain the change that the
/// position names: the position belongs to another history or to changes that a restore of the
/// database has lost, is ahead of the log, or is older than the log, which keeps changes for
/// `RETENTION` (7 days by default). After a 410, list the tasks again and continue from the position of that list.
#[utoipa::path(
    get,
    path = "/api/{user_id}/changes",
    tag = "changes",
    params(UserPath, ChangesQuery),
    responses(
        (status = 200, description = "The changes, oldest first.", body = ChangeList),
        (status = 410, response = Gone),
    ),
    impl_for = list_changes
)]
#[handler]
pub async fn list_changes(app: App, caller: Caller, query: Query<ChangesQuery>) -> Result<Json<ChangeList>, Problem> {
    let Query(ChangesQuery { after, limit }) = query;
    let from = after.map_or(Seq::ZERO, |position| position.seq);
    let page = log::read(app.pool(), caller.owner(), from, limit.get()).await?;
    let after = after.unwrap_or_else(|| page.history.beginning());
    let page = page.continuing(after).map_err(gone)?;
    Ok(Json(change_list(page)))
}

fn change_list(page: LogPage) -> ChangeList {
    let position = page.end();
    ChangeList { position, has_more: position.seq < page.head.seq, changes: page.changes }
}

fn gone(reason: ResetReason) -> Problem {
    Problem::new(Code::Gone, reason.detail())
}
