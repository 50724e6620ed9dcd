//! Requests pages from the server and reads Postgres's reports about them from the server's log.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::time::Duration;

use serde_json::Value;
use taskwire::identity::tokens::Tokens;

use crate::common::process::Served;
use crate::common::scratch::Scratch;
use crate::plan::Plan;
use crate::{Result, SECRET, seed};

/// A server whose database connections report times or plans of each statement.
pub struct Pages {
    http: reqwest::Client,
    base: String,
    token: String,
    log: BufReader<File>,
    _server: Served,
}

/// One page.
pub struct Page {
    /// The cursor of the next page.
    pub next: Option<String>,
    /// The database's time to parse, plan and run in milliseconds, if it reports times.
    pub milliseconds: f64,
    /// The plan, if the database reports plans.
    pub plan: Option<Plan>,
}

impl Pages {
    pub fn of(name: &'static str, url: &str, scratch: &Scratch) -> Result<Self> {
        let settings =
            [("LOG", "error,sqlx::postgres::notice=trace"), ("LOG_FORMAT", "json"), ("DATABASE_POOL_SIZE", "1")];
        let server = Served::taskwire(name, env!("CARGO_BIN_EXE_taskwire").as_ref(), &settings, url, scratch)?;
        // The library needs a crypto provider even though this benchmark uses plain HTTP.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let token = Tokens::new(SECRET.as_bytes(), None, None).mint(seed::OWNER, Duration::from_hours(24))?;
        let log = BufReader::new(File::open(scratch.path().join(format!("{name}.log")))?);
        Ok(Self { http: reqwest::Client::new(), base: server.base.clone(), token, log, _server: server })
    }

    pub async fn get(&mut self, path: &str) -> Result<Page> {
        // Skip the reports about background work.
        self.told()?;
        let url = format!("{}/api/{}{path}", self.base, seed::OWNER);
        let answer = self.http.get(url).bearer_auth(&self.token).send().await?;
        let status = answer.status();
        let body: Value = serde_json::from_slice(&answer.bytes().await?)?;
        if !status.is_success() {
            return Err(format!("{path} was answered {body}").into());
        }
        let told = self.told()?;
        let milliseconds = told.iter().filter_map(|message| milliseconds(message)).sum();
        let plan = told.iter().rev().find_map(|message| Plan::read(message));
        Ok(Page { next: body["next_cursor"].as_str().map(str::to_owned), milliseconds, plan })
    }

    /// The messages since the last call. The log contains them before the server responds.
    fn told(&mut self) -> Result<Vec<String>> {
        let mut messages = Vec::new();
        let mut line = String::new();
        while self.log.read_line(&mut line)? > 0 {
            let entry: Value = serde_json::from_str(&line)?;
            messages.extend(entry["message"].as_str().map(str::to_owned));
            line.clear();
        }
        Ok(messages)
    }
}

/// The time in `duration: 1.234 ms`.
fn milliseconds(message: &str) -> Option<f64> {
    message.strip_prefix("duration: ")?.split(' ').next()?.parse().ok()
}
