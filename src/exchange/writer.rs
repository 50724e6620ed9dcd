//! What every format implements to write a file.

use chrono::{DateTime, Utc};

use super::ExportedProject;
use super::queries::{Exported, ZoneUse};
use crate::model::Position;

/// What a file says before its tasks.
#[derive(Debug)]
pub struct FileHeader {
    pub exported_at: DateTime<Utc>,
    pub position: Position,
    /// The time zones that a calendar has to explain.
    pub zones: Vec<ZoneUse>,
}

/// Writes a file of one format, item by item.
pub trait FileWriter: Send {
    fn start(&mut self, out: &mut Vec<u8>, header: &FileHeader);

    /// Only JSON has more of a project than its tasks say.
    fn project(&mut self, _out: &mut Vec<u8>, _project: &ExportedProject) {}

    fn task(&mut self, out: &mut Vec<u8>, exported: &Exported);

    fn finish(&mut self, out: &mut Vec<u8>);
}
