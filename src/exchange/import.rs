//! Imports: reads a complete file before anything is written, so that all its errors are reported at
//! once. Reading runs on threads that serve no requests.

use std::collections::HashMap;

use chrono::Utc;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::assemble::{Assembled, assemble};
use super::draft::{Context, Location, report};
use super::errors::Errors;
use super::format::FileFormat;
use super::queries;
use crate::database::Pool;
use crate::engine::{Engine, ImportOutcome};
use crate::model::fields::count_schema;
use crate::model::{Code, FieldError, OwnerId, Problem, ProjectId, TimeZone};

/// The result of an import.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportAnswer)]
pub struct ImportResponse {
    /// Whether nothing was written, because the request asked only for the result.
    pub dry_run: bool,
    pub tasks: ImportCounts,
    pub projects: ImportCounts,
    /// The parts of the file that the import dropped, by line and field: the first 100.
    pub warnings: Vec<FieldError>,
}

/// The numbers of tasks or projects by result.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportCounts {
    /// New items.
    #[schema(schema_with = count_schema)]
    pub created: u64,
    /// Items that the user has already; the import does not change them.
    #[schema(schema_with = count_schema)]
    pub repeated: u64,
    /// Items that the user has deleted; they stay deleted. Tasks of a skipped parent or project are
    /// imported without it.
    #[schema(schema_with = count_schema)]
    pub skipped: u64,
}

/// The options of an import request.
#[derive(Debug)]
pub struct FileOptions {
    pub format: FileFormat,
    /// The time zone of times that name none.
    pub time_zone: TimeZone,
    /// The project of tasks that name none.
    pub project_id: Option<ProjectId>,
}

/// A file without errors, ready to be imported.
#[derive(Debug)]
pub struct ParsedFile {
    assembled: Assembled,
    errors: Errors,
}

/// Reads a file. The problem lists the file's errors.
pub async fn read(
    pool: &Pool,
    owner: &OwnerId,
    bytes: impl AsRef<[u8]> + Send + 'static,
    options: FileOptions,
) -> Result<ParsedFile, Problem> {
    let FileOptions { format, time_zone, project_id } = options;
    let names = queries::project_names(pool, owner).await?;
    let projects: HashMap<_, _> = names.into_iter().map(|(name, id)| (name.to_lowercase(), id)).collect();
    let now = Utc::now();
    let context = Context { owner: owner.clone(), now, time_zone, project_id, projects };
    let work = move || {
        let mut errors = Errors::default();
        let draft = format.read(bytes.as_ref(), &context, &mut errors);
        let assembled = if errors.is_empty() { assemble(draft, now, &mut errors) } else { None };
        (assembled, errors)
    };
    let (assembled, errors) = tokio::task::spawn_blocking(work).await.map_err(|panic| Problem::server_error(&panic))?;
    if let Some(assembled) = assembled {
        return Ok(ParsedFile { assembled, errors });
    }
    let detail = "nothing was imported";
    Err(errors.into_warnings().err().unwrap_or_else(|| Problem::new(Code::ValidationError, detail)))
}

impl ParsedFile {
    /// Imports the file, or with `dry_run` only reports what an import would do.
    pub async fn import(self, engine: &Engine, owner: &OwnerId, dry_run: bool) -> Result<ImportResponse, Problem> {
        let Self { assembled: Assembled { import, locations }, mut errors } = self;
        let project_count = import.projects.len();
        let outcomes = engine.import(owner, import, dry_run).await?;
        let (mut projects, mut tasks) = (ImportCounts::default(), ImportCounts::default());
        for (index, (outcome, location)) in outcomes.into_iter().zip(locations).enumerate() {
            let counts = if index < project_count { &mut projects } else { &mut tasks };
            counts.add(outcome, &location, &mut errors);
        }
        let warnings = errors.into_warnings()?;
        Ok(ImportResponse { dry_run, tasks, projects, warnings })
    }
}

impl ImportCounts {
    fn add(&mut self, outcome: ImportOutcome, location: &Location, errors: &mut Errors) {
        match outcome {
            ImportOutcome::Created => self.created += 1,
            ImportOutcome::Repeated => self.repeated += 1,
            ImportOutcome::Gone => self.skipped += 1,
            ImportOutcome::Rejected(problem) => report(location, problem, errors),
        }
    }
}
