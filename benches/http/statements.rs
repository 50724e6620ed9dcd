//! The statements as pgbench scripts. The server's statements come from `.sqlx`, where the checked
//! queries are stored, or from Postgres's last query of each connection. So the benchmark always
//! measures the statements that the server runs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sqlx::{Connection, PgConnection};

use crate::Result;
use crate::operations::{FIRST_FREE_ID, FIRST_ID, LIST_LIMIT, Operation, TASKS, USERS};

/// The server's statement for an operation that it has just run.
pub async fn of_server(operation: Operation, url: &str) -> Result<String> {
    let marker = operation.marker();
    let known = if operation == Operation::List { asked(url).await? } else { checked()? };
    let mut found: Vec<String> = known.iter().map(|text| single_spaced(text)).collect();
    found.retain(|text| text.contains(marker));
    found.dedup();
    match <[String; 1]>::try_from(found) {
        Ok([statement]) => Ok(statement),
        Err(found) => Err(format!("{} of the server's statements contain {marker:?}, not one", found.len()).into()),
    }
}

/// The statements that are checked at compile time.
fn checked() -> Result<Vec<String>> {
    let mut statements = Vec::new();
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx"))? {
        let query: Value = serde_json::from_slice(&fs::read(file?.path())?)?;
        statements.extend(query["query"].as_str().map(str::to_owned));
    }
    Ok(statements)
}

/// The last query of each connection, unless it was too long for Postgres to keep.
async fn asked(url: &str) -> Result<Vec<String>> {
    let mut connection = PgConnection::connect(url).await?;
    let asked = sqlx::query_scalar(
        "SELECT query FROM pg_stat_activity
         WHERE pid <> pg_backend_pid()
           AND octet_length(query) < pg_size_bytes(current_setting('track_activity_query_size')) - 1
         ORDER BY query",
    );
    Ok(asked.fetch_all(&mut connection).await?)
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The server's statement for the bare pair: its call of a function, with the columns of the bare pair.
pub async fn for_bare(operation: Operation, url: &str) -> Result<Option<String>> {
    let Some((columns, parameters)) = operation.own_for_bare() else { return Ok(None) };
    let statement = of_server(operation, url).await?;
    let call = statement.strip_prefix("SELECT ").and_then(|rest| rest.rsplit_once(" AS "));
    let (call, _) = call.ok_or("the statement is not the call of a function")?;
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    Ok(Some(format!("SELECT {columns} FROM {}", with_arguments(call, &parameters)?)))
}

/// A script that draws a user and a task and runs the statement with `arguments` as its
/// parameters.
pub fn script(operation: Operation, statement: &str, arguments: &[&str]) -> Result<String> {
    let mut script = String::new();
    writeln!(script, "\\set user random(1, {USERS})")?;
    if operation == Operation::Create {
        writeln!(script, "\\set task random({FIRST_FREE_ID}, 999999999999)")?;
    } else {
        writeln!(script, "\\set task {FIRST_ID} + 1000 * :user + random(1, {TASKS})")?;
    }
    writeln!(script, "\\set limit {LIST_LIMIT}\n\\set zero 0\n\\set yes true\n\\set no false")?;
    writeln!(script, "{};", with_arguments(statement, arguments)?)?;
    Ok(script)
}

fn with_arguments(statement: &str, arguments: &[&str]) -> Result<String> {
    let mut pieces = statement.trim().split('$');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let place: usize = piece[..digits].parse()?;
        let argument = arguments.get(place - 1).ok_or_else(|| format!("there is no value for ${place}"))?;
        write!(text, "({argument}){}", &piece[digits..])?;
    }
    Ok(text)
}
