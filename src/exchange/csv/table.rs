//! The rows of a CSV file, with their line numbers. A quote that is never closed and a row with another
//! number of cells are errors, because the file is probably damaged or truncated.

use csv::{Reader, ReaderBuilder, StringRecord, Trim};

use crate::exchange::errors::Errors;

pub struct Table<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// The byte up to which lines are counted, and the number of the line there.
    counted: (usize, u64),
    /// The number of cells in the header.
    columns: Option<usize>,
    separator: char,
}

#[derive(Debug)]
pub struct Row {
    pub line: u64,
    pub cells: StringRecord,
}

impl<'a> Table<'a> {
    pub fn new(text: &'a str) -> Self {
        let header = text.trim_start().lines().next().unwrap_or_default();
        let count = |separator: char| header.matches(separator).count();
        let separator = [';', '\t'].into_iter().find(|other| count(*other) > count(',')).unwrap_or(',');
        let reader = reader(text.as_bytes(), separator);
        Self { text, reader, counted: (0, 1), columns: None, separator }
    }

    /// The next valid row. Reports the invalid ones before it.
    pub fn next(&mut self, errors: &mut Errors) -> Option<Row> {
        loop {
            let mut cells = StringRecord::new();
            match self.reader.read_record(&mut cells) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    let line = self.line_at(error.position().map_or(0, csv::Position::byte));
                    errors.add(format!("line {line}"), "malformed", format!("is not CSV: {error}"));
                    return None;
                }
            }
            let start = cells.position().map_or(0, csv::Position::byte);
            let line = self.line_at(start);
            if self.is_unclosed(start) {
                let message = "has a quote that is never closed; a quote within quotes is written twice";
                errors.add(format!("line {line}"), "malformed", message);
                return None;
            }
            let columns = *self.columns.get_or_insert(cells.len());
            if cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if cells.len() != columns {
                let message = format!(
                    "has {} cells where the header has {columns}; what holds {:?}, a quote or a line break is quoted",
                    cells.len(),
                    self.separator,
                );
                errors.add(format!("line {line}"), "malformed", message);
                continue;
            }
            return Some(Row { line, cells });
        }
    }

    /// Whether the row that was just read, from this byte, contains a quote that is never closed. Such a
    /// row reaches the end of the file, and a further row after it would become part of it.
    fn is_unclosed(&self, start: u64) -> bool {
        let [start, end] = [start, self.reader.position().byte()].map(|byte| usize::try_from(byte).unwrap_or_default());
        end == self.text.len()
            && self.text.get(start..).is_some_and(|row| {
                let with_another_row = format!("{row}\nanother");
                reader(with_another_row.as_bytes(), self.separator).records().count() == 1
            })
    }

    /// The number of the line on which the row at this byte begins. The CSV reader may begin a row between a
    /// CR and its LF, so line breaks before the row are skipped.
    fn line_at(&mut self, byte: u64) -> u64 {
        let rest = self.text.get(usize::try_from(byte).unwrap_or_default()..).unwrap_or_default();
        let at = self.text.len() - rest.trim_start_matches(['\r', '\n']).len();
        let between = self.text.get(self.counted.0..at).unwrap_or_default();
        self.counted = (at, self.counted.1 + between.matches('\n').count() as u64);
        self.counted.1
    }
}

fn reader(text: &[u8], separator: char) -> Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::None).delimiter(separator as u8).from_reader(text)
}
