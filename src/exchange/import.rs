//! `POST /api/{user_id}/import`: takes a file in. It is read whole before anything is written, so
//! that all its faults are told at once, away from the threads that serve others.

use chrono::Utc;
use salvo::http::headers::{ContentLength, HeaderMapExt};
use salvo::http::{Method, Mime};
use salvo::hyper::body::Bytes;
use salvo::prelude::*;
use serde::{Deserialize, Deserializer, Serialize};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::assemble::{Assembled, assemble};
use super::document::ExportDocument;
use super::draft::{Context, Draft, Place, tell};
use super::faults::Faults;
use super::{FILE_MAX, csv, ics, json, store};
use crate::app::App;
use crate::auth::Caller;
use crate::batch::{self, Fate};
use crate::http::body::whole_body;
use crate::http::json::Json;
use crate::http::query::Query;
use crate::openapi::params::UserPath;
use crate::problem::{Code, FieldError, Problem};
use crate::projects::ProjectId;
use crate::tasks::{TimeZone, count_schema};

/// How many times as long as other requests an import may take.
const PATIENCE: u32 = 10;

/// A calendar in the form of RFC 5545, UTF-8, up to 64 MiB.
#[derive(Debug, ToSchema)]
#[schema(value_type = String)]
#[expect(dead_code, reason = "describes a body")]
pub struct CalendarFile(String);

/// A table in the form of RFC 4180, UTF-8, with a header, up to 64 MiB. Semicolons or tabs may
/// stand for the commas.
#[derive(Debug, ToSchema)]
#[schema(value_type = String)]
#[expect(dead_code, reason = "describes a body")]
pub struct CsvFile(String);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// `true` imports nothing and answers what would become of the file.
    #[serde(default, deserialize_with = "yes_or_no")]
    #[param(default = false, required = false)]
    dry_run: bool,
    /// The IANA time zone of times that name none, such as `Europe/Berlin`.
    #[serde(default = "utc")]
    #[param(value_type = String, default = "UTC", required = false)]
    time_zone: TimeZone,
    /// The project for tasks that name none: one that the user has.
    #[serde(default)]
    #[param(value_type = String, format = Uuid, required = false)]
    project_id: Option<ProjectId>,
}

const fn utc() -> TimeZone {
    TimeZone::UTC
}

fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match std::borrow::Cow::<str>::deserialize(deserializer)?.as_ref() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(serde::de::Error::custom("must be true or false")),
    }
}

/// What became of a file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportAnswer {
    /// Whether this only tells what would happen.
    pub dry_run: bool,
    pub tasks: ImportCounts,
    pub projects: ImportCounts,
    /// What the file says and had to be left behind, by line and field: the first 100.
    pub warnings: Vec<FieldError>,
}

/// What became of tasks or projects.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportCounts {
    /// Those that are new.
    #[schema(schema_with = count_schema)]
    pub created: u64,
    /// Those that were there; they stay as they are.
    #[schema(schema_with = count_schema)]
    pub repeated: u64,
    /// Those that were there and have been deleted; they stay so. What hung on them does without.
    #[schema(schema_with = count_schema)]
    pub skipped: u64,
}

/// Whether this asks for an import, which may take longer than other requests.
pub fn is_import(req: &Request) -> bool {
    *req.method() == Method::POST && req.uri().path().ends_with("/import")
}

/// Import a file
///
/// Adds what the file holds and the user does not have; what is there already stays as it is. All
/// of it or nothing: a file with faults changes nothing, and `errors` names line and field of each
/// (the first 100). Files of up to 64 MiB, 100,000 tasks and 100,000 projects; new tasks come last
/// in the order. Safe to retry: ids stay as they are, and what has none gets one that follows from
/// what it says, so the same file creates nothing twice. (Of dates such as `tomorrow` the first
/// import counts.)
///
/// **JSON**: the document of an export, this user's or another's.
///
/// **iCalendar**: its VTODOs, by the mapping that the export describes. Any PRIORITY from 2 to 4 is
/// high, from 6 to 8 low. UIDs that are no UUIDs are turned into one. Without DUE, DTSTART is
/// taken for it. Times in UTC stay so. CANCELLED counts as completed. Anything else that the file
/// holds (VEVENT, VALARM, EXDATE, …) is left behind, to-dos and dates with a warning.
///
/// **CSV**: the columns of the export, of which only `title` is needed, in any order; or those of
/// Todoist's template, told by its columns TYPE and CONTENT. Of these, PRIORITY 1 becomes urgent, 2
/// high, 3 medium and 4 none; INDENT makes subtasks; a section becomes a label of its tasks; a note
/// is added to the description of the task above it, and words such as `@home` at the end of CONTENT
/// become labels. DATE may be a date such as `2026-11-25`, `25 Nov 2026`, `25 Nov`, `today` or
/// `tomorrow`, with a time such as `09:30` or `at 9am`, or a repetition such as `every day`,
/// `every 2 weeks`, `every weekday` or `every Monday`; any other is kept in the description, with
/// a warning. AUTHOR is left out; RESPONSIBLE, DURATION and DEADLINE are, with a warning.
#[utoipa::path(
    post,
    path = "/api/{user_id}/import",
    tag = "exchange",
    params(UserPath, ImportQuery),
    request_body(description = "The file.", content(
        (ExportDocument = "application/json", examples(
            ("1-a-task-and-its-project" = (summary = "A task in a project", value = json!({
                "taskwire": {"version": 1},
                "projects": [{"id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60", "name": "Garden", "color": "#2f855a"}],
                "tasks": [{
                    "id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d61",
                    "title": "Rake the leaves",
                    "due": {"date": "2026-11-28"},
                    "recurrence": "FREQ=WEEKLY;BYDAY=SA",
                    "project_id": "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d60",
                }],
            }))),
        )),
        (CalendarFile = "text/calendar", examples(
            ("1-a-to-do" = (summary = "A to-do", value = json!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nBEGIN:VTODO\r\nUID:20261125-1@example.com\r\nDTSTAMP:20261125T080000Z\r\nSUMMARY:Buy milk\r\nDUE;VALUE=DATE:20261126\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"))),
        )),
        (CsvFile = "text/csv", examples(
            ("1-titles-and-dates" = (summary = "Titles and dates", value = json!("title,due_date,labels\r\nBuy milk,2026-11-26,\"home,errands\"\r\n"))),
            ("2-todoist" = (summary = "Todoist's template", value = json!("TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\r\ntask,Buy milk @home,,1,1,,,every day,en,Europe/Berlin\r\ntask,Two litres,,4,2,,,,,\r\n"))),
        )),
    )),
    responses(
        (status = 200, description = "What became of it.", body = ImportAnswer),
    ),
    impl_for = import_data
)]
#[handler]
pub async fn import_data(
    app: App,
    caller: Caller,
    query: Query<ImportQuery>,
    req: &mut Request,
) -> Result<Json<ImportAnswer>, Problem> {
    let within = app.http().request_timeout * PATIENCE;
    timeout(within, take_in(&app, &caller, query.0, req)).await.unwrap_or_else(|_| {
        Err(Problem::unavailable("the import took too long; send the file again, nothing will be there twice"))
    })
}

async fn take_in(
    app: &App,
    caller: &Caller,
    query: ImportQuery,
    req: &mut Request,
) -> Result<Json<ImportAnswer>, Problem> {
    let read = reader(req.content_type().as_ref())?;
    let size = req
        .headers()
        .typed_get::<ContentLength>()
        .map_or(FILE_MAX, |length| usize::try_from(length.0).unwrap_or(FILE_MAX));
    let _slot = app.exchange().import(size).await?;
    let bytes = whole_body(req, FILE_MAX).await?.clone();
    let names = store::project_names(app.pool(), caller.owner()).await?;
    let now = Utc::now();
    let context = Context {
        owner: caller.owner().clone(),
        now,
        time_zone: query.time_zone,
        project_id: query.project_id,
        projects: names.into_iter().map(|(name, id)| (name.to_lowercase(), id)).collect(),
    };
    let work = move || {
        let mut faults = Faults::default();
        let draft = read(&bytes, &context, &mut faults);
        let assembled = if faults.are_none() { assemble(draft, now, &mut faults) } else { None };
        (assembled, faults)
    };
    let (assembled, mut faults) =
        tokio::task::spawn_blocking(work).await.map_err(|panic| Problem::server_error(&panic))?;
    let Some(Assembled { import, places }) = assembled else {
        let detail = "nothing was imported";
        return Err(faults.into_warnings().err().unwrap_or_else(|| Problem::new(Code::ValidationError, detail)));
    };
    let projects = import.projects.len();
    // Taking the file in and reading it may have taken minutes.
    caller.still_allowed(app)?;
    let fates = batch::import(app, caller.owner(), import, query.dry_run).await?;
    let (mut of_projects, mut of_tasks) = (ImportCounts::default(), ImportCounts::default());
    for (at, (fate, place)) in fates.into_iter().zip(places).enumerate() {
        let counts = if at < projects { &mut of_projects } else { &mut of_tasks };
        counts.add(fate, &place, &mut faults);
    }
    let warnings = faults.into_warnings()?;
    Ok(Json(ImportAnswer { dry_run: query.dry_run, tasks: of_tasks, projects: of_projects, warnings }))
}

impl ImportCounts {
    fn add(&mut self, fate: Fate, place: &Place, faults: &mut Faults) {
        match fate {
            Fate::Created => self.created += 1,
            Fate::Repeated => self.repeated += 1,
            Fate::Gone => self.skipped += 1,
            Fate::Refused(problem) => tell(place, problem, faults),
        }
    }
}

type Reader = fn(&Bytes, &Context, &mut Faults) -> Draft;

fn reader(media_type: Option<&Mime>) -> Result<Reader, Problem> {
    let known = media_type.filter(|mime| mime.get_param("charset").is_none_or(|charset| charset == "utf-8"));
    match known.map(|mime| (mime.type_().as_str(), mime.subtype().as_str(), mime.suffix())) {
        Some(("application", "json", None)) => Ok(json::read),
        Some(("text", "calendar", None)) => Ok(ics::read),
        Some(("text", "csv", None)) => Ok(csv::read),
        _ => Err(Problem::new(
            Code::UnsupportedMediaType,
            "send the file as Content-Type: application/json, text/calendar or text/csv, in UTF-8",
        )),
    }
}

/// The file as text, without the byte order mark that some programs put before it.
pub fn text<'a>(bytes: &'a Bytes, faults: &mut Faults) -> Option<&'a str> {
    let bytes: &[u8] = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if text.trim().is_empty() => {
            faults.add("line 1".to_owned(), "malformed", "must not be the end: the file is empty");
            None
        }
        Ok(text) => Some(text),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.split(|byte| *byte == b'\n').count();
            faults.add(format!("line {line}"), "encoding", "must be UTF-8");
            None
        }
    }
}
