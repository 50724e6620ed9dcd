//! The rows of a table, with their lines. A quote that is never closed and a row of another length are
//! errors: most likely the file is damaged or cut off.

use csv::{Reader, ReaderBuilder, StringRecord, Trim};

use crate::exchange::errors::Errors;

pub struct Table<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// How far lines have been counted, and to what number.
    counted: (usize, u64),
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

    /// The next row without an error.
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
            let begins = cells.position().map_or(0, csv::Position::byte);
            let line = self.line_at(begins);
            if self.is_unclosed(begins) {
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

    /// Whether the row that begins here and has just been read is the last because a quote in it is
    /// never closed: then it would swallow a further row, too.
    fn is_unclosed(&self, begins: u64) -> bool {
        let [begins, ends] =
            [begins, self.reader.position().byte()].map(|byte| usize::try_from(byte).unwrap_or_default());
        ends == self.text.len()
            && self.text.get(begins..).is_some_and(|row| {
                let and_another = format!("{row}\nanother");
                reader(and_another.as_bytes(), self.separator).records().count() == 1
            })
    }

    /// The line of a row; the reader would begin one between a CR and its LF.
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
