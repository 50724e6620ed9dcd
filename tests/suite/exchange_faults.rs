//! Invalid files: every error is reported with line and field, and nothing is imported.

use std::fmt::Write;

use serde_json::Value;

use crate::kit::{Client, TestServer};

const JSON: &str = "application/json";
const CSV: &str = "text/csv";
const ICS: &str = "text/calendar";
const ID: &str = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d61";
const OTHER: &str = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d62";

/// The fields that the rejection of a file names.
async fn faults(ada: &Client, media_type: &str, file: impl Into<Vec<u8>>) -> Vec<String> {
    let problem = ada.post("/import").bytes(media_type, file).problem(400, "VALIDATION_ERROR").await;
    let errors = problem["errors"].as_array().expect("errors");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.starts_with("nothing was imported: ")), "{problem}");
    errors.iter().map(|error| error["field"].as_str().expect("a field").to_owned()).collect()
}

fn document(tasks: &str) -> String {
    format!("{{\"taskwire\": {{\"version\": 1}},\n\"tasks\": [\n{tasks}\n]}}")
}

fn calendar(todo: &str) -> String {
    let todo = todo.replace('\n', "\r\n");
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\n{todo}\r\nEND:VTODO\r\nEND:VCALENDAR\r\n")
}

#[tokio::test]
async fn errors_in_json_are_reported_by_line_and_field() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let task = |fields: &str| format!("{{\"id\": \"{ID}\", \"title\": \"a\"{fields}}}");
    let whole = document(&task(""));
    let long = "x".repeat(201);
    for (file, expected) in [
        (whole[..whole.len() - 5].to_owned(), "line 3, column 58"),
        ("[]".to_owned(), "line 1"),
        ("{}".to_owned(), "line 1, taskwire"),
        (whole.replace("\"version\": 1", "\"version\": 2"), "taskwire.version"),
        (whole.replace("tasks", "task"), "line 2, task"),
        (document("5"), "line 3, tasks[0]"),
        (document(&task(", \"tilte\": 1")), "line 3, tasks[0].tilte"),
        (document(&task(", \"due\": {\"date\": \"2026-02-30\"}")), "line 3, tasks[0].due.date"),
        (document(&task(", \"priority\": \"extreme\"")), "line 3, tasks[0].priority"),
        (document(&task(", \"recurrence\": \"FREQ=DAILY\"")), "line 3, tasks[0].recurrence"),
        (document(&task(", \"completed_at\": \"2026-11-25T00:00:00Z\"")), "line 3, tasks[0].completed_at"),
        (document(&task(", \"created_at\": \"+20000-01-01T00:00:00Z\"")), "line 3, tasks[0].created_at"),
        (document(&task(&format!(", \"parent_id\": \"{ID}\""))), "line 3, tasks[0].parent_id"),
        (document(&task(&format!(", \"parent_id\": \"{OTHER}\""))), "line 3, tasks[0].parent_id"),
        (document(&task(&format!(", \"project_id\": \"{OTHER}\""))), "line 3, tasks[0].project_id"),
        (document(&format!("{},\n\n{}", task(""), task(""))), "line 5, tasks[1].id"),
        (document(&task("").replace("\"a\"", &format!("\"{long}\""))), "line 3, tasks[0].title"),
        (document("").replace("\"tasks\"", "\"projects\": [\n{\"id\": 1}],\n\"tasks\""), "line 3, projects[0].id"),
        (
            document(&task(
                ", \"occurrences\": [{\"due\": \"2026-11-25\", \"completed_at\": \"2026-11-25T00:00:00Z\"}]",
            )),
            "line 3, tasks[0].occurrences[0].due",
        ),
    ] {
        assert_eq!(faults(&ada, JSON, file.clone()).await, [expected], "{file}");
    }
    assert_eq!(ada.log().await.len(), 0);
}

#[tokio::test]
async fn errors_in_a_table_are_reported_by_line_and_field() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let rows =
        |rows: &str| format!("title,due_date,due_time,due_time_zone,priority,labels,parent_id,completed\r\n{rows}");
    for (file, expected) in [
        (rows("a,,,,extreme,,,\r\n"), vec!["line 2, priority"]),
        (
            rows("a,,,,,,,\r\n\r\n\"b\r\nb\",2026-02-30,,,,,,yes\r\n,,,,none,,,\r\n"),
            vec!["line 4, completed", "line 4, due_date", "line 6, title"],
        ),
        (rows("a,,09:30,Europe/Berlin,,,,\r\n"), vec!["line 2, due_date"]),
        (rows("a,2026-11-25,9:30,Europe/Berlin,,,,\r\n"), vec!["line 2, due_time"]),
        (rows("a,2026-11-25,09:30,Berlin,,,,\r\n"), vec!["line 2, due_time_zone"]),
        (rows("a,2026-11-25,09:30,,,,,\r\n"), vec!["line 2, due_date"]),
        (rows("a,,,,,\"x,X\",,\r\n"), vec!["line 2, labels"]),
        (rows(&format!("a,,,,,,{ID},\r\n")), vec!["line 2, parent_id"]),
        (rows("a,,,,,,,\r\na,b\r\n"), vec!["line 3"]),
        (rows("a,,,,,,,\r\n\"never closed,,,,,,,\r\n"), vec!["line 3"]),
        ("title\r\na\r\n\"never closed\r\nb\r\n".to_owned(), vec!["line 3"]),
        ("title;description\na;\"never \"\"closed\"\"\nb;c\n".to_owned(), vec!["line 2"]),
        ("title,colour\r\n".to_owned(), vec!["line 1, colour"]),
        ("title,title\r\n".to_owned(), vec!["line 1, title"]),
        ("name;when\r\n".to_owned(), vec!["line 1"]),
        (" \r\n".to_owned(), vec!["line 1"]),
        (format!("id,title\r\n{ID},a\r\n{ID},b\r\n"), vec!["line 3, id"]),
        (
            "title,recurrence\na,FREQ=HOURLY\na,FREQ=DAILY\n".to_owned(),
            vec!["line 2, recurrence", "line 3, recurrence"],
        ),
    ] {
        assert_eq!(faults(&ada, CSV, file.clone()).await, expected, "{file}");
    }
    let mut latin = rows("a,,,,,,,\r\ncaf").into_bytes();
    latin.extend(b"\xe9,,,,,,,\r\n");
    assert_eq!(faults(&ada, CSV, latin).await, ["line 3"]);
    assert_eq!(ada.log().await.len(), 0);
}

#[tokio::test]
async fn errors_in_a_calendar_are_reported_by_line_and_property() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let long = "x".repeat(201);
    for (file, expected) in [
        (calendar("UID:1\nSUMMARY:a\nDUE:20260230"), vec!["line 6, DUE"]),
        (
            calendar("UID:1\nSUMMARY:a\nDUE;TZID=Nowhere:20261125T093000\nPRIORITY:12"),
            vec!["line 7, PRIORITY", "line 6, DUE"],
        ),
        (calendar("UID:1\nSUMMARY:a\nRRULE:FREQ=HOURLY\nDUE:20261125"), vec!["line 6, RRULE"]),
        (calendar("UID:1\nSUMMARY:a\nRRULE:FREQ=DAILY"), vec!["line 6, RRULE"]),
        (calendar(&format!("UID:1\nDESCRIPTION:folded\n  on\nSUMMARY:{long}")), vec!["line 7, SUMMARY"]),
        (calendar("SUMMARY:a"), vec!["line 3, UID"]),
        (calendar("UID:1"), vec!["line 3, SUMMARY"]),
        (calendar("UID:1\nSUMMARY:a\nRELATED-TO:2"), vec!["line 6, RELATED-TO"]),
        (calendar("UID:1\nSUMMARY:a\nSTATUS:LOST\nCREATED:yesterday"), vec!["line 6, STATUS", "line 7, CREATED"]),
        (calendar("UID:1\nSUMMARY:a\nDUE:20261125\nSUMMARY:b\nDUE:20261126"), vec!["line 5, SUMMARY", "line 6, DUE"]),
        (calendar("UID:1\nSUMMARY:a\nno property"), vec!["line 6"]),
        (calendar("UID:1\nSUMMARY:a\nEND:VEVENT"), vec!["line 6, END"]),
        ("BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nSUMM".to_owned(), vec!["line 4", "line 4"]),
        (format!("{}{}", calendar("UID:1\nSUMMARY:a"), calendar("UID:1\nSUMMARY:b")), vec!["line 11, UID"]),
        ("BEGIN:VTODO\r\nEND:VTODO\r\n".to_owned(), vec!["line 1, BEGIN"]),
        ("SUMMARY:a\r\n".to_owned(), vec!["line 1"]),
        (String::new(), vec!["line 1"]),
    ] {
        assert_eq!(faults(&ada, ICS, file.clone()).await, expected, "{file}");
    }
    let latin = calendar("UID:1\nSUMMARY:caf@").into_bytes();
    let latin: Vec<u8> = latin.into_iter().map(|byte| if byte == b'@' { 0xe9 } else { byte }).collect();
    assert_eq!(faults(&ada, ICS, latin).await, ["line 5"]);
    assert_eq!(ada.log().await.len(), 0);
}

#[tokio::test]
async fn the_first_hundred_errors_are_reported_and_all_are_counted() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut file = "title,priority\n".to_owned();
    for number in 0..250 {
        writeln!(file, "task {number},{}", if number % 2 == 0 { "none" } else { "never" }).expect("memory");
    }
    let told = faults(&ada, CSV, file.clone()).await;
    assert_eq!((told.len(), told[0].as_str(), told[99].as_str()), (100, "line 3, priority", "line 201, priority"));
    let problem: Value = ada.post("/import").bytes(CSV, file).expect(400).await.json();
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("125 faults")), "{problem}");
    assert_eq!(ada.log().await.len(), 0);
}

#[tokio::test]
async fn more_than_five_levels_or_a_cycle_of_parents_is_rejected() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let id = |number: usize| format!("019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d{number:02}");
    let row = |number: usize, parent: usize| {
        format!("{{\"id\": \"{}\", \"title\": \"{number}\", \"parent_id\": \"{}\"}}", id(number), id(parent))
    };
    let first = format!("{{\"id\": \"{}\", \"title\": \"0\"}}", id(0));
    let chain: Vec<String> = std::iter::once(first).chain((1..6).map(|number| row(number, number - 1))).collect();
    assert_eq!(faults(&ada, JSON, document(&chain.join(",\n"))).await, ["line 8, tasks[5].parent_id"]);
    let circle = [row(1, 2), row(2, 3), row(3, 1)];
    let told = faults(&ada, JSON, document(&circle.join(",\n"))).await;
    assert_eq!(told, ["line 3, tasks[0].parent_id", "line 4, tasks[1].parent_id", "line 5, tasks[2].parent_id"]);
    ada.import(JSON, document(&chain[..5].join(",\n"))).await;
    assert_eq!(ada.log().await.len(), 5);
}

#[tokio::test]
async fn other_file_types_and_files_that_are_too_large_are_rejected() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    for media_type in ["text/plain", "application/xml", "text/csv; charset=latin1", "application/merge-patch+json"] {
        ada.post("/import").bytes(media_type, "title\na\n").problem(415, "UNSUPPORTED_MEDIA_TYPE").await;
    }
    ada.post("/import").problem(415, "UNSUPPORTED_MEDIA_TYPE").await;
    ada.post("/import?time_zone=Berlin").bytes(CSV, "title\na\n").invalid("time_zone").await;
    ada.post("/import?dry_run=maybe").bytes(CSV, "title\na\n").invalid("dry_run").await;
    ada.post(&format!("/import?project_id={ID}")).bytes(CSV, "title\na\n").invalid("line 2, project_id").await;
    // Larger than the limit of other requests, smaller than the limit of an import.
    let title = format!("{}\n", "a".repeat(190));
    let large = format!("title\n{}", title.repeat(8000));
    assert_eq!(ada.import(CSV, large).await.tasks.created, 8000);
    let raw = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        ada.own("/import"),
        ada.token().expect("a token"),
        64 * 1024 * 1024 + 1,
    );
    assert_eq!(crate::kit::send_raw(ada.address(), raw.as_bytes()).await.status, 413);
}
