//! A separate database for each test, copied from a migrated template. One private Postgres serves
//! the whole run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, Executor, PgConnection, Row};
use taskwire::config::PoolConfig;
use taskwire::database::embedded::EmbeddedPostgres;
use taskwire::database::{self, Pool};

const TEMPLATE: &str = "template_taskwire";

/// A new, migrated database; dropping the value drops the database.
pub struct TestDatabase {
    name: String,
    url: String,
}

/// Blocks a user's writes until it is released.
pub struct Blockade(PgConnection);

impl Blockade {
    pub async fn release(self) {
        self.0.close().await.expect("the connection closes");
    }
}

impl TestDatabase {
    pub async fn new() -> Self {
        Self::copy_of(TEMPLATE).await
    }

    /// A database without migrations.
    pub async fn empty() -> Self {
        Self::copy_of("template1").await
    }

    async fn copy_of(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        tokio::task::spawn_blocking(base_url).await.expect("the test Postgres starts");
        let mut admin = PgConnection::connect(base_url()).await.expect("the test Postgres answers");
        // Copying the files takes a third of the processor time of writing the copy to the log.
        let create = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        admin.execute(sqlx::AssertSqlSafe(create)).await.expect("a database is created");
        admin.close().await.expect("the connection closes");
        let url = url_of(&name);
        Self { name, url }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// A new connection, separate from the server's.
    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("the test database answers")
    }

    /// Adds `count` changes to Ada's log, each with a description of `bytes` bytes.
    pub async fn append_changes(&self, count: i64, bytes: i32) {
        // Each change is a microsecond later than the one before, and the last has the time of the owner's row.
        let statement = "WITH bump AS (
                INSERT INTO owners AS o (owner_id, last_seq, last_at)
                VALUES ('ada', $1, clock_timestamp() + $1 * interval '1 microsecond')
                ON CONFLICT (owner_id) DO UPDATE
                    SET last_seq = o.last_seq + $1, last_at = clock_timestamp() + $1 * interval '1 microsecond'
                RETURNING last_seq, last_at
            )
            INSERT INTO changes (owner_id, seq, kind, subject_id, title, description, completed, priority, rank,
                                 created_at, changed_at)
            SELECT 'ada', n, 'task.created', id, 'task ' || n, repeat('x', $2), false, 0, '00000000000080',
                   clock_timestamp(), last_at - (last_seq - n) * interval '1 microsecond'
            FROM bump, LATERAL (
                SELECT n, gen_random_uuid() AS id FROM generate_series(last_seq - $1 + 1, last_seq) n
            ) AS fresh";
        let mut connection = self.connection().await;
        sqlx::query(statement).bind(count).bind(bytes).execute(&mut connection).await.expect("changes are inserted");
    }

    /// Blocks the writes of this user, who must have written before.
    pub async fn hold_writes_of(&self, user: &str) -> Blockade {
        let mut connection = self.connection().await;
        connection.execute("BEGIN").await.expect("a transaction begins");
        let lock = sqlx::query("SELECT FROM owners WHERE owner_id = $1 FOR UPDATE").bind(user);
        connection.fetch_one(lock).await.expect("the owner has a row to lock");
        Blockade(connection)
    }

    /// Returns once this many of the server's statements wait for a lock.
    pub async fn wait_for_blocked_statements(&self, count: i64) {
        let mut connection = self.connection().await;
        let blocked = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while connection.fetch_one(blocked).await.expect("Postgres reports the activity").get::<i64, _>(0) < count {
            tokio::task::yield_now().await;
        }
    }

    /// Makes the database unreachable: ends all connections and allows no new ones.
    pub async fn go_down(&self) {
        self.refuse_connections(true).await;
        let end_all = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        self.as_admin(&end_all).await;
    }

    /// Allows connections again.
    pub async fn come_back(&self) {
        self.refuse_connections(false).await;
    }

    /// Gives each of two databases the name of the other, and ends all connections to this one.
    pub async fn exchange_with(&self, other: &Self) {
        self.go_down().await;
        let (name, other) = (self.name.as_str(), other.name.as_str());
        for (from, to) in [(name, "aside"), (other, name), ("aside", other)] {
            self.as_admin(&format!("ALTER DATABASE {from} RENAME TO {to}")).await;
        }
    }

    async fn as_admin(&self, statement: &str) {
        let mut admin = PgConnection::connect(base_url()).await.expect("the test Postgres answers");
        admin.execute(sqlx::AssertSqlSafe(statement.to_owned())).await.expect("the administrator's statement succeeds");
    }

    /// Forbids or allows new connections; existing ones stay open.
    pub async fn refuse_connections(&self, refuse: bool) {
        self.as_admin(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS {}", self.name, !refuse)).await;
    }

    /// A pool like the server's.
    pub async fn pool(&self) -> Pool {
        let config = PoolConfig { size: 5, ..PoolConfig::default() };
        database::connect(&self.url, config).await.expect("the test database answers")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // This needs a thread with its own runtime, because the test's runtime may be unwinding.
        let dropped = std::thread::spawn(move || {
            block_on(|| async {
                let mut admin = PgConnection::connect(base_url()).await?;
                admin.execute(sqlx::AssertSqlSafe(drop)).await
            })
        });
        if let Ok(Err(error)) = dropped.join() {
            eprintln!("a test database was left behind: {error}");
        }
    }
}

fn url_of(database: &str) -> String {
    base_url().replacen("///postgres?", &format!("///{database}?"), 1)
}

/// The URL of the run's Postgres. The first call starts it.
fn base_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        let (started, url) = std::sync::mpsc::channel();
        // This thread never ends, because Postgres ends with the thread that started it.
        std::thread::spawn(move || {
            let data_dir = scratch_dir("database");
            // The data need not survive a crash, and durability would take most of the time.
            let postgres = EmbeddedPostgres::start_with(&data_dir, &["fsync=off", "full_page_writes=off"])
                .expect("a private Postgres starts");
            started.send(postgres.url()).expect("the test waits");
            loop {
                std::thread::park();
            }
        });
        let url = url.recv().expect("the private Postgres started");
        block_on(|| async {
            let mut admin = PgConnection::connect(&url).await?;
            // No test crashes this Postgres; `smoke` crashes a separate one.
            admin.execute("ALTER ROLE CURRENT_USER SET synchronous_commit = off").await?;
            admin.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {TEMPLATE}"))).await?;
            admin.close().await
        })
        .expect("the template is created");
        let template = url.replacen("///postgres?", &format!("///{TEMPLATE}?"), 1);
        block_on(|| database::migrate(&template)).expect("the template is migrated");
        url
    })
}

/// A directory of this name for this run. Removes the directories of runs that have ended.
pub(super) fn scratch_dir(name: &str) -> PathBuf {
    const PREFIX: &str = "taskwire-tests-";
    let temp = memory().unwrap_or_else(std::env::temp_dir);
    for entry in fs::read_dir(&temp).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let run = temp.join(format!("{PREFIX}{}", std::process::id()));
    fs::create_dir_all(&run).expect("a directory for the run");
    run.join(name)
}

/// A directory in memory with enough space for the databases, if there is one. On a disk, it takes four
/// times as long to create a database for each test and drop it again.
fn memory() -> Option<PathBuf> {
    const SHARED: &str = "/dev/shm";
    const ROOM_KB: u64 = 4 << 20;
    let df = Command::new("df").args(["-P", "-k", SHARED]).output().ok()?;
    let table = String::from_utf8(df.stdout).ok()?;
    let available: u64 = table.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    (available >= ROOM_KB).then(|| PathBuf::from(SHARED))
}

pub(super) fn block_on<T: Send, F: Future<Output = T>>(work: impl FnOnce() -> F + Send) -> T {
    // A caller may be inside a runtime, which cannot start another one.
    std::thread::scope(|scope| {
        scope
            .spawn(|| {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime starts")
                    .block_on(work())
            })
            .join()
            .expect("the work ends")
    })
}
