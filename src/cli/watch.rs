//! `taskwire watch`: prints a user's changes as they happen, one line each. It remembers the position of the
//! last change that it printed and resumes from there, so a lost connection loses no change.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use clap::Args;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request, StatusCode};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::credentials::StoredCredentials;
use super::remote::{self, Remote, subject};
use super::{Failure, NO_SECRET, in_runtime, print, printable};
use crate::config::TokenSettings;
use crate::identity::api_tokens;
use crate::identity::tokens::Tokens;
use crate::live::messages::ServerMessage;
use crate::model::{Change, ChangeKind, Position, Subject};

#[derive(Args)]
pub struct Watch {
    /// The user whose changes to print, with a token that is signed with the configured secret. Without
    /// --user and --token, the credentials of `taskwire login` are used
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// A token of the user whose changes to print, or an API token
    #[arg(long, env = "TASKWIRE_TOKEN", hide_env_values = true, conflicts_with = "user")]
    token: Option<String>,

    /// Print what happened after this position first
    // A position may begin with a hyphen.
    #[arg(long, value_name = "POSITION", value_parser = str::parse::<Position>, allow_hyphen_values = true)]
    after: Option<Position>,

    /// Print each message as JSON, one a line
    #[arg(long)]
    json: bool,

    /// Where the server is; by default where you signed in, or else port 8000 of this machine
    #[arg(long, env = "TASKWIRE_URL")]
    url: Option<url::Url>,

    #[command(flatten)]
    settings: TokenSettings,
}

/// The lifetime of the tokens that this command signs. Each connection gets a new one.
const MINTED_TOKEN_LIFETIME: Duration = Duration::from_hours(24);
/// The delays between attempts. Each gets a random addition of up to its own length, so that many watchers
/// do not reconnect at the same moment.
const DELAYS: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(Duration::from_millis(7500))
    .with_jitter()
    .without_max_times();
/// How long the server may send nothing, not even a heartbeat, before the connection counts as lost.
const SILENCE_MAX: Duration = Duration::from_mins(1);

/// Why a connection ended.
enum Ended {
    /// Another attempt may succeed.
    Lost(String),
    /// Another attempt would end the same way.
    Rejected(String),
    /// Nobody reads the output any more.
    OutputClosed,
}

impl Watch {
    pub fn run(self) -> Result<(), Failure> {
        let Self { user, token, after, json, url, settings } = self;
        in_runtime(async {
            let (credentials, url) = credentials(user, token, url, settings).await?;
            let endpoint = endpoint(&url, &credentials.user)?;
            Watcher { credentials, endpoint, after, json, greeted: false }.run().await
        })
    }
}

/// Chooses the user, the token and the server from the options and the stored credentials.
async fn credentials(
    user: Option<String>,
    token: Option<String>,
    url: Option<url::Url>,
    settings: TokenSettings,
) -> Result<(Credentials, url::Url), Failure> {
    let given = |user, token| Credentials { user, source: TokenSource::Given(token) };
    let Some(user) = user else {
        let Some(token) = token else {
            let stored = StoredCredentials::required()?;
            let url = stored.server(url.as_ref())?;
            return Ok((given(stored.user_id, stored.token), url));
        };
        let url = url.map_or_else(remote::default_url, Ok)?;
        if token.starts_with(api_tokens::PREFIX) {
            let user = Remote::at(&url)?.identity(&token).await?.user_id;
            return Ok((given(user, token), url));
        }
        let user = subject(&token).ok_or_else(|| Failure::new("the token is not a JWT with a subject"))?;
        return Ok((given(user, token), url));
    };
    let url = url.map_or_else(remote::default_url, Ok)?;
    Ok((minted(user, settings)?, url))
}

fn minted(user: String, settings: TokenSettings) -> Result<Credentials, Failure> {
    let jwt = settings.resolve()?;
    let tokens = Tokens::from_config(&jwt).ok_or_else(|| Failure::new(NO_SECRET))?;
    // Reports now, and not at the first connection, that the name cannot be a user id.
    tokens.mint(&user, MINTED_TOKEN_LIFETIME).map_err(Failure::new)?;
    Ok(Credentials { user, source: TokenSource::Minted(Box::new(tokens)) })
}

struct Credentials {
    user: String,
    source: TokenSource,
}

enum TokenSource {
    Given(String),
    Minted(Box<Tokens>),
}

impl Credentials {
    fn token(&self) -> Result<String, Failure> {
        match &self.source {
            TokenSource::Given(token) => Ok(token.clone()),
            TokenSource::Minted(tokens) => tokens.mint(&self.user, MINTED_TOKEN_LIFETIME).map_err(Failure::new),
        }
    }
}

/// The WebSocket address of a user's live channel.
fn endpoint(base: &url::Url, user: &str) -> Result<url::Url, Failure> {
    let invalid_url = || Failure::new("--url must be an address such as http://127.0.0.1:8000");
    let mut url = base.clone();
    let scheme = match base.scheme() {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        _ => return Err(invalid_url()),
    };
    url.set_scheme(scheme).map_err(|()| invalid_url())?;
    url.path_segments_mut().map_err(|()| invalid_url())?.pop_if_empty().extend(["api", user, "live"]);
    Ok(url)
}

struct Watcher {
    credentials: Credentials,
    endpoint: url::Url,
    after: Option<Position>,
    json: bool,
    /// Whether the current connection has received `hello`.
    greeted: bool,
}

impl Watcher {
    /// Watches until the server rejects the client or the user presses Ctrl-C.
    async fn run(mut self) -> Result<(), Failure> {
        let mut delays = DELAYS.build();
        loop {
            let ended = tokio::select! {
                ended = self.follow() => ended?,
                _ = tokio::signal::ctrl_c() => return Ok(()),
            };
            match ended {
                Ended::Rejected(reason) => return Err(Failure::new(reason)),
                Ended::OutputClosed => return Ok(()),
                Ended::Lost(reason) => eprintln!("taskwire: {reason}; connecting again"),
            }
            if std::mem::take(&mut self.greeted) {
                delays = DELAYS.build();
            }
            // The number of delays is unlimited.
            let delay = delays.next().unwrap_or_default();
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                _ = tokio::signal::ctrl_c() => return Ok(()),
            }
        }
    }

    /// Prints the messages of one connection until it ends.
    async fn follow(&mut self) -> Result<Ended, Failure> {
        let request = self.request()?;
        let mut socket = match connect_async(request).await {
            Ok((socket, _)) => socket,
            Err(error) => return Ok(not_connected(error)),
        };
        loop {
            let Ok(message) = tokio::time::timeout(SILENCE_MAX, socket.next()).await else {
                return Ok(Ended::Lost("the server has fallen silent".to_owned()));
            };
            match message {
                Some(Ok(Message::Text(text))) => {
                    if !self.handle(&text)? {
                        return Ok(Ended::OutputClosed);
                    }
                }
                Some(Ok(Message::Close(frame))) => {
                    let _ = socket.flush().await;
                    return Ok(closed(frame.map(|frame| (u16::from(frame.code), frame.reason.to_string()))));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Ok(Ended::Lost(format!("the connection was lost ({error})"))),
                None => return Ok(closed(None)),
            }
        }
    }

    fn request(&self) -> Result<Request<()>, Failure> {
        let mut url = self.endpoint.clone();
        if let Some(after) = self.after {
            url.query_pairs_mut().append_pair("after", &after.to_string());
        }
        let mut request = url.as_str().into_client_request().map_err(Failure::new)?;
        let bearer = format!("Bearer {}", self.credentials.token()?);
        let bearer =
            HeaderValue::from_str(&bearer).map_err(|_| Failure::new("the token holds characters that no token has"))?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("taskwire.v1"));
        Ok(request)
    }

    /// Prints a message and remembers its position. Returns whether somebody still reads the output.
    fn handle(&mut self, text: &str) -> Result<bool, Failure> {
        // A newer server may send types of messages that this program does not know.
        let Ok(message) = serde_json::from_str::<ServerMessage>(text) else { return Ok(true) };
        let change = match &message {
            ServerMessage::Change(change) => Some(change),
            ServerMessage::Hello(hello) => {
                self.greeted = true;
                // Remembered before the first change, so that a reconnect misses nothing.
                if self.after.is_none() {
                    self.after = Some(hello.position);
                    eprintln!("taskwire: watching {}", self.credentials.user);
                }
                None
            }
            ServerMessage::Reset(reset) => {
                self.after = Some(reset.position);
                eprintln!("taskwire: what happened before cannot be told ({})", reset.reason.detail());
                None
            }
            _ => None,
        };
        let mut printed = if self.json { print(&format!("{text}\n"))? } else { true };
        if let Some(change) = change {
            self.after = Some(change.position());
            if !self.json {
                let time = change.at().with_timezone(&chrono::Local).format("%H:%M:%S");
                printed = print(&format!("{time}  {}\n", line(change)))?;
            }
        }
        Ok(printed)
    }
}

/// A change as a line: what happened, and to what.
fn line(change: &Change) -> String {
    let verb = match change.kind() {
        ChangeKind::TaskCreated | ChangeKind::ProjectCreated => "created ",
        ChangeKind::TaskUpdated | ChangeKind::ProjectUpdated => "updated ",
        ChangeKind::TaskDeleted | ChangeKind::ProjectDeleted => "deleted ",
        ChangeKind::TaskRestored | ChangeKind::ProjectRestored => "restored",
    };
    match change.subject() {
        Subject::Task(subject) => format!("{verb} {}", task(subject)),
        Subject::TaskId(id) => format!("{verb} {id}"),
        Subject::Project(subject) => format!("{verb} {}", project(subject)),
        Subject::ProjectId(id) => format!("{verb} {id}  project"),
    }
}

fn task(task: &crate::model::Task) -> String {
    let mark = if task.completed { "[x]" } else { "[ ]" };
    format!("{}  {mark} {}", task.id, printable(&task.title))
}

fn project(project: &crate::model::Project) -> String {
    let archived = if project.archived { "  (archived)" } else { "" };
    format!("{}  project  {}{archived}", project.id, printable(&project.name))
}

fn not_connected(error: Error) -> Ended {
    match error {
        Error::Http(response)
            if response.status().is_client_error() && response.status() != StatusCode::TOO_MANY_REQUESTS =>
        {
            let detail = response
                .body()
                .as_ref()
                .and_then(|body| serde_json::from_slice::<serde_json::Value>(body).ok())
                .and_then(|problem| problem["detail"].as_str().map(str::to_owned));
            let status = response.status();
            Ended::Rejected(
                detail.map_or_else(|| format!("the server answered {status}"), |detail| format!("{status}: {detail}")),
            )
        }
        Error::Http(response) => Ended::Lost(format!("the server answered {}", response.status())),
        other => Ended::Lost(format!("the server cannot be reached ({other})")),
    }
}

fn closed(frame: Option<(u16, String)>) -> Ended {
    match frame {
        // The client's request or token was rejected; another attempt would get the same response.
        Some((code @ 4400..=4499, reason)) => Ended::Rejected(format!("{code}: {reason}")),
        Some((_, reason)) if !reason.is_empty() => Ended::Lost(reason),
        _ => Ended::Lost("the connection was closed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_channel_can_be_below_any_base_url() {
        for (base, expected) in [
            ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/api/a%2Fb%20c/live"),
            ("https://tasks.example/", "wss://tasks.example/api/a%2Fb%20c/live"),
            ("https://example.com/tasks/", "wss://example.com/tasks/api/a%2Fb%20c/live"),
        ] {
            let base = base.parse().expect("an address");
            assert_eq!(endpoint(&base, "a/b c").map(|url| url.to_string()).ok().as_deref(), Some(expected));
        }
        assert!(endpoint(&"ftp://example.com".parse().expect("an address"), "a").is_err());
    }
}
