//! One change of a task or a project. The log stores changes, writers publish them to the hub, and
//! clients receive them; all use this type. Its JSON is the wire format.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{History, Position, Project, ProjectId, Seq, Task, TaskId};

/// A change. The constructors guarantee that the subject fits the kind, and that `seq` is the
/// sequence number of `position`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "UncheckedChange")]
pub struct Change {
    #[serde(rename = "type")]
    kind: ChangeKind,
    seq: Seq,
    position: Position,
    at: DateTime<Utc>,
    #[serde(flatten)]
    subject: Subject,
}

/// What happened, to a task or to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    TaskCreated,
    TaskUpdated,
    TaskDeleted,
    TaskRestored,
    ProjectCreated,
    ProjectUpdated,
    ProjectDeleted,
    ProjectRestored,
}

/// The task or project after the change, or its id if the change deleted it. The names of the
/// variants are the names of the fields in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Task(Task),
    TaskId(TaskId),
    Project(Project),
    ProjectId(ProjectId),
}

/// The kinds of change after which the task or project exists: all but a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    Created,
    Updated,
    Restored,
}

impl Change {
    /// A change that saved this task. The number and the time of the change are those of the task.
    pub fn task_saved(history: History, saved: Saved, task: Task) -> Self {
        let kind = match saved {
            Saved::Created => ChangeKind::TaskCreated,
            Saved::Updated => ChangeKind::TaskUpdated,
            Saved::Restored => ChangeKind::TaskRestored,
        };
        Self::new(history.at(task.version, task.updated_at), task.updated_at, kind, Subject::Task(task))
    }

    /// A change that saved this project. The number and the time of the change are those of the
    /// project.
    pub fn project_saved(history: History, saved: Saved, project: Project) -> Self {
        let kind = match saved {
            Saved::Created => ChangeKind::ProjectCreated,
            Saved::Updated => ChangeKind::ProjectUpdated,
            Saved::Restored => ChangeKind::ProjectRestored,
        };
        let position = history.at(project.version, project.updated_at);
        Self::new(position, project.updated_at, kind, Subject::Project(project))
    }

    pub const fn task_deleted(history: History, seq: Seq, at: DateTime<Utc>, id: TaskId) -> Self {
        Self::new(history.at(seq, at), at, ChangeKind::TaskDeleted, Subject::TaskId(id))
    }

    pub const fn project_deleted(history: History, seq: Seq, at: DateTime<Utc>, id: ProjectId) -> Self {
        Self::new(history.at(seq, at), at, ChangeKind::ProjectDeleted, Subject::ProjectId(id))
    }

    /// A change that was read from the log or from the wire. `None` if the subject does not fit the
    /// kind.
    pub fn checked(position: Position, at: DateTime<Utc>, kind: ChangeKind, subject: Subject) -> Option<Self> {
        kind.fits(&subject).then(|| Self::new(position, at, kind, subject))
    }

    const fn new(position: Position, at: DateTime<Utc>, kind: ChangeKind, subject: Subject) -> Self {
        Self { kind, seq: position.seq, position, at, subject }
    }

    pub const fn kind(&self) -> ChangeKind {
        self.kind
    }

    /// The number of this change in its owner's log.
    pub const fn seq(&self) -> Seq {
        self.seq
    }

    /// The position of a client that has unchecked this change.
    pub const fn position(&self) -> Position {
        self.position
    }

    pub const fn at(&self) -> DateTime<Utc> {
        self.at
    }

    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The task after the change. `None` if the change deleted it or is about a project.
    pub const fn task(&self) -> Option<&Task> {
        if let Subject::Task(task) = &self.subject { Some(task) } else { None }
    }

    pub const fn task_mut(&mut self) -> Option<&mut Task> {
        if let Subject::Task(task) = &mut self.subject { Some(task) } else { None }
    }

    /// The project after the change. `None` if the change deleted it or is about a task.
    pub const fn project(&self) -> Option<&Project> {
        if let Subject::Project(project) = &self.subject { Some(project) } else { None }
    }
}

impl ChangeKind {
    pub const ALL: [Self; 8] = [
        Self::TaskCreated,
        Self::TaskUpdated,
        Self::TaskDeleted,
        Self::TaskRestored,
        Self::ProjectCreated,
        Self::ProjectUpdated,
        Self::ProjectDeleted,
        Self::ProjectRestored,
    ];

    /// The name in the log and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TaskCreated => "task.created",
            Self::TaskUpdated => "task.updated",
            Self::TaskDeleted => "task.deleted",
            Self::TaskRestored => "task.restored",
            Self::ProjectCreated => "project.created",
            Self::ProjectUpdated => "project.updated",
            Self::ProjectDeleted => "project.deleted",
            Self::ProjectRestored => "project.restored",
        }
    }

    pub const fn is_deletion(self) -> bool {
        matches!(self, Self::TaskDeleted | Self::ProjectDeleted)
    }

    const fn fits(self, subject: &Subject) -> bool {
        match self {
            Self::TaskCreated | Self::TaskUpdated | Self::TaskRestored => matches!(subject, Subject::Task(_)),
            Self::TaskDeleted => matches!(subject, Subject::TaskId(_)),
            Self::ProjectCreated | Self::ProjectUpdated | Self::ProjectRestored => {
                matches!(subject, Subject::Project(_))
            }
            Self::ProjectDeleted => matches!(subject, Subject::ProjectId(_)),
        }
    }
}

/// There is no kind of change with this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a kind of change")]
pub struct UnknownKind(String);

impl FromStr for ChangeKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

impl Serialize for ChangeKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for ChangeKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A change in JSON, before it is checked.
#[derive(Deserialize)]
struct UncheckedChange {
    #[serde(rename = "type")]
    kind: ChangeKind,
    seq: Seq,
    position: Position,
    at: DateTime<Utc>,
    #[serde(flatten)]
    subject: Subject,
}

/// Why the unchecked JSON is not a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum InvalidChange {
    #[error("the change has the number {0} and the position of {1}")]
    WrongSeq(Seq, Seq),
    #[error("the subject is not that of a change {0:?}")]
    WrongSubject(&'static str),
}

impl TryFrom<UncheckedChange> for Change {
    type Error = InvalidChange;

    fn try_from(unchecked: UncheckedChange) -> Result<Self, Self::Error> {
        let UncheckedChange { kind, seq, position, at, subject } = unchecked;
        if seq != position.seq {
            return Err(InvalidChange::WrongSeq(seq, position.seq));
        }
        Self::checked(position, at, kind, subject).ok_or(InvalidChange::WrongSubject(kind.name()))
    }
}

#[cfg(test)]
mod tests;
