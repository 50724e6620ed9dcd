//! Third-party identity providers as separate processes: Better Auth and oidc-provider, each on its
//! own port and stopped with the test. See `tests/issuers`.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

use super::program::Lines;

/// A running provider.
pub struct Provider {
    pub url: String,
    commands: ChildStdin,
    lines: Lines,
    _process: Child,
}

/// The path of a script in `tests/issuers`, whose packages must be installed.
pub fn script_path(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/issuers");
    assert!(directory.join("node_modules").exists(), "The providers' packages are missing: run `make issuers`.");
    directory.join(name)
}

impl Provider {
    pub async fn better_auth() -> Self {
        Self::start("better-auth.mjs").await
    }

    pub async fn oidc() -> Self {
        Self::start("oidc-provider.mjs").await
    }

    async fn start(name: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(script_path(name)).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("node runs");
        let commands = process.stdin.take().expect("a pipe");
        let mut lines = Lines::of(process.stdout.take().expect("a pipe"));
        let line = lines.until("{\"url\"").await;
        let ready: Value = serde_json::from_str(&line).expect("JSON");
        let url = ready["url"].as_str().expect("a URL").to_owned();
        Self { url, commands, lines, _process: process }
    }

    /// Sends a command to the provider, waits until it is done and returns its result, if any.
    pub async fn does(&mut self, what: &str) -> Value {
        self.commands.write_all(format!("{what}\n").as_bytes()).await.expect("the provider runs");
        let line = self.lines.until("{\"done\"").await;
        let done: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(done["done"], what);
        done["answer"].clone()
    }
}
