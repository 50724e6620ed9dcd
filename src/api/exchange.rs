//! `GET /api/{user_id}/export` and `POST /api/{user_id}/import`.

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
use super::extract::body::whole_body;
use super::extract::caller::Caller;
use super::extract::query::Query;
use super::openapi::params::UserPath;
use super::respond::json::Json;
use crate::exchange::format::FileFormat;
use crate::exchange::import::{self, FileOptions};
use crate::exchange::limits::FILE_MAX;
use crate::exchange::{ExportDocument, ImportResponse, export};
use crate::model::{Code, Problem, ProjectId, TimeZone};

/// How many times as long as other requests an import may take.
const PATIENCE: u32 = 10;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `json`, the default, holds everything; `ics` holds the tasks as to-dos for calendar programs, `csv` as a
    /// table.
    #[serde(default)]
    #[param(inline, required = false)]
    format: FileFormat,
}

/// Export everything
///
/// One file with all that the user has, as one snapshot of it, sent as it is read. Each task comes
/// after the one that it is a part of. A file that ends early has broken off: ask again.
///
/// **JSON** (see `ExportDocument`) holds all projects and tasks; imported elsewhere and exported
/// again it is the same, but for the header.
///
/// **iCalendar** (RFC 5545): a VTODO for each task; UID is its id. `due` is DUE, as a date or with
/// a time zone that a VTIMEZONE explains; a recurring one is also DTSTART. PRIORITY is 1 for
/// urgent, 3 for high, 5 for medium, 9 for low; labels are CATEGORIES, the parent is RELATED-TO,
/// the order X-APPLE-SORT-ORDER, the project X-TASKWIRE-PROJECT-ID and X-TASKWIRE-PROJECT. Times of
/// creation and completion are cut to seconds, control characters are left out, and colours of
/// projects and past occurrences have no place in it.
///
/// **CSV** (RFC 4180) in UTF-8 with the columns `id`, `title`, `description`, `completed`,
/// `completed_at`, `priority`, `due_date`, `due_time`, `due_time_zone`, `recurrence`, `labels`
/// (with commas between them), `project_id`, `project` (its name), `parent_id`, `order` and
/// `created_at`. A text that a spreadsheet could take for a formula (it begins with `=`, `+`, `-`,
/// `@`, a tab or a carriage return) has an apostrophe before it, which import takes away again.
#[utoipa::path(
    get,
    path = "/api/{user_id}/export",
    tag = "exchange",
    params(UserPath, ExportQuery),
    responses(
        (status = 200, description = "The file.", content(
            (ExportDocument = "application/json"),
            (String = "text/calendar"),
            (String = "text/csv"),
        ), headers(
            ("Content-Disposition" = String, description = "A name for the file, such as `taskwire-2026-11-25.json`."),
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
        (status = 200, description = "What became of it.", body = ImportResponse),
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
    let within = app.http().request_timeout * PATIENCE;
    timeout(within, import_body(&app, &caller, query.0, req)).await.unwrap_or_else(|_| {
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
    let bytes = whole_body(req, FILE_MAX).await?.clone();
    let file = import::read(app.pool(), caller.owner(), bytes, FileOptions { format, time_zone, project_id }).await?;
    // Receiving and reading the file may have taken minutes.
    caller.still_allowed(app)?;
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
