//! A Postgres of one test's own, whose files the test can copy and put back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, Executor, PgConnection, Row};
use taskwire::database::embedded::EmbeddedPostgres;

use super::database::scratch_dir;

/// With these, its log is complete enough for a standby and for a return to a point in time.
const SETTINGS: [&str; 4] = ["fsync=off", "full_page_writes=on", "wal_level=replica", "max_wal_senders=2"];

/// Postgres ends with the thread that starts it, so keep this value in the thread of the test. Every method
/// blocks that thread.
pub struct OwnPostgres {
    dir: PathBuf,
    running: Option<EmbeddedPostgres>,
}

impl OwnPostgres {
    /// A migrated one.
    pub fn start() -> Self {
        static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let template = TEMPLATE.get_or_init(|| {
            let dir = scratch_dir("files-template");
            let first = EmbeddedPostgres::start_with(&dir, &SETTINGS).expect("Postgres starts");
            let url = first.url();
            super::database::block_on(|| taskwire::database::migrate(&url)).expect("it is migrated");
            first.stop().expect("an orderly shutdown");
            dir
        });
        let dir = scratch_dir(&format!("files-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(&dir).expect("a directory");
        copy(&template.join("postgres"), &dir.join("postgres"));
        let mut postgres = Self { dir, running: None };
        postgres.resume(&[]);
        postgres
    }

    pub fn url(&self) -> String {
        self.running.as_ref().expect("it runs").url()
    }

    pub fn stop(&mut self) {
        self.running.take().expect("it runs").stop().expect("an orderly shutdown");
    }

    pub fn resume(&mut self, settings: &[&str]) {
        let settings = [&SETTINGS, settings].concat();
        self.running = Some(EmbeddedPostgres::start_with(&self.dir, &settings).expect("Postgres starts"));
    }

    /// Copies the files. It must not run.
    pub fn back_up(&self) {
        copy(&self.files(), &self.dir.join("copy"));
    }

    /// Puts the copy in the place of the files, with an empty file of this name in it, and returns where the
    /// files are now. It must not run.
    pub fn put_back(&self, signal: Option<&str>) -> PathBuf {
        let lost = self.dir.join("lost");
        fs::rename(self.files(), &lost).expect("the files are moved");
        fs::rename(self.dir.join("copy"), self.files()).expect("the copy is moved");
        if let Some(signal) = signal {
            copy(&self.files().join("PG_VERSION"), &self.files().join(signal));
        }
        lost
    }

    /// Executes a statement that returns a value, until it returns true.
    pub async fn until(&self, statement: &'static str) {
        let mut connection = PgConnection::connect(&self.url()).await.expect("it accepts connections");
        while !connection.fetch_one(statement).await.expect("an answer").get::<bool, _>(0) {}
        connection.close().await.expect("the connection closes");
    }

    fn files(&self) -> PathBuf {
        self.dir.join("postgres")
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.running = None;
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Copies with owner and mode, because Postgres may run as another user than the test.
fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp runs");
    assert!(copied.success());
}
