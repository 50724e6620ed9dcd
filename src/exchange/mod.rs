//! Taking everything out and bringing it back in: as JSON, which holds all that a user has, and
//! tasks also as iCalendar and as CSV. `export` streams files, each written by the writer of its
//! format; `import` takes them in, each read by the reader of its format into a `Draft`, which
//! `assemble` turns into what `batch` imports.

mod assemble;
mod csv;
mod document;
mod draft;
mod export;
mod faults;
mod ics;
mod import;
mod json;
mod slots;
mod store;

pub use document::{ExportDocument, ExportHeader, ExportedOccurrence, ExportedProject, ExportedTask};
pub use export::export_data;
pub use import::{ImportAnswer, ImportCounts, import_data, is_import};
pub use slots::Slots;

/// The most tasks of one file; and the most projects.
pub const ITEMS_MAX: usize = 100_000;
/// The most bytes of one file.
pub const FILE_MAX: usize = 64 * 1024 * 1024;
