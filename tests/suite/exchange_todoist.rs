//! Import of a Todoist template: priorities, indents, sections, notes, labels and dates. The
//! response reports what cannot be imported.

use serde_json::{Value, json};

use crate::kit::{Client, TestServer};

const CSV: &str = "text/csv";
const SAMPLE: &str = include_str!("exchange_todoist.csv");

async fn task(ada: &Client, title: &str) -> Value {
    let everything = ada.everything().await;
    let tasks = everything["tasks"].as_array().expect("tasks");
    tasks.iter().find(|task| task["title"] == title).unwrap_or_else(|| panic!("no {title}: {everything:#}")).clone()
}

#[tokio::test]
async fn a_template_becomes_tasks_with_every_supported_field() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let answer = ada.import(CSV, SAMPLE).await;
    assert_eq!((answer.tasks.created, answer.projects.created), (7, 0));
    let warned: Vec<&str> = answer.warnings.iter().map(|warning| warning.field.as_ref()).collect();
    let expected = ["line 6, RESPONSIBLE", "line 13, DURATION", "line 14, DATE", "line 14, DEADLINE"];
    assert_eq!(warned, expected);

    let party = task(&ada, "Plan the party").await;
    assert_eq!(party["priority"], "urgent");
    assert_eq!(party["labels"], json!(["home", "Fun"]));
    assert_eq!(party["description"], "Twelve guests,\ntwo of them vegan");
    assert_eq!(party["due"], json!({"date": "2026-12-19", "time": "18:30", "time_zone": "Europe/Berlin"}));
    let invite = task(&ada, "Invite people").await;
    assert_eq!((&invite["parent_id"], &invite["priority"]), (&party["id"], &json!("high")));
    assert_eq!(invite["due"], json!({"date": "2026-12-01"}));
    let addresses = task(&ada, "Find addresses").await;
    assert_eq!((&addresses["parent_id"], &addresses["priority"]), (&invite["id"], &json!("medium")));
    assert_eq!(addresses["description"], "Half of them are in the old book\n\nThe rest in the phone");
    let drinks = task(&ada, "Buy drinks").await;
    assert_eq!((&drinks["parent_id"], drinks.get("priority")), (&party["id"], None));

    let water = task(&ada, "Water the plants").await;
    assert_eq!(water["labels"], json!(["Every week  at home"]));
    assert_eq!(water["recurrence"], "FREQ=WEEKLY;BYDAY=MO");
    assert_eq!((&water["due"]["time"], &water["due"]["time_zone"]), (&json!("09:00"), &json!("Europe/Berlin")));
    assert_eq!(water.get("parent_id"), None);
    assert_eq!(task(&ada, "Call home").await["description"], "Date: jeden dritten Sonntag");
}

#[tokio::test]
async fn importing_the_template_again_creates_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    ada.import(CSV, SAMPLE).await;
    let answer = ada.import(CSV, SAMPLE.replace('\n', "\r\n").replacen("guests,\r\n", "guests,\n", 1)).await;
    assert_eq!((answer.tasks.created, answer.tasks.repeated), (0, 7));
}

#[tokio::test]
async fn errors_in_a_template_are_reported_by_line_and_column() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let header = "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,DATE,TIMEZONE\n";
    for (rows, expected) in [
        ("task,a,,5,1,,\n", vec!["line 2, PRIORITY"]),
        ("task,a,,1,2,,\n", vec!["line 2, INDENT"]),
        ("task,a,,1,1,,\ntask,b,,1,3,,\n", vec!["line 3, INDENT"]),
        ("job,a,,1,1,,\n", vec!["line 2, TYPE"]),
        ("task,,,1,1,,\n", vec!["line 2, CONTENT"]),
        ("task,a,,1,1,tomorrow at 9am,Berlin\n", vec!["line 2, TIMEZONE"]),
    ] {
        let problem = ada.post("/import").bytes(CSV, format!("{header}{rows}")).problem(400, "VALIDATION_ERROR").await;
        let fields: Vec<&str> =
            problem["errors"].as_array().expect("errors").iter().filter_map(|error| error["field"].as_str()).collect();
        assert_eq!(fields, expected, "{rows}");
    }
    let long = format!("{header}task,a,{},1,1,,\nnote,{},,,,,\n", "x".repeat(600), "y".repeat(600));
    ada.post("/import").bytes(CSV, long).invalid("line 3, CONTENT").await;
    assert_eq!(ada.log().await.len(), 0);
}

#[tokio::test]
async fn times_without_a_zone_use_the_zone_of_the_request() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let file = "TYPE,CONTENT,DATE\ntask,Call,2026-12-01 09:30\n";
    ada.post("/import?time_zone=Asia/Tokyo").bytes(CSV, file).expect(200).await;
    let due = task(&ada, "Call").await["due"].clone();
    assert_eq!(due, json!({"date": "2026-12-01", "time": "09:30", "time_zone": "Asia/Tokyo"}));
}
