//! Export to CSV and import: every column keeps its value, no cell is a formula, and handwritten
//! tables can be imported.

use serde_json::{Value, json};

use super::exchange::furnish;
use crate::kit::TestServer;

const CSV: &str = "text/csv";

#[tokio::test]
async fn every_column_survives_export_and_import() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    furnish(&ada).await;
    let file = ada.export("csv").await;
    let answer = bob.import(CSV, file.clone()).await;
    assert_eq!((answer.tasks.created, answer.projects.created, answer.warnings.len()), (7, 1, 0));
    let mut expected = ada.everything().await["tasks"].clone();
    for task in expected.as_array_mut().expect("tasks") {
        task.as_object_mut().expect("an object").remove("occurrences");
    }
    assert_eq!(bob.everything().await["tasks"], expected);
    assert_eq!(bob.everything().await["projects"][0]["name"], "Garden, \"back\"");
    assert_eq!(bob.export("csv").await, file);
    assert_eq!(bob.import(CSV, file).await.tasks.repeated, 7);
}

#[tokio::test]
async fn no_cell_is_a_formula_and_lines_end_with_crlf() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    furnish(&ada).await;
    let file = ada.export("csv").await;
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let mut rows = 0;
    for row in reader.records() {
        let row = row.expect("each row has as many cells");
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t'])), "{row:?}");
        rows += 1;
    }
    assert_eq!(rows, 7);
    assert!(file.starts_with("id,title,description,completed,") && file.ends_with("\r\n"));
    assert!(file.contains(",'=1+1,") && file.contains(",'apostrophe,") && file.contains(",''=formula,"));
}

#[tokio::test]
async fn a_table_of_titles_is_enough_and_importing_it_again_creates_nothing() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    // Two equal rows give two tasks.
    let file = "\u{feff}Title;Labels;Description;Due_Date\nMilk;home,errands;\"Two\n\"\"blue\"\" litres\";2026-11-26\nBread;;;\n\nBread;;;\n";
    let answer = ada.import(CSV, file).await;
    assert_eq!((answer.tasks.created, answer.tasks.repeated), (3, 0));
    let tasks: Vec<Value> = ada.in_order().await.into_iter().map(|task| json!(task)).collect();
    let titles: Vec<&Value> = tasks.iter().map(|task| &task["title"]).collect();
    assert_eq!(titles, ["Milk", "Bread", "Bread"]);
    assert_eq!(tasks[0]["labels"], json!(["home", "errands"]));
    assert_eq!(tasks[0]["description"], "Two\n\"blue\" litres");
    assert_eq!(tasks[0]["due"], json!({"date": "2026-11-26"}));
    assert_eq!(ada.import(CSV, file).await.tasks.repeated, 3);
    // An additional row gives an additional task, and another user gets separate tasks.
    assert_eq!(ada.import(CSV, format!("{file}Butter;;;\n")).await.tasks.created, 1);
    let bob = server.user("bob");
    bob.import(CSV, file).await;
    let ids = |tasks: Vec<taskwire::model::Task>| tasks.into_iter().map(|task| task.id).collect::<Vec<_>>();
    let (hers, his) = (ids(ada.in_order().await), ids(bob.in_order().await));
    assert!(his.iter().all(|id| !hers.contains(id)));
}

#[tokio::test]
async fn a_project_may_be_named_by_its_name_or_for_the_whole_file() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let garden: Value = ada.post("/projects").json(json!({"name": "Garden"})).expect(201).await.json();
    let file = "title,project\nRake,garden\nSweep,Yard\nMow,Yard\nRest,\n";
    let path = format!("/import?project_id={}", garden["id"].as_str().expect("an id"));
    let answer: Value = ada.post(&path).bytes(CSV, file).expect(200).await.json();
    assert_eq!((&answer["tasks"]["created"], &answer["projects"]["created"]), (&json!(4), &json!(1)));
    let everything = ada.everything().await;
    let project_of = |title: &str| {
        let tasks = everything["tasks"].as_array().expect("tasks");
        tasks.iter().find(|task| task["title"] == title).expect("a task")["project_id"].clone()
    };
    assert_eq!((project_of("Rake"), project_of("Rest")), (garden["id"].clone(), garden["id"].clone()));
    assert_eq!(project_of("Sweep"), project_of("Mow"));
    assert_eq!(everything["projects"][1]["name"], "Yard");
    assert_eq!(ada.import(CSV, file).await.projects.created, 0);
}
