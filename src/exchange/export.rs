//! Exports: one snapshot, read row by row and written piece by piece. A file that cannot be finished
//! breaks off: the client's library notices, and neither JSON nor a calendar that is cut off can be
//! taken for a whole one.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::Instrument;

use super::format::FileFormat;
use super::writer::FileHeader;
use super::{TransferLimits, queries};
use crate::database::{Pool, Snapshot};
use crate::model::{OwnerId, Problem};

/// The size of the pieces in which a file is sent, and how many may wait to be sent.
const PIECE: usize = 64 * 1024;
const WAITING: usize = 64;
/// How long a client may take nothing, and the database give nothing, before the export ends.
const STALLED: Duration = Duration::from_secs(30);

/// Why a file breaks off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("the database gave nothing for too long")]
    DatabaseStalled,
    #[error("the client took nothing for too long")]
    ClientStalled,
    #[error("the client went away")]
    ClientGone,
}

/// A part of a file, or why it breaks off.
pub type Piece = Result<Vec<u8>, ExportError>;

/// Begins to read, and goes on while the response is sent.
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
        let mut sending = Sending { to: sender, out: Vec::with_capacity(PIECE) };
        match send_all(&mut snapshot, &owner, format, &header, &mut sending).await {
            Ok(()) => snapshot.end().await,
            Err(error) => {
                tracing::warn!(%error, "an export broke off");
                // A client that is gone cannot be told.
                let _ = timeout(STALLED, sending.to.send(Err(error))).await;
            }
        }
        drop(permit);
    };
    tokio::spawn(work.instrument(tracing::Span::current()));
    Ok(pieces)
}

async fn send_all(
    snapshot: &mut Snapshot,
    owner: &OwnerId,
    format: FileFormat,
    header: &FileHeader,
    sending: &mut Sending,
) -> Result<(), ExportError> {
    let mut writer = format.writer();
    writer.start(&mut sending.out, header);
    if format == FileFormat::Json {
        let mut projects = queries::projects(snapshot, owner);
        while let Some(project) = timeout(STALLED, projects.next()).await.map_err(|_| ExportError::DatabaseStalled)? {
            writer.project(&mut sending.out, &project?);
            sending.send_full().await?;
        }
    }
    let mut tasks = queries::tasks(snapshot, owner);
    while let Some(task) = timeout(STALLED, tasks.next()).await.map_err(|_| ExportError::DatabaseStalled)? {
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
    async fn send_full(&mut self) -> Result<(), ExportError> {
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
