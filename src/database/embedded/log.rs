//! The log file of the private Postgres.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Stdio;

use super::EmbeddedError;

/// In bytes. A start empties a file that is larger.
const SIZE_LIMIT: u64 = 10 * 1024 * 1024;

/// How much of the end of the file an error quotes.
const TAIL_BYTES: u64 = 4096;
const TAIL_LINES: usize = 12;

#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// The length of the file before this start.
    old_length: u64,
}

impl Log {
    pub(super) fn open(path: PathBuf) -> Result<Self, EmbeddedError> {
        let open = || {
            let file = OpenOptions::new().append(true).read(true).create(true).mode(0o600).open(&path)?;
            if file.metadata()?.len() > SIZE_LIMIT {
                file.set_len(0)?;
            }
            let old_length = file.metadata()?.len();
            Ok((file, old_length))
        };
        let (file, old_length) = open().map_err(EmbeddedError::io("open the log", &path))?;
        Ok(Self { path, file, old_length })
    }

    pub(super) fn stdio(&self) -> Result<Stdio, EmbeddedError> {
        let file = self.file.try_clone();
        Ok(file.map_err(EmbeddedError::io("share the log", &self.path))?.into())
    }

    /// The last lines that this start wrote, for an error message.
    pub(super) fn tail(&self) -> String {
        match self.read_tail() {
            Ok(text) if text.trim().is_empty() => "(nothing)".to_owned(),
            Ok(text) => last_lines(&text, TAIL_LINES).to_owned(),
            Err(error) => format!("({} is unreadable: {error})", self.path.display()),
        }
    }

    fn read_tail(&self) -> io::Result<String> {
        let mut file = File::open(&self.path)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(self.old_length.max(end.saturating_sub(TAIL_BYTES))))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn last_lines(text: &str, count: usize) -> &str {
    let text = text.trim();
    let start = text.rmatch_indices('\n').nth(count - 1);
    start.map_or(text, |(newline, _)| &text[newline + 1..])
}

#[cfg(test)]
mod tests {
    use super::last_lines;

    #[test]
    fn keeps_only_the_last_lines() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a\nb\n", 2), "a\nb");
        assert_eq!(last_lines("", 2), "");
    }
}
