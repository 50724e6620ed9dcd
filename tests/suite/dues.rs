//! The database stores the instant of each due. The single-statement path and the plan must compute
//! the same instant, also when clocks change and at both ends of the calendar.

use serde_json::json;
use sqlx::Row;

use crate::kit::TestServer;

#[tokio::test]
async fn a_due_has_the_same_instant_whichever_path_wrote_it() {
    let server = TestServer::start().await;
    let ada = server.user("ada");
    let mut database = server.database.connection().await;
    for (date, time, instant) in [
        ("2026-11-25", None, "2026-11-25 00:00:00+00"),
        ("2026-11-25", Some(("09:30", "Europe/Berlin")), "2026-11-25 08:30:00+00"),
        // For a skipped time the offset before the gap counts; for a repeated time, the first one.
        ("2026-03-29", Some(("02:30", "Europe/Berlin")), "2026-03-29 01:30:00+00"),
        ("2026-10-25", Some(("02:30", "Europe/Berlin")), "2026-10-25 00:30:00+00"),
        ("2011-12-30", Some(("12:00", "Pacific/Apia")), "2011-12-30 22:00:00+00"),
        ("9999-12-31", Some(("23:59", "America/New_York")), "10000-01-01 04:59:00+00"),
        ("1900-01-01", Some(("00:00", "Asia/Tokyo")), "1899-12-31 15:00:00+00"),
    ] {
        let mut due = json!({ "date": date });
        if let Some((time, zone)) = time {
            (due["time"], due["time_zone"]) = (json!(time), json!(zone));
        }
        let alone = ada.create_with(json!({"title": "alone", "due": due})).await;
        let updated = ada.create("updated").await;
        ada.update(updated.id, json!({ "due": due })).await;
        let planned = ada.batch(json!([{"op": "create", "task": {"title": "planned", "due": due}}])).await;
        let planned = planned[0].task_id.expect("an id");
        for id in [alone.id, updated.id, planned] {
            let row = sqlx::query("SELECT (due_at AT TIME ZONE 'UTC')::text || '+00' FROM tasks WHERE id = $1")
                .bind(id.as_uuid())
                .fetch_one(&mut database)
                .await
                .expect("the task exists");
            assert_eq!(row.get::<String, _>(0), instant, "{due}");
            assert_eq!(json!(ada.read(id).await)["due"], due);
        }
    }
}
