//! One change of a task or a project. The log stores it, writers hand it to the hub, and clients
//! receive it: all of them use this one type. Its JSON is what goes over the wire.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{History, Position, Project, ProjectId, Seq, Task, TaskId};

/// A change. The constructors make only changes whose subject fits the kind and whose position
/// has the number of the change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Received")]
pub struct Change {
    #[serde(rename = "type")]
    kind: ChangeKind,
    seq: Seq,
    position: Position,
    at: DateTime<Utc>,
    #[serde(flatten)]
    subject: Subject,
}

/// What happened, and to which kind of thing.
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

/// What a change is about: the task or project as the change left it, or the id of the one that
/// the change deleted. The variants' names are the names of the fields in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Task(Task),
    TaskId(TaskId),
    Project(Project),
    ProjectId(ProjectId),
}

/// What a change did to a task or project that exists after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    Created,
    Updated,
    Restored,
}

impl Change {
    /// A change that left this task. Its number and time are in the task.
    pub fn task_saved(history: History, saved: Saved, task: Task) -> Self {
        let kind = match saved {
            Saved::Created => ChangeKind::TaskCreated,
            Saved::Updated => ChangeKind::TaskUpdated,
            Saved::Restored => ChangeKind::TaskRestored,
        };
        Self::new(history.at(task.version), task.updated_at, kind, Subject::Task(task))
    }

    /// A change that left this project. Its number and time are in the project.
    pub fn project_saved(history: History, saved: Saved, project: Project) -> Self {
        let kind = match saved {
            Saved::Created => ChangeKind::ProjectCreated,
            Saved::Updated => ChangeKind::ProjectUpdated,
            Saved::Restored => ChangeKind::ProjectRestored,
        };
        Self::new(history.at(project.version), project.updated_at, kind, Subject::Project(project))
    }

    pub const fn task_deleted(position: Position, at: DateTime<Utc>, id: TaskId) -> Self {
        Self::new(position, at, ChangeKind::TaskDeleted, Subject::TaskId(id))
    }

    pub const fn project_deleted(position: Position, at: DateTime<Utc>, id: ProjectId) -> Self {
        Self::new(position, at, ChangeKind::ProjectDeleted, Subject::ProjectId(id))
    }

    /// A change from outside the program, from the log or the wire. `None` if the subject is not
    /// one that a change of this kind has.
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

    /// The position right after this change.
    pub const fn position(&self) -> Position {
        self.position
    }

    pub const fn at(&self) -> DateTime<Utc> {
        self.at
    }

    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The task as the change left it, if the change is about one and did not delete it.
    pub const fn task(&self) -> Option<&Task> {
        if let Subject::Task(task) = &self.subject { Some(task) } else { None }
    }

    pub const fn task_mut(&mut self) -> Option<&mut Task> {
        if let Subject::Task(task) = &mut self.subject { Some(task) } else { None }
    }

    /// The project as the change left it, if the change is about one and did not delete it.
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

    /// Its name in the log and on the wire.
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

/// No change has this name.
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

/// A change as it was received, before it is checked.
#[derive(Deserialize)]
struct Received {
    #[serde(rename = "type")]
    kind: ChangeKind,
    seq: Seq,
    position: Position,
    at: DateTime<Utc>,
    #[serde(flatten)]
    subject: Subject,
}

/// What was received is not a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum NotAChange {
    #[error("the change has the number {0} and the position of {1}")]
    OtherPosition(Seq, Seq),
    #[error("the subject is not that of a change {0:?}")]
    OtherSubject(&'static str),
}

impl TryFrom<Received> for Change {
    type Error = NotAChange;

    fn try_from(received: Received) -> Result<Self, Self::Error> {
        let Received { kind, seq, position, at, subject } = received;
        if seq != position.seq {
            return Err(NotAChange::OtherPosition(seq, position.seq));
        }
        Self::checked(position, at, kind, subject).ok_or(NotAChange::OtherSubject(kind.name()))
    }
}

#[cfg(test)]
mod tests;
