//! Reads projects. Every statement takes the owner as its first parameter.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::database::Pool;
use crate::model::fields::count_schema;
use crate::model::{History, OwnerId, Position, Project, ProjectId, ProjectRow, Seq};

/// A project in a list, with the numbers of its tasks. They are not part of the project: they change neither
/// its version nor its ETag.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListedProject {
    #[serde(flatten)]
    pub project: Project,
    pub open_tasks: i64,
    pub completed_tasks: i64,
}

impl PartialSchema for ListedProject {
    fn schema() -> RefOr<Schema> {
        // One object instead of `allOf`: from that, generators make types that are harder to read.
        let RefOr::T(Schema::Object(project)) = Project::schema() else {
            return Ref::from_schema_name(Project::name()).into();
        };
        ObjectBuilder::from(project)
            .description(Some(
                "A project in a list, with the numbers of its tasks, subtasks included. They are not part of the \
                 project: they change neither its version nor its ETag.",
            ))
            .property("open_tasks", count_schema())
            .required("open_tasks")
            .property("completed_tasks", count_schema())
            .required("completed_tasks")
            .into()
    }
}

impl ToSchema for ListedProject {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Project::schemas(schemas);
    }
}

pub async fn get(pool: &Pool, owner: &OwnerId, id: ProjectId) -> sqlx::Result<Option<Project>> {
    let row = sqlx::query_as!(
        ProjectRow,
        r#"SELECT id AS "id: ProjectId", name, color, archived, rank, created_at, updated_at, version AS "version: Seq"
           FROM projects WHERE owner_id = $1 AND id = $2"#,
        owner.as_str(),
        id.as_uuid(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| row.into_project(owner)))
}

/// The projects in the owner's order, with the numbers of their tasks and the position of the same snapshot.
/// `archived` selects archived projects or the others; `None` selects all.
pub async fn list(
    pool: &Pool,
    owner: &OwnerId,
    archived: Option<bool>,
) -> sqlx::Result<(Vec<ListedProject>, Position)> {
    let rows = sqlx::query!(
        r#"SELECT h.epoch, o.generation AS "generation?", COALESCE(o.last_seq, 0) AS "head!: Seq",
                  o.last_at AS "last_at?",
                  p.id AS "id?: ProjectId", p.name AS "name?", p.color AS "color?", p.archived AS "archived?",
                  p.rank AS "rank?", p.created_at AS "created_at?", p.updated_at AS "updated_at?",
                  p.version AS "version?: Seq", COALESCE(n.open, 0) AS "open!", COALESCE(n.completed, 0) AS "completed!"
           FROM history h
           LEFT JOIN owners o ON o.owner_id = $1
           LEFT JOIN projects p ON p.owner_id = $1 AND ($2::boolean IS NULL OR p.archived = $2)
           LEFT JOIN (
               SELECT project_id, count(*) FILTER (WHERE NOT completed) AS open,
                      count(*) FILTER (WHERE completed) AS completed
               FROM tasks WHERE owner_id = $1 AND project_id IS NOT NULL GROUP BY project_id
           ) n ON n.project_id = p.id
           ORDER BY p.rank, p.id"#,
        owner.as_str(),
        archived,
    )
    .fetch_all(pool)
    .await?;
    let first = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let position = History::new(first.epoch, first.generation).head(first.head, first.last_at);
    let mut projects = Vec::with_capacity(rows.len());
    for row in rows {
        // An owner without projects gets one row, which contains only the position.
        let (Some(id), Some(name), Some(archived), Some(rank)) = (row.id, row.name, row.archived, row.rank) else {
            continue;
        };
        let (Some(created_at), Some(updated_at), Some(version)) = (row.created_at, row.updated_at, row.version) else {
            continue;
        };
        let project = ProjectRow { id, name, color: row.color, archived, rank, created_at, updated_at, version };
        projects.push(ListedProject {
            project: project.into_project(owner),
            open_tasks: row.open,
            completed_tasks: row.completed,
        });
    }
    Ok((projects, position))
}
