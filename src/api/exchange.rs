//! `GET /api/{user_id}/export` and `POST /api/{user_id}/import`: files with the tasks and projects of a user.

use chrono::Utc;
use futures_util::stream;
use salvo::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use salvo::http::headers::{ContentLength, HeaderMapExt};
use salvo::http::{Method, Mime};
use salvo::prelude::*;
use serde::{Deserialize, Deserializer};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};

use super::app::App;
use super::extract::body::read_body;
use super::extract::caller::Caller;
use super::extract::query::Query;
use super::openapi::params::UserPath;
use super::respond::json::Json;
use crate::exchange::format::FileFormat;
use crate::exchange::import::{self, FileOptions};
use crate::exchange::limits::FILE_MAX;
use crate::exchange::{ExportDocument, ImportResponse, export};
use crate::model::{Code, Problem, ProjectId, TimeZone};

/// An import may take so many times `REQUEST_TIMEOUT`.
const IMPORT_TIMEOUT_FACTOR: u32 = 10;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// The format of the file: `json` (the default) has everything, `ics` has the tasks as to-dos for
    /// calendar programs, `csv` has the tasks as a table.
    #[serde(default)]
    #[param(inline, required = false)]
    format: FileFormat,
}

/// Export all tasks and projects
///
/// Returns one file with all projects and tasks of the user, from one snapshot of the database. It
/// does not contain the trash and the change log. Each task comes after its parent. The server
/// sends the file while it reads the data: if the response ends early, the file is incomplete, so
/// send the request again. A server runs 4 exports at a time; another one waits up to 5 seconds and
/// then gets 503.
///
/// **JSON** (see `ExportDocument`) has all projects and tasks. If you import the file elsewhere and
/// export it again, only the header differs.
///
/// **iCalendar** (RFC 5545) has a VTODO for each task; its UID is the id of the task. `due` becomes
/// DUE, as a date or as a time in a time zone that a VTIMEZONE defines; a recurring task also has
/// DTSTART. PRIORITY is 1 for urgent, 3 for high, 5 for medium and 9 for low. Labels become
/// CATEGORIES, the parent becomes RELATED-TO, the order X-APPLE-SORT-ORDER, and the project
/// X-TASKWIRE-PROJECT-ID and X-TASKWIRE-PROJECT. Times of creation and completion are cut to
/// seconds. The file does not contain control characters, colours of projects, or completed
/// occurrences.
///
/// **CSV** (RFC 4180) is in UTF-8 and has the columns `id`, `title`, `description`, `completed`,
/// `completed_at`, `priority`, `due_date`, `due_time`, `due_time_zone`, `recurrence`, `labels`
/// (separated by commas), `project_id`, `project` (its name), `parent_id`, `order` and
/// `created_at`. A text that a spreadsheet could take for a formula (it begins with `=`, `+`, `-`,
/// `@`, a tab or a carriage return) gets an apostrophe before it, which an import removes.
#[utoipa::path(
    get,
    path = "/api/{user_id}/export",
    tag = "exchange",
    params(UserPath, ExportQuery),
    responses(
        (status = 200, description = "The exported file.", content(
            (ExportDocument = "application/json"),
            (String = "text/calendar"),
            (String = "text/csv"),
        ), headers(
            ("Content-Disposition" = String, description = "The name of the file, such as `taskwire-2026-11-25.json`."),
        )),
    ),
    impl_for = export_data
)]
#[handler]
pub async fn export_data(
    app: App,
    caller: Caller,
    query: Query<ExportQuery>,
    req: &Request,
    res: &mut Response,
) -> Result<(), Problem> {
    let format = query.0.format;
    let now = Utc::now();
    // HEAD needs no file.
    let pieces = if *req.method() == Method::HEAD {
        None
    } else {
        Some(export::begin(app.pool(), app.transfer_limits(), caller.owner(), format, now).await?)
    };
    let name = format!("attachment; filename=\"taskwire-{}.{}\"", now.format("%Y-%m-%d"), format.extension());
    res.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(name) = HeaderValue::from_str(&name) {
        res.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    if let Some(pieces) = pieces {
        res.stream(stream::unfold(pieces, |mut pieces| async { pieces.recv().await.map(|piece| (piece, pieces)) }));
    }
    Ok(())
}

/// An iCalendar file (RFC 5545) in UTF-8, up to 64 MiB.
#[derive(Debug, ToSchema)]
#[schema(value_type = String)]
#[expect(dead_code, reason = "describes a body")]
pub struct CalendarFile(String);

/// A table (RFC 4180) in UTF-8 with a header row, up to 64 MiB. Semicolons or tabs may separate the
/// columns instead of commas.
#[derive(Debug, ToSchema)]
#[schema(value_type = String)]
#[expect(dead_code, reason = "describes a body")]
pub struct CsvFile(String);

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportQuery {
    /// With `true`, the server imports nothing and reports what an import would do.
    #[serde(default, deserialize_with = "true_or_false")]
    #[param(default = false, required = false)]
    dry_run: bool,
    /// The IANA name of the time zone for times in the file without a time zone, such as
    /// `Europe/Berlin`.
    #[serde(default = "utc")]
    #[param(value_type = String, default = "UTC", required = false)]
    time_zone: TimeZone,
    /// The project for tasks that name no project: the id of one of the user's projects.
    #[serde(default)]
    #[param(value_type = String, format = Uuid, required = false)]
    project_id: Option<ProjectId>,
}

const fn utc() -> TimeZone {
    TimeZone::UTC
}

fn true_or_false<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match std::borrow::Cow::<str>::deserialize(deserializer)?.as_ref() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(serde::de::Error::custom("must be true or false")),
    }
}

/// Whether the request is an import, which has a time limit of its own.
pub fn is_import(req: &Request) -> bool {
    *req.method() == Method::POST && req.uri().path().ends_with("/import")
}

/// Import a file
///
/// Adds the projects and tasks of the file that the user does not have yet. Existing ones stay as
/// they are; new tasks come last in the order. The one exception: completed tasks above an open new
/// task are reopened, each in a change of its own. An import is all or nothing: if the file has errors,
/// nothing is imported, and `errors` names the line and the field of each error (the first 100).
///
/// A file has at most 64 MiB, 100,000 tasks and 100,000 projects. An import may take ten times
/// `REQUEST_TIMEOUT` (5 minutes by default); after that the response is 503. A server imports up to
/// 128 MiB of files at a time; another file waits up to 5 seconds and then gets 503.
///
/// An import is safe to retry. Ids stay as they are, and an item without an id gets one that is
/// computed from its content, so the same file creates nothing twice. A date such as `tomorrow`
/// counts from the first import.
///
/// **JSON**: the document of an export, of the same user or of another one.
///
/// **iCalendar**: the VTODOs, mapped as in the export. PRIORITY 2 to 4 becomes high, 6 to 8 becomes
/// low. A UID that is not a UUID is turned into one. Without DUE, DTSTART is the due date. A time in
/// UTC gets the time zone UTC. CANCELLED counts as completed. The import ignores everything else,
/// such as VEVENT, VALARM and EXDATE. It warns about ignored components of the calendar, to-dos with
/// RECURRENCE-ID, and EXDATE, RDATE, EXRULE and DURATION.
///
/// **CSV**: the columns of the export in any order, of which only `title` is required; or the
/// columns of Todoist's template, which the import recognises by TYPE and CONTENT. In the template,
/// PRIORITY 1 becomes urgent, 2 high, 3 medium and 4 none. INDENT makes subtasks. A section becomes
/// a label of its tasks. A note is appended to the description of the task above it. Words such as
/// `@home` at the end of CONTENT become labels. DATE is a date such as `2026-11-25`, `25 Nov 2026`,
/// `25 Nov`, `today` or `tomorrow`, with or without a time such as `09:30` or `at 9am`, or a
/// repetition such as `every day`, `every 2 weeks`, `every weekday` or `every Monday`. Any other
/// DATE goes into the description, with a warning. The import ignores AUTHOR, and RESPONSIBLE,
/// DURATION and DEADLINE with a warning.
#[utoipa::path(
    post,
    path = "/api/{user_id}/import",
    tag = "exchange",
    params(UserPath, ImportQuery),
    request_body(description = "The file to import.", content(
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
        (status = 200, description = "How much was created, how much existed already, and warnings.", body = ImportResponse),
    ),
    impl_for = import_data
)]
#[handler]
pub async fn import_data(
    app: App,
    caller: Caller,
    query: Query<ImportQuery>,
    req: &mut Request,
) -> Result<Json<ImportResponse>, Problem> {
    let limit = app.http().request_timeout * IMPORT_TIMEOUT_FACTOR;
    timeout(limit, import_body(&app, &caller, query.0, req)).await.unwrap_or_else(|_| {
        Err(Problem::unavailable("the import took too long; send the file again, nothing will be there twice"))
    })
}

async fn import_body(
    app: &App,
    caller: &Caller,
    query: ImportQuery,
    req: &mut Request,
) -> Result<Json<ImportResponse>, Problem> {
    let ImportQuery { dry_run, time_zone, project_id } = query;
    let format = format_of(req.content_type().as_ref())?;
    let size = req
        .headers()
        .typed_get::<ContentLength>()
        .map_or(FILE_MAX, |length| usize::try_from(length.0).unwrap_or(FILE_MAX));
    let _permit = app.transfer_limits().acquire_import(size).await?;
    let bytes = read_body(req, FILE_MAX).await?.clone();
    let file = import::read(app.pool(), caller.owner(), bytes, FileOptions { format, time_zone, project_id }).await?;
    // Receiving and reading the file may have taken minutes, and the token may have been revoked.
    caller.check_not_revoked(app)?;
    file.import(app.engine(), caller.owner(), dry_run).await.map(Json)
}

fn format_of(media_type: Option<&Mime>) -> Result<FileFormat, Problem> {
    let known = media_type.filter(|mime| mime.get_param("charset").is_none_or(|charset| charset == "utf-8"));
    match known.map(|mime| (mime.type_().as_str(), mime.subtype().as_str(), mime.suffix())) {
        Some(("application", "json", None)) => Ok(FileFormat::Json),
        Some(("text", "calendar", None)) => Ok(FileFormat::Ics),
        Some(("text", "csv", None)) => Ok(FileFormat::Csv),
        _ => Err(Problem::new(
            Code::UnsupportedMediaType,
            "send the file as Content-Type: application/json, text/calendar or text/csv, in UTF-8",
        )),
    }
}
