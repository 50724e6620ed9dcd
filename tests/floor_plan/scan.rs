//! Reads the modules of one file from its tokens: the items that each defines, the paths that it
//! imports or names, and the words that stand alone.

use std::collections::HashSet;

use proc_macro2::Delimiter;

use crate::tokens::{Spot, Token};

const KEYWORDS: [&str; 11] = ["return", "in", "as", "dyn", "impl", "mut", "else", "match", "if", "move", "for"];

/// A module: a file, or a `mod name { … }` inside one.
#[derive(Debug, Default)]
pub struct Scope {
    /// `["engine", "plan"]`
    pub module: Vec<String>,
    pub file: usize,
    pub items: HashSet<String>,
    pub paths: Vec<NamedPath>,
    /// Types and calls that the code names without a path, outside imports.
    pub words: Vec<(String, usize)>,
}

#[derive(Debug, Clone)]
pub struct NamedPath {
    pub segments: Vec<String>,
    pub line: usize,
    pub import: Option<Import>,
}

#[derive(Debug, Clone)]
pub struct Import {
    /// The name that it binds; `*` for a glob.
    pub name: String,
    /// `pub`, `pub(crate)`, `pub(super)`, …
    pub public: bool,
}

pub fn scan(spots: &[Spot], module: Vec<String>, file: usize) -> Vec<Scope> {
    let mut scanner =
        Scanner { spots, at: 0, done: Vec::new(), open: vec![(0, Scope { module, file, ..Scope::default() })] };
    scanner.run();
    scanner.done.extend(scanner.open.drain(..).map(|(_, scope)| scope));
    scanner.done
}

struct Scanner<'a> {
    spots: &'a [Spot],
    at: usize,
    done: Vec<Scope>,
    /// The modules around the current token, each with the depth of the braces that it began at.
    open: Vec<(usize, Scope)>,
}

impl Scanner<'_> {
    fn run(&mut self) {
        let mut depth = 0;
        while let Some(spot) = self.spots.get(self.at) {
            match &spot.token {
                Token::Open(_) => depth += 1,
                Token::Close => {
                    if self.open.len() > 1 && self.open.last().is_some_and(|(began, _)| *began == depth) {
                        self.done.extend(self.open.pop().map(|(_, scope)| scope));
                    }
                    depth -= 1;
                }
                Token::Word(word) => {
                    let is_outside_bodies = self.open.last().is_some_and(|(began, _)| *began == depth);
                    if word == "use" && self.token(1) != Some(&Token::Mark('<')) {
                        self.read_import();
                        continue;
                    }
                    if is_outside_bodies {
                        self.read_item(word, depth);
                    }
                    self.read_path(word, spot.line);
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn token(&self, ahead: usize) -> Option<&Token> {
        self.spots.get(self.at + ahead).map(|spot| &spot.token)
    }

    fn before(&self, back: usize) -> Option<&Token> {
        self.at.checked_sub(back).map(|at| &self.spots[at].token)
    }

    fn word(&self, ahead: usize) -> Option<String> {
        match self.token(ahead) {
            Some(Token::Word(word)) => Some(word.clone()),
            _ => None,
        }
    }

    fn scope(&mut self) -> &mut Scope {
        let last = self.open.len() - 1;
        &mut self.open[last].1
    }

    /// Notes what `struct Name`, `fn name`, `const NAME` or `mod name { … }` define here.
    fn read_item(&mut self, keyword: &str, depth: usize) {
        let name = match keyword {
            "struct" | "enum" | "union" | "trait" | "type" | "fn" | "mod" => self.word(1),
            "const" | "static" => self.word(1).filter(|next| !["fn", "async", "unsafe", "extern"].contains(&&**next)),
            "macro_rules" => self.word(2),
            _ => None,
        };
        let Some(name) = name else { return };
        if keyword != "mod" {
            self.scope().items.insert(name);
        } else if self.token(2) == Some(&Token::Open(Delimiter::Brace)) {
            let (mut module, file) = (self.scope().module.clone(), self.scope().file);
            module.push(name);
            self.open.push((depth + 1, Scope { module, file, ..Scope::default() }));
            // The brace is counted by the loop.
            self.at += 1;
        }
    }

    /// Reads `a::b::c`, or one word that stands alone, and moves past it.
    fn read_path(&mut self, first: &str, line: usize) {
        let is_macro_variable = self.before(1) == Some(&Token::Mark('$')) && first != "crate";
        // `Vec::<T>::new` goes on after its generic arguments, `value.field` after its value.
        let goes_on = match self.before(1) {
            Some(Token::PathSeparator) => {
                self.before(2) == Some(&Token::Mark('>')) && !matches!(self.before(3), Some(Token::Mark('-' | '=')))
            }
            Some(Token::Mark('.')) => self.before(2) != Some(&Token::Mark('.')),
            _ => false,
        };
        let mut segments = vec![first.to_owned()];
        self.at += 1;
        while let (Some(Token::PathSeparator), Some(next)) = (self.token(0), self.word(1)) {
            segments.push(next);
            self.at += 2;
        }
        // In `return ::name::…`, the keyword is not a part of the path.
        if KEYWORDS.contains(&first) {
            segments.remove(0);
        }
        if is_macro_variable || goes_on || segments.is_empty() {
            return;
        }
        if segments.len() > 1 {
            self.scope().paths.push(NamedPath { segments, line, import: None });
        } else {
            let is_type = first.starts_with(char::is_uppercase);
            let is_call = matches!(self.token(0), Some(Token::Open(Delimiter::Parenthesis) | Token::Mark('!')));
            let is_definition = matches!(self.before(2), Some(Token::Word(word)) if word == "fn");
            if (is_type || is_call) && !is_definition {
                self.scope().words.push((first.to_owned(), line));
            }
        }
    }

    fn read_import(&mut self) {
        let public = match self.before(1) {
            Some(Token::Word(word)) => word == "pub",
            Some(Token::Close) => {
                let before = &self.spots[..self.at];
                let open = before.iter().rposition(|spot| spot.token == Token::Open(Delimiter::Parenthesis));
                open.and_then(|open| open.checked_sub(1))
                    .is_some_and(|at| before[at].token == Token::Word("pub".into()))
            }
            _ => false,
        };
        self.at += 1;
        self.read_use_tree(Vec::new(), public);
    }

    /// Reads one branch of a `use` and moves past it.
    fn read_use_tree(&mut self, mut segments: Vec<String>, public: bool) {
        let mut line = 0;
        loop {
            let Some(spot) = self.spots.get(self.at) else { return };
            match &spot.token {
                Token::PathSeparator | Token::Mark('$') => {}
                Token::Word(word) if word == "self" && !segments.is_empty() => line = spot.line,
                Token::Word(word) if word == "as" => {
                    let name = self.word(1).unwrap_or_default();
                    self.at += 2;
                    return self.push_import(segments, line, name, public);
                }
                Token::Word(word) => {
                    segments.push(word.clone());
                    line = spot.line;
                }
                Token::Mark('*') => {
                    let line = spot.line;
                    segments.push("*".to_owned());
                    self.at += 1;
                    return self.push_import(segments, line, "*".to_owned(), public);
                }
                Token::Open(Delimiter::Brace) => {
                    self.at += 1;
                    while let Some(token) = self.token(0) {
                        match token {
                            Token::Close => break,
                            Token::Mark(',') => self.at += 1,
                            _ => self.read_use_tree(segments.clone(), public),
                        }
                    }
                    self.at += 1;
                    return;
                }
                _ => {
                    let name = segments.last().cloned().unwrap_or_default();
                    return self.push_import(segments, line, name, public);
                }
            }
            self.at += 1;
        }
    }

    fn push_import(&mut self, segments: Vec<String>, line: usize, name: String, public: bool) {
        if segments.is_empty() {
            // Not a path at all, as in the pattern of a macro.
            self.at += 1;
            return;
        }
        let import = Some(Import { name, public });
        self.scope().paths.push(NamedPath { segments, line, import });
    }
}
