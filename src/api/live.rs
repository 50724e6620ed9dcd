//! `GET /api/{user_id}/live`: the handshake of a WebSocket. A request that can be rejected before the
//! socket opens gets a problem document.

use std::sync::Arc;

use salvo::http::header::{
    CONNECTION, HeaderName, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use salvo::http::{HeaderMap, HeaderValue};
use salvo::prelude::*;
use salvo::websocket::WebSocketUpgrade;
use serde::Deserialize;
use utoipa::IntoParams;

use super::app::App;
use super::extract::address::client_address;
use super::extract::caller::{MaybeCaller, unauthorized};
use super::extract::query::Query;
use super::openapi::params::UserPath;
use super::openapi::responses::UpgradeRequired;
use crate::config::Origin;
use crate::live::connection::{self, Opener, Opening};
use crate::live::wire::socket_config;
use crate::model::{Code, Position, Problem, TokenError};

/// The WebSocket subprotocol. If a client names it, the server confirms it.
const SUBPROTOCOL: &str = "taskwire.v1";

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    /// Send the changes after this position. It comes from a list, a change or an earlier socket.
    /// Without it, send the changes from now on.
    #[param(required = false)]
    after: Option<Position>,
}

/// Follow changes live
///
/// Opens a WebSocket (RFC 6455) that sends every change of the caller's tasks and projects, in order
/// and exactly once.
///
/// **Authentication.** Send `Authorization: Bearer <token>` with the handshake. A browser cannot do
/// that: it sends `{"type":"authenticate","token":"…","after":"…"}` as the first message, within
/// `AUTHENTICATE_WITHIN` (5 seconds by default). Never put a token into the URL. If the handshake has
/// an `Origin`, it must be the server's own or one of `ALLOWED_ORIGINS`; otherwise the response is
/// 403. The subprotocol is `taskwire.v1`.
///
/// **Order.** The server first sends `hello`; from then on the socket misses no change. If you gave a
/// position, it sends every change after it and then `caught_up`. If it cannot do that completely,
/// it sends `reset`: list the tasks again. After that it sends each change as it happens. Ignore a
/// change whose `seq` is not greater than the last one you handled. Store the `position` of the last
/// change, to continue from it.
///
/// **Messages** are JSON texts with a `type`: `ServerMessage` from the server, and `ClientMessage`
/// from the client, of at most 16 KiB. Ignore types you do not know.
///
/// **Close codes:** 4400 malformed message; 4401 token missing, invalid, expired or revoked; 4403
/// token of another user; 4408 no `authenticate` in time; 4429 too many sockets of this user
/// (`SOCKETS_PER_USER`, 100 by default); 1009 message too big; 1012 the server restarts, or the
/// socket is old (`SOCKET_MAX_LIFE`, a day by default); 1013 try again later, also if the client
/// read no bytes for 10 seconds. After 1012 and 1013, connect again with the last position.
#[utoipa::path(
    get,
    path = "/api/{user_id}/live",
    tag = "changes",
    params(UserPath, LiveQuery),
    security(("bearerAuth" = []), ()),
    responses(
        (status = 101, description = "The connection is now a WebSocket; see `ServerMessage` and `ClientMessage`."),
        (status = 426, response = UpgradeRequired),
    ),
    impl_for = open_live
)]
#[handler]
pub async fn open_live(
    app: App,
    caller: MaybeCaller,
    query: Query<LiveQuery>,
    req: &mut Request,
    res: &mut Response,
) -> Result<(), Problem> {
    let MaybeCaller(caller) = caller;
    check_origin(&app, req.headers())?;
    if !asks_for_websocket(req.headers()) {
        // Only a socket can authenticate later, in its first message.
        return Err(if caller.is_some() { upgrade_required() } else { unauthorized(TokenError::Missing) });
    }
    if app.live().draining.is_cancelled() {
        return Err(Problem::unavailable("the server is stopping; connect again"));
    }
    let opener = match caller {
        Some(caller) => Opener::Authenticated(caller.into_identity()),
        None => {
            Opener::Unauthenticated(app.live().unauthenticated.admit(client_address(&app, req)).ok_or_else(too_many)?)
        }
    };
    let opening = Opening {
        live: Arc::clone(app.live()),
        path_user: req.params().get("user_id").cloned().unwrap_or_default(),
        opener,
        after: query.0.after,
    };
    // Counts this socket from now on, so that a stopping server waits for it.
    let tracked_socket = app.live().sockets.token();
    WebSocketUpgrade::with_config(socket_config())
        .protocols(&[SUBPROTOCOL])
        .upgrade(req, res, async move |socket| {
            connection::run(socket, opening).await;
            drop(tracked_socket);
        })
        .await
        .map_err(|_| upgrade_required())
}

/// Only browsers send an `Origin`, and only pages of allowed origins may open a socket.
fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let allowed = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.parse::<Origin>().ok())
        .is_some_and(|origin| app.allows_origin(&origin));
    if allowed {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden, "pages of this origin may not connect; add it to ALLOWED_ORIGINS"))
}

fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let has = |name: HeaderName, token: &str| {
        headers.get_all(name).iter().any(|value| {
            value.to_str().is_ok_and(|value| value.split(',').any(|item| item.trim().eq_ignore_ascii_case(token)))
        })
    };
    has(UPGRADE, "websocket")
        && has(CONNECTION, "upgrade")
        && has(SEC_WEBSOCKET_VERSION, "13")
        && headers.contains_key(SEC_WEBSOCKET_KEY)
}

fn too_many() -> Problem {
    Problem::new(
        Code::RateLimited,
        "too many open sockets have not authenticated yet; send the token with the handshake, or try again",
    )
    .with_header(RETRY_AFTER, HeaderValue::from_static("5"))
}

fn upgrade_required() -> Problem {
    Problem::new(Code::UpgradeRequired, "speak WebSocket (version 13) here, or poll the changes operation instead")
        .with_header(UPGRADE, HeaderValue::from_static("websocket"))
        .with_header(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
}
