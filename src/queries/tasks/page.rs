//! The rows of a list as JSON. A page is written straight from the rows that Postgres sent: making a
//! [`Task`](crate::model::Task) of each would copy every text of a page.

use chrono::{DateTime, NaiveDate, Utc};
use serde::ser::{Error, SerializeSeq};
use serde::{Serialize, Serializer};
use sqlx::postgres::PgRow;
use sqlx::{Column, Decode, Postgres, Row, Type};

use crate::model::fields::{optional_rfc3339, rfc3339};
use crate::model::{Due, OwnerId, Priority, ProjectId, Seq, TaskId};

/// The column with the place of a task in its page. Before it are those of the position.
pub const PLACE: usize = 4;

/// The columns that make a task, in the order in which [`TaskInRow`] takes them. They come after [`PLACE`]. `search` is left out: it is as
/// long as the task itself.
pub const TASK_COLUMNS: &str = "id, title, description, completed, completed_at, priority, due_date, due_time, \
                                due_time_zone, due_at, recurrence, labels, project_id, parent_id, rank, created_at, \
                                updated_at, version";

/// The tasks of a page, in its order. As JSON they equal an array of [`Task`](crate::model::Task).
#[derive(Debug)]
pub struct TaskRows {
    pub(super) owner: OwnerId,
    pub(super) rows: Vec<PgRow>,
}

impl TaskRows {
    pub fn count(&self) -> usize {
        self.rows.len()
    }
}

impl Serialize for TaskRows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tasks = serializer.serialize_seq(Some(self.rows.len()))?;
        for (number, row) in self.rows.iter().enumerate() {
            // All rows have the same columns, so checking the first one is enough.
            let columns = Columns { row, place: PLACE + 1, checked: number == 0 };
            tasks.serialize_element(&TaskInRow::take(columns, &self.owner).map_err(Error::custom)?)?;
        }
        tasks.end()
    }
}

/// Takes the values of a row one after the other.
struct Columns<'r> {
    row: &'r PgRow,
    place: usize,
    checked: bool,
}

impl<'r> Columns<'r> {
    /// The value of the next column, which must have this name.
    fn take<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self, name: &str) -> sqlx::Result<T> {
        let place = self.place;
        self.place += 1;
        if !self.checked {
            return self.row.try_get_unchecked(place);
        }
        if self.row.try_column(place)?.name() != name {
            return Err(sqlx::Error::ColumnNotFound(name.to_owned()));
        }
        self.row.try_get(place)
    }
}

/// The fields of [`Task`](crate::model::Task), borrowed from a row.
#[derive(Serialize)]
struct TaskInRow<'r> {
    id: TaskId,
    user_id: &'r str,
    title: &'r str,
    description: Option<&'r str>,
    completed: bool,
    #[serde(serialize_with = "optional_rfc3339")]
    completed_at: Option<DateTime<Utc>>,
    priority: Priority,
    due: Option<Due>,
    recurrence: Option<&'r str>,
    labels: Vec<String>,
    project_id: Option<ProjectId>,
    parent_id: Option<TaskId>,
    rank: &'r str,
    #[serde(serialize_with = "rfc3339")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "rfc3339")]
    updated_at: DateTime<Utc>,
    version: Seq,
}

impl<'r> TaskInRow<'r> {
    fn take(mut columns: Columns<'r>, owner: &'r OwnerId) -> sqlx::Result<Self> {
        Ok(Self {
            user_id: owner.as_str(),
            id: columns.take("id")?,
            title: columns.take("title")?,
            description: columns.take("description")?,
            completed: columns.take("completed")?,
            completed_at: columns.take("completed_at")?,
            priority: columns.take("priority")?,
            due: due(&mut columns)?,
            recurrence: columns.take("recurrence")?,
            labels: columns.take("labels")?,
            project_id: columns.take("project_id")?,
            parent_id: columns.take("parent_id")?,
            rank: columns.take("rank")?,
            created_at: columns.take("created_at")?,
            updated_at: columns.take("updated_at")?,
            version: columns.take("version")?,
        })
    }
}

fn due(columns: &mut Columns<'_>) -> sqlx::Result<Option<Due>> {
    let date: Option<NaiveDate> = columns.take("due_date")?;
    let time = columns.take("due_time")?;
    let time_zone: Option<&str> = columns.take("due_time_zone")?;
    let _: Option<DateTime<Utc>> = columns.take("due_at")?;
    Ok(date.map(|date| Due::from_parts(date, time, time_zone)))
}
