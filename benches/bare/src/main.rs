//! The bare pair: axum and sqlx serve the four measured requests without tokens, validation,
//! logging, change log or live channel. It shows the cost of HTTP, JSON and a statement alone, so
//! that Taskwire's own cost can be separated. With `CREATE_SQL` and `COMPLETE_SQL` it writes with other
//! statements, such as Taskwire's own.

use std::env;
use std::error::Error;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, patch};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;
use sqlx::{FromRow, PgPool};
use tokio::net::TcpListener;
use uuid::Uuid;

type Row = (Uuid, String, String, Option<String>, bool, DateTime<Utc>, DateTime<Utc>);
type Answer<T> = Result<T, StatusCode>;

#[derive(Serialize)]
struct Task {
    id: Uuid,
    user_id: String,
    title: String,
    description: Option<String>,
    completed: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

// Decoding as a tuple reads columns by position; a derived implementation looks up each name.
impl<'r> FromRow<'r, sqlx::postgres::PgRow> for Task {
    fn from_row(row: &'r sqlx::postgres::PgRow) -> sqlx::Result<Self> {
        let (id, user_id, title, description, completed, created_at, updated_at) = Row::from_row(row)?;
        Ok(Self { id, user_id, title, description, completed, created_at, updated_at })
    }
}

#[derive(Clone)]
struct App {
    pool: PgPool,
    create: &'static str,
    complete: &'static str,
}

#[derive(Deserialize)]
struct NewTask {
    title: String,
    description: Option<String>,
    #[serde(default)]
    completed: bool,
}

#[derive(Deserialize)]
struct Page {
    limit: i64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let pool = PgPoolOptions::new()
        .max_connections(env::var("DATABASE_POOL_SIZE")?.parse()?)
        .test_before_acquire(false)
        .connect(&env::var("DATABASE_URL")?)
        .await?;
    let app = Router::new()
        .route("/api/{user_id}/tasks", get(list_tasks).post(create_task))
        .route("/api/{user_id}/tasks/{task_id}", get(get_task))
        .route("/api/{user_id}/tasks/{task_id}/complete", patch(complete_task))
        .with_state(App {
            pool,
            create: statement("CREATE_SQL", include_str!("../sql/create.sql")),
            complete: statement("COMPLETE_SQL", include_str!("../sql/complete.sql")),
        });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

fn statement(variable: &str, plain: &'static str) -> &'static str {
    env::var(variable).map_or(plain, |text| text.leak())
}

async fn get_task(State(App { pool, .. }): State<App>, Path((owner, id)): Path<(String, Uuid)>) -> Answer<Json<Task>> {
    let task = sqlx::query_as(include_str!("../sql/get.sql")).bind(owner).bind(id).fetch_optional(&pool).await;
    task.map_err(failed)?.map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn list_tasks(
    State(App { pool, .. }): State<App>,
    Path(owner): Path<String>,
    Query(page): Query<Page>,
) -> Answer<Json<Vec<Task>>> {
    let tasks = sqlx::query_as(include_str!("../sql/list.sql")).bind(owner).bind(page.limit).fetch_all(&pool).await;
    tasks.map(Json).map_err(failed)
}

async fn create_task(
    State(App { pool, create, .. }): State<App>,
    Path(owner): Path<String>,
    Json(new): Json<NewTask>,
) -> Answer<(StatusCode, Json<Task>)> {
    let task = sqlx::query_as(create)
        .bind(owner)
        .bind(Uuid::now_v7())
        .bind(new.title)
        .bind(new.description)
        .bind(new.completed)
        .fetch_one(&pool)
        .await;
    task.map(|task| (StatusCode::CREATED, Json(task))).map_err(failed)
}

async fn complete_task(
    State(App { pool, complete, .. }): State<App>,
    Path((owner, id)): Path<(String, Uuid)>,
) -> Answer<Json<Task>> {
    let task = sqlx::query_as(complete).bind(owner).bind(id).fetch_optional(&pool).await;
    task.map_err(failed)?.map(Json).ok_or(StatusCode::NOT_FOUND)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn failed(error: sqlx::Error) -> StatusCode {
    eprintln!("{error}");
    StatusCode::INTERNAL_SERVER_ERROR
}
