//! Export and import: as JSON, which contains all of a user's data, and as iCalendar and CSV, which
//! contain the tasks. `export` writes files, each with the writer of its format. `import` reads them, each
//! with the reader of its format, into a `Draft`, which `assemble` turns into an import for the engine.

mod assemble;
mod csv;
mod document;
mod draft;
mod errors;
pub(crate) mod export;
pub(crate) mod format;
mod ics;
pub(crate) mod import;
mod json;
pub(crate) mod limits;
mod queries;
mod text;
mod writer;

pub use document::{ExportDocument, ExportHeader, ExportedOccurrence, ExportedProject, ExportedTask};
pub use import::{ImportCounts, ImportResponse};
pub use limits::TransferLimits;
