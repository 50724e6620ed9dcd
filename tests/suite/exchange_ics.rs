//! Export to iCalendar and import. A third-party library also reads our calendars: every to-do, its
//! time zones and its recurrence.

use icalendar::parser::{Component, read_calendar, unfold};
use serde_json::{Value, json};

use super::exchange::furnish;
use crate::kit::{Client, TestServer};

const ICS: &str = "text/calendar";

/// The value of a component's property as the library returns it.
fn value<'a>(component: &'a Component<'_>, name: &str) -> Option<&'a str> {
    component.properties.iter().find(|property| property.name == name).map(|property| property.val.as_str())
}

async fn first_task(ada: &Client) -> Value {
    ada.everything().await["tasks"][0].clone()
}

fn calendar(todo: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTODO\n{todo}\nEND:VTODO\nEND:VCALENDAR\n")
}

#[tokio::test]
async fn every_property_survives_export_and_import() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.user("ada"), server.user("bob"));
    furnish(&ada).await;
    let file = ada.export("ics").await;
    let answer = bob.import(ICS, file.clone()).await;
    assert_eq!((answer.tasks.created, answer.projects.created, answer.warnings.len()), (7, 1, 0));
    let mut expected = ada.everything().await["tasks"].clone();
    for task in expected.as_array_mut().expect("tasks") {
        let task = task.as_object_mut().expect("an object");
        task.remove("occurrences");
        for time in ["created_at", "completed_at"] {
            if let Some(Value::String(text)) = task.get_mut(time) {
                // iCalendar keeps whole seconds.
                *text = format!("{}Z", &text[..19]);
            }
        }
    }
    assert_eq!(bob.everything().await["tasks"], expected);
    assert_eq!(bob.import(ICS, file).await.tasks.repeated, 7);
}

#[tokio::test]
async fn a_third_party_library_reads_every_to_do() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    furnish(&ada).await;
    let file = ada.export("ics").await;
    assert!(file.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{file}");
    let unfolded = unfold(&file);
    let calendar = read_calendar(&unfolded).expect("a calendar");
    let todos: Vec<_> = calendar.components.iter().filter(|component| component.name == "VTODO").collect();
    assert_eq!(todos.len(), 7);
    let parsed: icalendar::Calendar = file.parse().expect("a calendar");
    let todos_of_ours: Vec<&icalendar::Todo> = parsed.todos().collect();
    assert_eq!(todos_of_ours.len(), 7);

    let tasks = ada.everything().await["tasks"].clone();
    for (task, todo) in tasks.as_array().expect("tasks").iter().zip(&todos) {
        assert_eq!(value(todo, "UID"), task["id"].as_str());
        assert_eq!(value(todo, "RELATED-TO"), task["parent_id"].as_str());
        let done = if task["completed"] == true { "COMPLETED" } else { "NEEDS-ACTION" };
        assert_eq!(value(todo, "STATUS"), Some(done));
        assert_eq!(value(todo, "RRULE"), task["recurrence"].as_str());
    }
    let first = &todos_of_ours[0];
    assert_eq!(icalendar::Component::get_summary(*first), tasks[0]["title"].as_str());
    assert_eq!(icalendar::Component::get_description(*first), tasks[0]["description"].as_str());
}

#[tokio::test]
async fn a_recurring_time_in_a_time_zone_has_the_same_instants_in_other_programs() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let due = json!({"date": "2026-10-24", "time": "09:30", "time_zone": "Europe/Berlin"});
    ada.create_with(json!({"title": "Call home", "due": due, "recurrence": "FREQ=DAILY;COUNT=3"})).await;
    let file = ada.export("ics").await;
    let unfolded = unfold(&file);
    let calendar = read_calendar(&unfolded).expect("a calendar");
    let todo = calendar.components.iter().find(|component| component.name == "VTODO").expect("a to-do");
    let start = todo.properties.iter().find(|property| property.name == "DTSTART").expect("a start");
    let zone = start.params.iter().find(|parameter| parameter.key == "TZID").expect("a zone");
    let rule = format!(
        "DTSTART;TZID={}:{}\nRRULE:{}",
        zone.val.as_ref().expect("a name"),
        start.val,
        value(todo, "RRULE").expect("a rule"),
    );
    let rule: rrule::RRuleSet = rule.parse().expect("a recurrence");
    let instants: Vec<String> = rule.all(10).dates.iter().map(|date| date.to_utc().to_rfc3339()).collect();
    // The clocks went back in the night to the 25th.
    assert_eq!(instants, ["2026-10-24T07:30:00+00:00", "2026-10-25T08:30:00+00:00", "2026-10-26T08:30:00+00:00"]);
    let zone = calendar.components.iter().find(|component| component.name == "VTIMEZONE").expect("a time zone");
    assert_eq!(value(zone, "TZID"), Some("Europe/Berlin"));
    assert!(zone.components.iter().any(|part| value(part, "TZOFFSETTO") == Some("+0200")));
}

#[tokio::test]
async fn to_dos_of_other_programs_can_be_imported() {
    let server = TestServer::start().await;
    for (todo, expected) in [
        (
            "UID:a@b\nSUMMARY:Milk\\, bread\nDUE;VALUE=DATE:20261126\nPRIORITY:2",
            json!({"title": "Milk, bread", "due": {"date": "2026-11-26"}, "priority": "high"}),
        ),
        (
            "UID:a\nSUMMARY:a\nDUE:20261126T083000Z",
            json!({"due": {"date": "2026-11-26", "time": "08:30", "time_zone": "UTC"}}),
        ),
        (
            "UID:a\nSUMMARY:a\nDUE:20261126T083000",
            json!({"due": {"date": "2026-11-26", "time": "08:30", "time_zone": "America/New_York"}}),
        ),
        (
            "UID:a\nSUMMARY:a\nDUE;TZID=\"/freeassociation.sourceforge.net/Europe/Berlin\":20261126T083000",
            json!({"due": {"date": "2026-11-26", "time": "08:30", "time_zone": "Europe/Berlin"}}),
        ),
        (
            "UID:a\nSUMMARY:a\nDTSTART;VALUE=DATE:20261126\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1",
            json!({"due": {"date": "2026-11-26"}, "recurrence": "FREQ=MONTHLY;BYMONTHDAY=-1"}),
        ),
        (
            "UID:a\nSUMMARY:a\nCOMPLETED:20261126T083000Z\nPERCENT-COMPLETE:100",
            json!({"completed": true, "completed_at": "2026-11-26T08:30:00Z"}),
        ),
        ("UID:a\nSUMMARY:a\nSTATUS:CANCELLED", json!({"completed": true})),
        ("UID:a\nSUMMARY:a\nCATEGORIES:Home,home,\nCATEGORIES:Two\\,parts", json!({"labels": ["Home", "Two parts"]})),
        (
            "UID:a\nSUMMARY:long\n  line\nBEGIN:VALARM\nSUMMARY:beep\nACTION:AUDIO\nEND:VALARM\nDESCRIPTION:one\\ntwo",
            json!({"title": "long line", "description": "one\ntwo"}),
        ),
    ] {
        // Each to-do gets its own user.
        let user = server.user(&format!("user of {expected}"));
        let answer = user.post("/import?time_zone=America/New_York").bytes(ICS, calendar(todo)).expect(200).await;
        assert_eq!(answer.json::<Value>()["tasks"]["created"], 1, "{todo}");
        let task = first_task(&user).await;
        for (field, value) in expected.as_object().expect("fields") {
            assert_eq!(task[field], *value, "{todo}");
        }
        assert_eq!(user.import(ICS, calendar(todo)).await.tasks.repeated, 1, "{todo}");
    }
}

#[tokio::test]
async fn a_zone_with_another_name_is_recognised_and_subtasks_find_their_parents() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let file = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Home\r\nX-LIC-LOCATION:Europe/Paris\r\nEND:VTIMEZONE\r\n\
        BEGIN:VTODO\r\nUID:2\r\nSUMMARY:Part\r\nRELATED-TO:1\r\nEND:VTODO\r\n\
        BEGIN:VTODO\r\nUID:1\r\nSUMMARY:Whole\r\nDUE;TZID=Home:20261126T083000\r\nEXDATE:20261127T083000Z\r\nEND:VTODO\r\n\
        BEGIN:VEVENT\r\nUID:3\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let answer = ada.import(ICS, file).await;
    let warned: Vec<&str> = answer.warnings.iter().map(|warning| warning.field.as_ref()).collect();
    assert_eq!(warned, ["line 17, VEVENT", "line 15, EXDATE"]);
    let tasks = ada.everything().await["tasks"].clone();
    assert_eq!((&tasks[0]["title"], &tasks[0]["due"]["time_zone"]), (&json!("Whole"), &json!("Europe/Paris")));
    assert_eq!((&tasks[1]["title"], &tasks[1]["parent_id"]), (&json!("Part"), &tasks[0]["id"]));
}
