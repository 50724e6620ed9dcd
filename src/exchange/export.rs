//! Exports: reads one snapshot row by row and sends the file in pieces. When an export fails, the response
//! ends without its last chunk: the client's HTTP library reports that, and neither a truncated JSON
//! document nor a truncated calendar is valid.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::format::FileFormat;
use super::writer::FileHeader;
use super::{TransferLimits, queries};
use crate::database::{Pool, Snapshot};
use crate::logging::in_this_request;
use crate::model::{OwnerId, Problem};

/// The size of a piece in bytes, and how many pieces may wait to be sent.
const PIECE: usize = 64 * 1024;
const WAITING: usize = 64;
/// How long the client may accept no piece, or the database return no row, before the export ends.
const STALLED: Duration = Duration::from_secs(30);

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database returned no row for too long")]
    DatabaseStalled,
    #[error("the client accepted no data for too long")]
    ClientStalled,
    #[error("the client closed the connection")]
    ClientGone,
}

/// A part of a file, or why the export failed.
pub type Piece = Result<Vec<u8>, ExportError>;

/// Starts an export, which runs in the background while the response sends its pieces.
pub async fn begin(
    pool: &Pool,
    limits: &TransferLimits,
    owner: &OwnerId,
    format: FileFormat,
    exported_at: DateTime<Utc>,
) -> Result<mpsc::Receiver<Piece>, Problem> {
    let permit = limits.acquire_export().await?;
    let mut snapshot = Snapshot::begin(pool).await?;
    let position = queries::position(&mut snapshot, owner).await?;
    let zones = match format {
        FileFormat::Ics => queries::zones(&mut snapshot, owner).await?,
        FileFormat::Json | FileFormat::Csv => Vec::new(),
    };
    let header = FileHeader { exported_at, position, zones };
    let (sender, pieces) = mpsc::channel(WAITING);
    let owner = owner.clone();
    let work = async move {
        let mut piece_sender = PieceSender { to: sender, out: Vec::with_capacity(PIECE) };
        match send_all(&mut snapshot, &owner, format, &header, &mut piece_sender).await {
            Ok(()) => snapshot.end().await,
            Err(error) => {
                tracing::warn!(%error, "an export failed");
                // Ends the response with an error, if the client is still connected.
                let _ = timeout(STALLED, piece_sender.to.send(Err(error))).await;
            }
        }
        drop(permit);
    };
    tokio::spawn(in_this_request(work));
    Ok(pieces)
}

async fn send_all(
    snapshot: &mut Snapshot,
    owner: &OwnerId,
    format: FileFormat,
    header: &FileHeader,
    pieces: &mut PieceSender,
) -> Result<(), ExportError> {
    let mut writer = format.writer();
    writer.start(&mut pieces.out, header);
    if format == FileFormat::Json {
        let mut projects = queries::projects(snapshot, owner);
        while let Some(project) = timeout(STALLED, projects.next()).await.map_err(|_| ExportError::DatabaseStalled)? {
            writer.project(&mut pieces.out, &project?);
            pieces.send_if_full().await?;
        }
    }
    let mut tasks = queries::tasks(snapshot, owner);
    while let Some(task) = timeout(STALLED, tasks.next()).await.map_err(|_| ExportError::DatabaseStalled)? {
        writer.task(&mut pieces.out, &task?);
        pieces.send_if_full().await?;
    }
    writer.finish(&mut pieces.out);
    pieces.send().await
}

struct PieceSender {
    to: mpsc::Sender<Piece>,
    out: Vec<u8>,
}

impl PieceSender {
    async fn send_if_full(&mut self) -> Result<(), ExportError> {
        if self.out.len() < PIECE { Ok(()) } else { self.send().await }
    }

    async fn send(&mut self) -> Result<(), ExportError> {
        let piece = std::mem::replace(&mut self.out, Vec::with_capacity(PIECE));
        match timeout(STALLED, self.to.send(Ok(piece))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(ExportError::ClientGone),
            Err(_) => Err(ExportError::ClientStalled),
        }
    }
}
