//! Decodes a file as text.

use super::errors::Errors;

/// The file as text, without the byte order mark that some programs write first.
pub fn text<'a>(bytes: &'a [u8], errors: &mut Errors) -> Option<&'a str> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if text.trim().is_empty() => {
            errors.add("line 1".to_owned(), "malformed", "must not be the end: the file is empty");
            None
        }
        Ok(text) => Some(text),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.split(|byte| *byte == b'\n').count();
            errors.add(format!("line {line}"), "encoding", "must be UTF-8");
            None
        }
    }
}
