//! `GET /api/{user_id}/changes`: the live channel over plain HTTP.

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
    /// The position up to which everything is known, from a list, a change or the live channel.
    /// Without it: from the beginning of the log.
    #[param(required = false)]
    after: Option<Position>,
    /// How many changes to return at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500, default = 100)]
    limit: Limit<100, 500>,
}

/// Changes after a position, in order and complete.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeList {
    pub changes: Vec<Change>,
    /// The position after the last of these changes: ask on from here.
    pub position: Position,
    /// Whether there are more changes after `position`.
    pub has_more: bool,
}

/// List changes after a position
///
/// Everything that happened to the user's tasks after `after`, in order and without gaps: what
/// the live channel sends, for clients that poll. Where a complete answer is impossible (the
/// position belongs to another history, is ahead of the log, or is older than the log reaches
/// back) the answer is 410, never a part: list the tasks again and go on from that position.
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
    let after = after.unwrap_or_else(|| page.history.at(Seq::ZERO));
    let page = page.continuing(after).map_err(gone)?;
    Ok(Json(answer(page, from)))
}

fn answer(page: LogPage, from: Seq) -> ChangeList {
    let position = page.end(from);
    ChangeList { position, has_more: position.seq < page.head, changes: page.changes }
}

fn gone(reason: ResetReason) -> Problem {
    Problem::new(Code::Gone, reason.detail())
}
