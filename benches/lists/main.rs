//! Measures the database's cost of lists. The benchmark requests every named list of an owner with
//! 100,000 tasks, page by page, with many other owners in the table. Postgres reports the time and
//! the index of each statement. The result goes into docs/lists.md.

#![expect(clippy::disallowed_methods, reason = "writes rows of many users")]

mod combinations;
#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "what is measured is the database's time, not the server's")]
mod common;
mod measure;
mod pages;
mod plan;
mod report;
mod seed;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::Utc;
use clap::Parser;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use taskwire::database::embedded::EmbeddedPostgres;

use combinations::Promise;
use common::scratch::Scratch;
use pages::Pages;
use report::Report;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Signs the token of the made-up owner.
const SECRET: &str = "the benchmark's own secret, good for nothing else";
const TASKS: u32 = 100_000;
const OTHERS: u32 = 100;
const EACH: u32 = 1_000;
/// The URL parameter that makes connections report the time of each step of a statement.
const TIMES: &str = "&options[log_duration]=on&options[client_min_messages]=log";
/// The tables are in the document between this heading and the next one of its level.
const HEADING: &str = "## Measured\n";

/// Measures every list at 100,000 tasks
#[derive(Parser)]
struct Options {
    /// Only lists whose name contains this
    #[arg(long, default_value = "")]
    only: String,

    /// The document that receives the tables
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,

    /// `cargo bench` passes this to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(held) => {
            if held {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the benchmark; returns whether every list stayed within its limit.
fn run(options: &Options) -> Result<bool> {
    let scratch = Scratch::create()?;
    // On this thread, because the private Postgres ends with the thread that starts it.
    let postgres = EmbeddedPostgres::start(&scratch.path().join("data"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure_all(options, &postgres.url(), &scratch))?;
    postgres.stop()?;
    println!("{report}");
    if let Some(file) = &options.write {
        write(file, &report)?;
    }
    Ok(report.measured.iter().all(measure::Measured::holds))
}

async fn measure_all(options: &Options, url: &str, scratch: &Scratch) -> Result<Report> {
    taskwire::database::migrate(url).await?;
    eprintln!("seeding an owner with {TASKS} tasks and {OTHERS} with {EACH}");
    let mut connection = PgConnection::connect(url).await?;
    for statement in seed::statements(TASKS, OTHERS, EACH) {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    let postgres = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
    let mut timed = Pages::of("timed", &format!("{url}{TIMES}"), scratch)?;
    let mut planned = Pages::of("planned", &format!("{url}{}", plan::TELL), scratch)?;
    let mut measured = Vec::new();
    for combination in combinations::all(Utc::now().date_naive()) {
        if combination.name.contains(&options.only) {
            eprintln!("measuring {}", combination.name);
            let limit = if combination.promise == Promise::View { 50 } else { 200 };
            measured.push(measure::measure(combination, &mut timed, &mut planned, limit).await?);
        }
    }
    Ok(Report { postgres, measured })
}

fn write(file: &Path, report: &Report) -> Result<()> {
    let text = fs::read_to_string(file)?;
    let (before, rest) = text.split_once(HEADING).ok_or("the document has no place for the tables")?;
    let after = rest.find("\n## ").map_or("", |next| &rest[next..]);
    Ok(fs::write(file, format!("{before}{HEADING}\n{}\n{after}", report.to_string().trim_end()))?)
}
