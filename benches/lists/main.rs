//! What lists cost the database. An owner with 100,000 tasks beside many others is asked for every
//! list that has a name, page by page, and Postgres itself tells how long each took and which
//! index led there. The result goes into docs/lists.md.

#![expect(clippy::disallowed_methods, reason = "seeds what no server may")]

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
/// What has connections tell how long each step of a statement took.
const TIMES: &str = "&options[log_duration]=on&options[client_min_messages]=log";
/// In the document the tables are between this and the next heading of its level.
const HEADING: &str = "## Measured\n";

/// Measures every list at 100,000 tasks
#[derive(Parser)]
struct Options {
    /// Only lists whose name contains this
    #[arg(long, default_value = "")]
    only: String,

    /// The document to put the tables into
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,

    /// What `cargo bench` tells every benchmark
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

/// Whether everything held what is promised of it.
fn run(options: &Options) -> Result<bool> {
    let scratch = Scratch::create()?;
    // On this thread, because the private Postgres is tied to the thread that starts it.
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
