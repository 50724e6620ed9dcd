//! `GET /api/{user_id}/export`: everything as one file, read row by row out of one snapshot and
//! sent as it is read. What cannot be finished breaks off: the client's library tells, and neither
//! JSON nor a calendar that is cut off can be taken for a whole one.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use salvo::http::Method;
use salvo::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use salvo::hyper::body::Bytes;
use salvo::prelude::*;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::Instrument;
use utoipa::{IntoParams, ToSchema};

use super::csv::CsvWriter;
use super::document::{ExportDocument, ExportedProject};
use super::ics::IcsWriter;
use super::json::JsonWriter;
use super::store::{self, Exported, ZoneUse};
use crate::app::App;
use crate::auth::{Caller, OwnerId};
use crate::changes::Position;
use crate::database::Snapshot;
use crate::http::query::Query;
use crate::openapi::params::UserPath;
use crate::problem::Problem;

/// The size of the pieces in which a file is sent, and how many may wait to be.
const PIECE: usize = 64 * 1024;
const WAITING: usize = 64;
/// How long a client may take nothing, and the database give nothing, before it is over.
const STALLED: Duration = Duration::from_secs(30);

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    #[default]
    Json,
    Ics,
    Csv,
}

impl ExportFormat {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Ics => "text/calendar; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ics => "ics",
            Self::Csv => "csv",
        }
    }

    fn writer(self) -> Box<dyn FileWriter> {
        match self {
            Self::Json => Box::new(JsonWriter::default()),
            Self::Ics => Box::new(IcsWriter),
            Self::Csv => Box::new(CsvWriter::default()),
        }
    }
}

/// What stands before all tasks.
#[derive(Debug)]
pub struct Head {
    pub exported_at: DateTime<Utc>,
    pub position: Position,
    /// The time zones that a calendar has to explain.
    pub zones: Vec<ZoneUse>,
}

/// Writes a file of one format, bit by bit.
pub trait FileWriter: Send {
    fn start(&mut self, out: &mut Vec<u8>, head: &Head);

    /// Only JSON has more of a project than its tasks say.
    fn project(&mut self, _out: &mut Vec<u8>, _project: &ExportedProject) {}

    fn task(&mut self, out: &mut Vec<u8>, exported: &Exported);

    fn finish(&mut self, out: &mut Vec<u8>);
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `json`, the default, holds everything; `ics` holds the tasks as to-dos for calendar programs, `csv` as a
    /// table.
    #[serde(default)]
    #[param(inline, required = false)]
    format: ExportFormat,
}

/// Export everything
///
/// One file with all that the user has, as one snapshot of it, sent as it is read. Each task comes
/// after the one that it is a part of. A file that ends early has broken off: ask again.
///
/// **JSON** (see `ExportDocument`) holds all projects and tasks; imported elsewhere and exported
/// again it is the same, but for the header.
///
/// **iCalendar** (RFC 5545): a VTODO for each task; UID is its id. `due` is DUE, as a date or with
/// a time zone that a VTIMEZONE explains; a recurring one is also DTSTART. PRIORITY is 1 for
/// urgent, 3 for high, 5 for medium, 9 for low; labels are CATEGORIES, the parent is RELATED-TO,
/// the order X-APPLE-SORT-ORDER, the project X-TASKWIRE-PROJECT-ID and X-TASKWIRE-PROJECT. Times of
/// creation and completion are cut to seconds, control characters are left out, and colours of
/// projects and past occurrences have no place in it.
///
/// **CSV** (RFC 4180) in UTF-8 with the columns `id`, `title`, `description`, `completed`,
/// `completed_at`, `priority`, `due_date`, `due_time`, `due_time_zone`, `recurrence`, `labels`
/// (with commas between them), `project_id`, `project` (its name), `parent_id`, `order` and
/// `created_at`. A text that a spreadsheet could take for a formula (it begins with `=`, `+`, `-`,
/// `@`, a tab or a carriage return) has an apostrophe before it, which import takes away again.
#[utoipa::path(
    get,
    path = "/api/{user_id}/export",
    tag = "exchange",
    params(UserPath, ExportQuery),
    responses(
        (status = 200, description = "The file.", content(
            (ExportDocument = "application/json"),
            (String = "text/calendar"),
            (String = "text/csv"),
        ), headers(
            ("Content-Disposition" = String, description = "A name for the file, such as `taskwire-2026-11-25.json`."),
        )),
    ),
    impl_for = export_data
)]
#[handler]
pub async fn export_data(
    app: App,
    caller: Caller,
    query: Query<ExportQuery>,
    req: &Request,
    res: &mut Response,
) -> Result<(), Problem> {
    let format = query.0.format;
    let now = Utc::now();
    // HEAD is answered without the work.
    let pieces =
        if *req.method() == Method::HEAD { None } else { Some(begin(&app, caller.owner(), format, now).await?) };
    let name = format!("attachment; filename=\"taskwire-{}.{}\"", now.format("%Y-%m-%d"), format.extension());
    res.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(name) = HeaderValue::from_str(&name) {
        res.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    if let Some(pieces) = pieces {
        res.stream(stream::unfold(pieces, |mut pieces| async { pieces.recv().await.map(|piece| (piece, pieces)) }));
    }
    Ok(())
}

/// Why a file breaks off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database gave nothing for too long")]
    DatabaseStalled,
    #[error("the client took nothing for too long")]
    ClientStalled,
    #[error("the client went away")]
    ClientGone,
}

type Piece = Result<Bytes, Broken>;

/// Begins to read; the rest goes on while the answer is sent.
async fn begin(
    app: &App,
    owner: &OwnerId,
    format: ExportFormat,
    exported_at: DateTime<Utc>,
) -> Result<mpsc::Receiver<Piece>, Problem> {
    let slot = app.exchange().export().await?;
    let mut snapshot = Snapshot::begin(app.pool()).await?;
    let position = store::position(&mut snapshot, owner).await?;
    let zones = match format {
        ExportFormat::Ics => store::zones(&mut snapshot, owner).await?,
        ExportFormat::Json | ExportFormat::Csv => Vec::new(),
    };
    let head = Head { exported_at, position, zones };
    let (sender, pieces) = mpsc::channel(WAITING);
    let owner = owner.clone();
    let work = async move {
        let mut sending = Sending { to: sender, out: Vec::with_capacity(PIECE) };
        match send_all(&mut snapshot, &owner, format, &head, &mut sending).await {
            Ok(()) => snapshot.end().await,
            Err(error) => {
                tracing::warn!(%error, "an export broke off");
                // Whoever has gone away needs no telling.
                let _ = timeout(STALLED, sending.to.send(Err(error))).await;
            }
        }
        drop(slot);
    };
    tokio::spawn(work.instrument(tracing::Span::current()));
    Ok(pieces)
}

async fn send_all(
    snapshot: &mut Snapshot,
    owner: &OwnerId,
    format: ExportFormat,
    head: &Head,
    sending: &mut Sending,
) -> Result<(), Broken> {
    let mut writer = format.writer();
    writer.start(&mut sending.out, head);
    if format == ExportFormat::Json {
        let mut projects = store::projects(snapshot, owner);
        while let Some(project) = timeout(STALLED, projects.next()).await.map_err(|_| Broken::DatabaseStalled)? {
            writer.project(&mut sending.out, &project?);
            sending.send_full().await?;
        }
    }
    let mut tasks = store::tasks(snapshot, owner);
    while let Some(task) = timeout(STALLED, tasks.next()).await.map_err(|_| Broken::DatabaseStalled)? {
        writer.task(&mut sending.out, &task?);
        sending.send_full().await?;
    }
    writer.finish(&mut sending.out);
    sending.send().await
}

struct Sending {
    to: mpsc::Sender<Piece>,
    out: Vec<u8>,
}

impl Sending {
    async fn send_full(&mut self) -> Result<(), Broken> {
        if self.out.len() < PIECE { Ok(()) } else { self.send().await }
    }

    async fn send(&mut self) -> Result<(), Broken> {
        let piece = Bytes::from(std::mem::replace(&mut self.out, Vec::with_capacity(PIECE)));
        match timeout(STALLED, self.to.send(Ok(piece))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Broken::ClientGone),
            Err(_) => Err(Broken::ClientStalled),
        }
    }
}
