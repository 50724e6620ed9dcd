//! Ending sessions: the rows go and what they allowed is revoked in one transaction, and then all
//! servers and sockets hear of it.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;

use crate::app::App;
use crate::database::Transaction;
use crate::problem::Problem;

/// Runs a transaction that ends these sessions. In a task of its own, so that a request that is
/// dropped neither half-applies nor ends sessions unheard.
pub async fn ending<T, W>(app: &App, work: W) -> Result<T, Problem>
where
    T: Send + 'static,
    W: for<'t, 'c> FnOnce(&'t mut Transaction<'c>) -> BoxFuture<'t, sqlx::Result<(T, Vec<Uuid>)>> + Send + 'static,
{
    let app = app.clone();
    let whole = async move {
        let (value, _ended) = app
            .pool()
            .in_transaction(move |transaction| async move { work(transaction).await }.boxed())
            .await?;
        Ok(value)
    };
    let span = tracing::Span::current();
    tokio::spawn(tracing::Instrument::instrument(whole, span))
        .await
        .unwrap_or_else(|panic| Err(Problem::server_error(&panic)))
}
