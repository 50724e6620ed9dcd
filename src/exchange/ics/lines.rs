//! The content lines of a calendar: unfolds each line and splits it into name, parameters and value, with
//! its line number in the file.

use std::borrow::Cow;

use crate::exchange::errors::Errors;

/// `NAME;PARAMETER=…:VALUE`, names in upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    pub line: u64,
    pub name: String,
    pub parameters: Vec<(String, String)>,
    pub value: String,
}

impl Property {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value as text.
    pub fn text(&self) -> String {
        unescaped(&self.value)
    }

    /// The value as a list of texts, which commas separate.
    pub fn texts(&self) -> Vec<String> {
        let mut parts = vec![String::new()];
        let mut characters = self.value.chars();
        while let Some(character) = characters.next() {
            match (character, parts.last_mut()) {
                (',', _) => parts.push(String::new()),
                ('\\', Some(part)) => part.extend(['\\'].into_iter().chain(characters.next())),
                (character, Some(part)) => part.push(character),
                (_, None) => {}
            }
        }
        parts.iter().map(|part| unescaped(part)).collect()
    }
}

fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            character => text.push(character),
        }
    }
    text
}

/// Reads a calendar property by property.
pub struct Lines<'a> {
    rest: &'a [u8],
    line: u64,
}

impl<'a> Lines<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, line: 0 }
    }

    /// The number of the line that was read last.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// The next property. Reports the lines before it that are not properties.
    pub fn next(&mut self, errors: &mut Errors) -> Option<Property> {
        loop {
            let (line, text) = self.unfolded()?;
            let Ok(text) = std::str::from_utf8(&text) else {
                errors.add(format!("line {line}"), "encoding", "must be UTF-8");
                continue;
            };
            if text.trim().is_empty() {
                continue;
            }
            match property(line, text) {
                Some(property) => return Some(property),
                None => errors.add(format!("line {line}"), "malformed", "must be NAME:value, with ; before parameters"),
            }
        }
    }

    /// A line with the lines that continue it, as bytes, because a fold may split a character.
    fn unfolded(&mut self) -> Option<(u64, Cow<'a, [u8]>)> {
        let first = self.physical_line()?;
        let line = self.line;
        let mut unfolded = Cow::Borrowed(first);
        while matches!(self.rest.first(), Some(b' ' | b'\t')) {
            let more = self.physical_line().unwrap_or_default();
            unfolded.to_mut().extend_from_slice(more.get(1..).unwrap_or_default());
        }
        Some((line, unfolded))
    }

    fn physical_line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.line += 1;
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &self.rest[..0]),
        };
        self.rest = rest;
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

fn property(line: u64, text: &str) -> Option<Property> {
    let end = text.find([';', ':'])?;
    let (name, mut rest) = text.split_at(end);
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_name(name) {
        return None;
    }
    let mut parameters = Vec::new();
    while let Some(parameter) = rest.strip_prefix(';') {
        let (name, after) = parameter.split_once('=')?;
        let (value, after) = parameter_value(after)?;
        parameters.push((name.to_ascii_uppercase(), value));
        rest = after;
    }
    let value = rest.strip_prefix(':')?.to_owned();
    Some(Property { line, name: name.to_ascii_uppercase(), parameters, value })
}

/// A parameter's value, or several that commas separate, quoted or not; and the rest of the line.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let (mut value, mut rest) = (String::new(), text);
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (inner, after) = quoted.split_once('"')?;
            value.push_str(inner);
            rest = after;
        } else {
            let end = rest.find([';', ':', ',', '"'])?;
            value.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        match rest.strip_prefix(',') {
            Some(after) => {
                value.push(',');
                rest = after;
            }
            None => return Some((value, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (Vec<Property>, bool) {
        let (mut lines, mut errors, mut all) = (Lines::new(bytes), Errors::default(), Vec::new());
        while let Some(property) = lines.next(&mut errors) {
            all.push(property);
        }
        (all, errors.is_empty())
    }

    #[test]
    fn lines_are_unfolded_even_within_a_character() {
        let (all, valid) = read(b"SUMMARY:caf\xc3\r\n \xa9\n\tteria\r\n\r\nUID:1");
        assert!(valid);
        assert_eq!((all[0].value.as_str(), all[0].line), ("caf\u{e9}teria", 1));
        assert_eq!((all[1].name.as_str(), all[1].line), ("UID", 5));
    }

    #[test]
    fn parameters_may_be_quoted() {
        let (all, _) = read(b"due;tzid=\"A;b:c\";X-P=1,\"2,3\":20261125T093000\n");
        assert_eq!(all[0].name, "DUE");
        assert_eq!((all[0].parameter("TZID"), all[0].parameter("X-P")), (Some("A;b:c"), Some("1,2,3")));
        assert_eq!(all[0].value, "20261125T093000");
    }

    #[test]
    fn values_are_unescaped_and_lists_are_split() {
        let (all, _) = read(b"CATEGORIES:a\\,b,c\\;d,e\\\\,f\\ng\n");
        assert_eq!(all[0].texts(), ["a,b", "c;d", "e\\", "f\ng"]);
    }

    #[test]
    fn a_line_that_is_not_a_property_is_an_error() {
        for text in ["SUMMARY", ":x", "A B:c", "DUE;TZID:x", "DUE;TZID=\"x:y"] {
            assert!(!read(text.as_bytes()).1, "{text}");
        }
    }
}
