//! Turns the text of a file into a flat list of tokens with their lines. Comments, documentation
//! and everything under `#[cfg(test)]` are left out; a path in an attribute's string
//! (`#[serde(with = "crate::…")]`) is read as a path.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Word(String),
    /// `::`
    PathSeparator,
    Mark(char),
    /// The content of a string literal.
    Text(String),
    Open(Delimiter),
    Close,
    /// A number, a character or bytes.
    Other,
}

#[derive(Debug, Clone)]
pub struct Spot {
    pub token: Token,
    pub line: usize,
}

#[derive(Debug, Default)]
pub struct Tokens {
    pub spots: Vec<Spot>,
    /// The names of modules that exist only for tests.
    pub test_modules: Vec<String>,
}

impl Tokens {
    pub fn read(text: &str) -> Result<Self, String> {
        let stream = TokenStream::from_str(text).map_err(|error| error.to_string())?;
        let mut tokens = Self::default();
        tokens.flatten(stream, false);
        Ok(tokens)
    }

    fn push(&mut self, token: Token, line: usize) {
        self.spots.push(Spot { token, line });
    }

    fn flatten(&mut self, stream: TokenStream, in_attribute: bool) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            let line = trees[at].span().start().line;
            if let Some((attribute, length)) = attribute(&trees[at..]) {
                if is_for_tests(attribute) {
                    let item = &trees[at + length..];
                    self.test_modules.extend(declared_module(item));
                    let inner = length == 3;
                    at = if inner { trees.len() } else { at + length + item_length(item) };
                    continue;
                }
                if first_word(attribute).as_deref() != Some("doc") {
                    self.group(attribute, true);
                }
                at += length;
                continue;
            }
            match &trees[at] {
                TokenTree::Group(group) => self.group(group, in_attribute),
                TokenTree::Ident(ident) => self.push(Token::Word(plain(ident)), line),
                // A lifetime: `'static` does not begin an item as the keyword `static` does.
                TokenTree::Punct(mark) if mark.as_char() == '\'' => at += 1,
                TokenTree::Punct(mark) if mark.as_char() == ':' && is_mark(trees.get(at + 1), ':') => {
                    self.push(Token::PathSeparator, line);
                    at += 1;
                }
                TokenTree::Punct(mark) => self.push(Token::Mark(mark.as_char()), line),
                TokenTree::Literal(literal) => self.literal(&literal.to_string(), line, in_attribute),
            }
            at += 1;
        }
    }

    fn group(&mut self, group: &Group, in_attribute: bool) {
        self.push(Token::Open(group.delimiter()), group.span_open().start().line);
        self.flatten(group.stream(), in_attribute);
        self.push(Token::Close, group.span_close().start().line);
    }

    fn literal(&mut self, literal: &str, line: usize, in_attribute: bool) {
        let Some(text) = string_content(literal) else {
            return self.push(Token::Other, line);
        };
        if in_attribute && is_path(&text) {
            for (index, segment) in text.split("::").enumerate() {
                if index > 0 {
                    self.push(Token::PathSeparator, line);
                }
                self.push(Token::Word(segment.to_owned()), line);
            }
            return;
        }
        // `"…" + "…"` in an argument of `query!` is one statement.
        if let [.., Spot { token: Token::Text(before), .. }, Spot { token: Token::Mark('+'), .. }] = &mut self.spots[..]
        {
            before.push_str(&text);
            self.spots.pop();
        } else {
            self.push(Token::Text(text), line);
        }
    }
}

/// `#[…]` is two trees long, `#![…]` three.
fn attribute(trees: &[TokenTree]) -> Option<(&Group, usize)> {
    let length = if is_mark(trees.get(1), '!') { 3 } else { 2 };
    match (trees.first(), trees.get(length - 1)) {
        (hash, Some(TokenTree::Group(group))) if is_mark(hash, '#') && group.delimiter() == Delimiter::Bracket => {
            Some((group, length))
        }
        _ => None,
    }
}

/// `cfg(test)` or `cfg(all(test, …))`.
fn is_for_tests(attribute: &Group) -> bool {
    fn names_test(stream: TokenStream) -> bool {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        match &trees[..] {
            [TokenTree::Ident(all), TokenTree::Group(group)] if *all == "all" => {
                group.stream().into_iter().any(|tree| matches!(tree, TokenTree::Ident(ident) if ident == "test"))
            }
            [TokenTree::Ident(test)] => *test == "test",
            _ => false,
        }
    }
    let trees: Vec<TokenTree> = attribute.stream().into_iter().collect();
    matches!(&trees[..], [TokenTree::Ident(cfg), TokenTree::Group(group)] if *cfg == "cfg" && names_test(group.stream()))
}

/// How many trees the item, statement or field at the front takes.
fn item_length(trees: &[TokenTree]) -> usize {
    let start = item_start(trees);
    let word = trees.get(start).map(ToString::to_string).unwrap_or_default();
    let ends_with_semicolon = ["use", "const", "static", "type", "let"].contains(&word.as_str())
        && trees.get(start + 1).is_none_or(|next| next.to_string() != "fn");
    let is_item = ["mod", "fn", "struct", "enum", "union", "impl", "trait", "async", "unsafe", "macro_rules", "const"]
        .contains(&word.as_str());
    let ends = |tree: &TokenTree| match tree {
        TokenTree::Punct(mark) if mark.as_char() == ';' => true,
        TokenTree::Punct(mark) if mark.as_char() == ',' => !is_item && !ends_with_semicolon,
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !ends_with_semicolon,
        _ => false,
    };
    trees[start..].iter().position(ends).map_or(trees.len(), |end| start + end + 1)
}

/// Where the item itself begins, after its other attributes and its visibility.
fn item_start(trees: &[TokenTree]) -> usize {
    let mut at = 0;
    while let Some((_, length)) = attribute(&trees[at..]) {
        at += length;
    }
    if trees.get(at).is_some_and(|tree| tree.to_string() == "pub") {
        at += 1;
        if matches!(trees.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis) {
            at += 1;
        }
    }
    at
}

fn declared_module(trees: &[TokenTree]) -> Option<String> {
    match &trees[item_start(trees)..] {
        [TokenTree::Ident(keyword), TokenTree::Ident(name), end, ..]
            if *keyword == "mod" && is_mark(Some(end), ';') =>
        {
            Some(plain(name))
        }
        _ => None,
    }
}

fn first_word(attribute: &Group) -> Option<String> {
    attribute.stream().into_iter().next().map(|tree| tree.to_string())
}

fn plain(ident: &proc_macro2::Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

fn is_mark(tree: Option<&TokenTree>, mark: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn is_path(text: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    text.contains("::") && text.split("::").all(is_name)
}

/// The text between the quotes, with escapes simplified: enough to read SQL.
fn string_content(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('r') {
        return Some(raw.trim_matches('#').trim_matches('"').to_owned());
    }
    let inside = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut content = String::new();
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n' | 't' | 'r' | '\n') => content.push(' '),
                Some(escaped) => content.push(escaped),
                None => {}
            },
            other => content.push(other),
        }
    }
    Some(content)
}
