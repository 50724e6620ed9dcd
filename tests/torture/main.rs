//! The history checker: many users with several writers and watchers each, on several servers,
//! while the test kills servers and Postgres, cuts connections and drops hints. It records
//! everything that is acknowledged or received and compares it with Taskwire's promises.
//! `TORTURE_SECONDS` sets the duration, and `TORTURE_SEED` repeats the faults of a run.
//! `make check-the-checker` tests the checker: it must detect servers that break one promise each.

mod batches;
mod broken;
mod check;
#[cfg(test)]
mod check_tests;
mod client;
mod cluster;
mod history;
mod ledger;
mod log;
mod nemesis;
mod postgres;
mod projects;
mod proxy;
mod run;
mod state;
mod stream;
mod trash;
mod watcher;
mod writer;

use std::env;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cluster::Setting;
use nemesis::FaultSet;
use run::Scenario;

/// Prints even when the test passes.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "torture: {text}");
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_is_missed_and_none_is_foreign() {
    let seed = number("TORTURE_SEED").unwrap_or_else(rand::random);
    let lasts = Duration::from_secs(number("TORTURE_SECONDS").unwrap_or(12));
    tell(&format!("TORTURE_SEED={seed} for {} s", lasts.as_secs()));
    let scratch = cluster::scratch();
    let postgres = Arc::new(postgres::Postgres::start(&scratch.join("data")).await);
    let program = PathBuf::from(env!("CARGO_BIN_EXE_taskwire"));
    let setting = Setting { program, servers: 3, sweep: "1s", request_timeout: "1s", broken: None };
    let scenario = Scenario {
        setting,
        users: 5,
        writers: 3,
        watchers: 3,
        pause: Duration::from_millis(25),
        stays: Duration::from_secs(5),
        faults: FaultSet::All,
        lasts,
        arrives_within: Duration::from_secs(20),
    };
    let report = run::run(&scenario, seed, &postgres, &scratch).await;
    tell(&report.summary());
    assert!(
        report.violations.is_empty(),
        "TORTURE_SEED={seed}; the servers' logs are in {}: {:#?}",
        scratch.display(),
        report.violations
    );
}
