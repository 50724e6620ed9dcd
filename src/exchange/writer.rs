//! The trait that every format implements to write a file.

use chrono::{DateTime, Utc};

use super::ExportedProject;
use super::queries::{ExportRow, ZoneUse};
use crate::model::Position;

/// What a format may write before the projects and tasks.
#[derive(Debug)]
pub struct FileHeader {
    pub exported_at: DateTime<Utc>,
    pub position: Position,
    /// The time zones that a calendar must define.
    pub zones: Vec<ZoneUse>,
}

/// Writes a file of one format, item by item.
pub trait FileWriter: Send {
    fn start(&mut self, out: &mut Vec<u8>, header: &FileHeader);

    /// Only JSON writes projects; in the other formats, each task names its project.
    fn project(&mut self, _out: &mut Vec<u8>, _project: &ExportedProject) {}

    fn task(&mut self, out: &mut Vec<u8>, row: &ExportRow);

    fn finish(&mut self, out: &mut Vec<u8>);
}
