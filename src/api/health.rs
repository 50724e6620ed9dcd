//! `GET /health`: reports whether this server can do its work, for load balancers and people.

use std::time::Duration;

use chrono::{DateTime, Utc};
use salvo::http::StatusCode;
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::app::App;
use super::respond::json::Json;
use crate::database;
use crate::model::Problem;

/// How long the database may take to answer.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    Healthy,
    Unhealthy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseStatus {
    Connected,
    Disconnected,
}

/// The state of this server.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    #[schema(inline)]
    pub status: HealthStatus,
    #[schema(inline)]
    pub database: DatabaseStatus,
    /// The server's clock, in UTC.
    pub timestamp: DateTime<Utc>,
    /// The version of Taskwire.
    #[schema(example = "0.1.0")]
    pub version: String,
}

/// Check the health of the server
///
/// Needs no token. Returns 503 if the database does not answer within 2 seconds (or half of
/// `REQUEST_TIMEOUT`, if that is shorter), and while the server is stopping.
#[utoipa::path(
    get,
    path = "/health",
    tag = "service",
    security(()),
    responses(
        (status = 200, description = "The server can do its work.", body = Health),
        (status = 503, description = "The server cannot do its work: the database does not answer, or the server is stopping.", body = Health),
    ),
    impl_for = get_health
)]
#[handler]
pub async fn get_health(app: App, res: &mut Response) -> Result<Json<Health>, Problem> {
    let probe = database::ping(app.pool());
    // Shorter than the request's timeout, which would end the request with a problem instead of a `Health`.
    let limit = PING_TIMEOUT.min(app.http().request_timeout / 2);
    let connected = matches!(tokio::time::timeout(limit, probe).await, Ok(Ok(())));
    let healthy = connected && !app.live().draining.is_cancelled();
    if !healthy {
        res.status_code(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(Json(Health {
        status: if healthy { HealthStatus::Healthy } else { HealthStatus::Unhealthy },
        database: if connected { DatabaseStatus::Connected } else { DatabaseStatus::Disconnected },
        timestamp: Utc::now(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }))
}
