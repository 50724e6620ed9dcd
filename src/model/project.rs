//! Projects: as clients see them, as the database stores them, and the bodies of the requests that
//! create and update them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::fields::{not_null, nullable, rfc3339, storable, trimmed, trimmed_not_null, visible};
use super::{Id, Identified, OwnerId, Rank, Seq};

pub type ProjectId = Id<Project>;

/// The longest name, in characters after trimming.
pub const NAME_MAX: u64 = 100;
/// The largest number of projects of one user, without those in the trash. A list of projects has no
/// pages: it always contains all of them.
pub const PROJECTS_MAX: usize = 1000;

/// A project, to which tasks can belong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// A UUID, by default version 7.
    pub id: ProjectId,
    /// The owner: the user who created the project.
    #[schema(min_length = 1, max_length = 255, example = "ada")]
    pub user_id: String,
    /// 1 to 100 characters, trimmed.
    #[schema(min_length = 1, max_length = 100, example = "Garden")]
    pub name: String,
    /// A colour as `#rrggbb` in lower case, or null.
    #[schema(required, pattern = "^#[0-9a-f]{6}$", example = "#2f855a")]
    pub color: Option<String>,
    /// Whether the project is archived. Its tasks stay as they are.
    pub archived: bool,
    /// The place in the user's own order: projects sort by this text, byte by byte.
    pub rank: Rank,
    /// When the project was created, in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub created_at: DateTime<Utc>,
    /// When the project last changed, in UTC.
    #[serde(serialize_with = "rfc3339")]
    pub updated_at: DateTime<Utc>,
    /// The sequence number of the project's last change. The ETag is this number in quotes.
    pub version: Seq,
}

impl Identified for Project {
    const SCHEMA: &'static str = "ProjectId";
    const DESCRIPTION: &'static str = "The id of one of the user's projects.";
    const PARAMETER: &'static str = "project_id";
}

/// A row of the table `projects`. The change log stores the same fields as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectRow {
    pub id: ProjectId,
    pub name: String,
    pub color: Option<String>,
    pub archived: bool,
    pub rank: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: Seq,
}

impl ProjectRow {
    pub fn into_project(self, owner: &OwnerId) -> Project {
        let Self { id, name, color, archived, rank, created_at, updated_at, version } = self;
        let rank = Rank::from_column(rank);
        Project { id, user_id: owner.as_str().to_owned(), name, color, archived, rank, created_at, updated_at, version }
    }
}

impl From<&Project> for ProjectRow {
    fn from(project: &Project) -> Self {
        Self {
            id: project.id,
            name: project.name.clone(),
            color: project.color.clone(),
            archived: project.archived,
            rank: project.rank.to_string(),
            created_at: project.created_at,
            updated_at: project.updated_at,
            version: project.version,
        }
    }
}

/// The project to create.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProject {
    /// An id that the client chooses: a UUID, preferably version 7. It makes the request safe to
    /// retry. Without it, the server chooses one.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<ProjectId>,
    /// 1 to 100 characters after trimming, of which at least one can be seen.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "NAME_MAX", message = "must be 1 to 100 characters after trimming"),
        custom(function = "storable"),
        custom(function = "visible")
    )]
    #[schema(min_length = 1, max_length = 100, example = "Garden")]
    pub name: String,
    /// A colour as `#rrggbb` in lower case, or null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(custom(function = "is_color"))]
    #[schema(pattern = "^#[0-9a-f]{6}$", example = "#2f855a")]
    pub color: Option<String>,
    /// Whether the new project is archived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(default = false)]
    pub archived: bool,
}

impl CreateProject {
    /// A hash of the request. It distinguishes a retry from another request with the same id.
    pub fn digest(&self) -> [u8; 32] {
        // Strings, booleans and ids always serialise.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// The fields of a project to change. A field that is left out keeps its value.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProject {
    /// A new name: 1 to 100 characters after trimming, of which at least one can be seen. It cannot be cleared.
    #[serde(default, deserialize_with = "trimmed_not_null")]
    #[validate(
        length(min = 1, max = "NAME_MAX", message = "must be 1 to 100 characters after trimming"),
        custom(function = "storable"),
        custom(function = "visible")
    )]
    #[schema(nullable = false, min_length = 1, max_length = 100, example = "Balcony")]
    pub name: Option<String>,
    /// A new colour as `#rrggbb` in lower case; null clears it.
    #[serde(default, deserialize_with = "nullable")]
    #[validate(custom(function = "is_color"))]
    #[schema(value_type = Option<String>, pattern = "^#[0-9a-f]{6}$")]
    pub color: Option<Option<String>>,
    /// Whether the project is archived.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub archived: Option<bool>,
}

pub(crate) fn is_color(color: &str) -> Result<(), ValidationError> {
    let digits = color.strip_prefix('#').filter(|digits| digits.len() == 6);
    if digits.is_some_and(|digits| digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))) {
        return Ok(());
    }
    Err(ValidationError::new("color").with_message("must be a colour as #rrggbb in lower case".into()))
}
