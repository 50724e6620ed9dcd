//! The source tree: its files, their modules, and what a path in one of them leads to.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::scan::{NamedPath, Scope, scan};
use crate::tokens::{Spot, Tokens};

/// How many re-exports a path is followed through. A longer chain must be a circle.
const CHAIN_MAX: usize = 24;

pub struct File {
    /// Below src: `engine/plan/tasks.rs`
    pub path: String,
    /// The top-level module, or `main`, or `lib`.
    pub room: String,
    pub spots: Vec<Spot>,
}

pub struct Tree {
    pub files: Vec<File>,
    pub scopes: Vec<Scope>,
    by_module: HashMap<Vec<String>, usize>,
}

/// Where the first segments of a path lead, before any re-export is followed.
pub enum Reach {
    /// Segments from the root of the crate.
    Inside(Vec<String>),
    /// A path of another crate, or of something local to a function.
    Outside(Vec<String>),
}

impl Tree {
    pub fn read(source: &Path) -> Result<Self, String> {
        let mut texts = Vec::new();
        collect(source, "", &mut texts).map_err(|error| format!("{}: {error}", source.display()))?;
        texts.sort();
        Self::of(&texts)
    }

    /// The tree of these files; test modules are left out.
    pub fn of(texts: &[(String, String)]) -> Result<Self, String> {
        let mut read = Vec::new();
        let mut test_modules = Vec::new();
        for (path, text) in texts {
            let tokens = Tokens::read(text).map_err(|error| format!("src/{path}: {error}"))?;
            let module = module_of(path);
            test_modules.extend(tokens.test_modules.iter().map(|name| with(&module, name)));
            read.push((path, module, tokens.spots));
        }
        let mut tree = Self { files: Vec::new(), scopes: Vec::new(), by_module: HashMap::new() };
        for (path, module, spots) in read {
            if test_modules.iter().any(|test| module.starts_with(test)) {
                continue;
            }
            tree.scopes.extend(scan(&spots, module, tree.files.len()));
            let room = path.split('/').next().unwrap_or(path).trim_end_matches(".rs").to_owned();
            tree.files.push(File { path: path.clone(), room, spots });
        }
        tree.by_module = tree.scopes.iter().enumerate().map(|(at, scope)| (scope.module.clone(), at)).collect();
        Ok(tree)
    }

    pub fn file(&self, scope: &Scope) -> &File {
        &self.files[scope.file]
    }

    pub fn has_module(&self, module: &[String]) -> bool {
        self.by_module.contains_key(module)
    }

    /// Every path, with the module that it stands in.
    pub fn paths(&self) -> impl Iterator<Item = (&Scope, &NamedPath)> {
        self.scopes.iter().flat_map(|scope| scope.paths.iter().map(move |path| (scope, path)))
    }

    pub fn reach(&self, scope: &Scope, segments: &[String]) -> Reach {
        self.reach_within(scope, segments, CHAIN_MAX)
    }

    fn reach_within(&self, scope: &Scope, segments: &[String], chain: usize) -> Reach {
        let outside = || Reach::Outside(segments.to_vec());
        let is_main = scope.module.first().is_some_and(|first| first == "main");
        let mut at = scope.module.clone();
        let mut rest = segments;
        while let [first, after @ ..] = rest {
            match first.as_str() {
                "crate" => at.truncate(usize::from(is_main)),
                "taskwire" if is_main => at.clear(),
                "super" if !at.is_empty() => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            rest = after;
        }
        if rest.len() < segments.len() {
            return Reach::Inside([at, rest.to_vec()].concat());
        }
        let [first, after @ ..] = segments else { return outside() };
        if scope.items.contains(first) || self.has_module(&[&scope.module[..], std::slice::from_ref(first)].concat()) {
            return Reach::Inside([&scope.module[..], segments].concat());
        }
        let binding = bindings(scope, first).find(|path| path.segments.first() != Some(first));
        match binding {
            Some(path) if chain > 0 => match self.reach_within(scope, &path.segments, chain - 1) {
                Reach::Inside(found) => Reach::Inside([&found[..], after].concat()),
                Reach::Outside(found) => Reach::Outside([&found[..], after].concat()),
            },
            _ => outside(),
        }
    }

    /// The file that defines what a path from the root leads to, through re-exports and imports,
    /// and whether the path names a module as a whole.
    pub fn definition(&self, path: &[String]) -> Option<(usize, bool)> {
        self.definition_within(path, CHAIN_MAX)
    }

    fn definition_within(&self, path: &[String], chain: usize) -> Option<(usize, bool)> {
        let mut scope = &self.scopes[*self.by_module.get(&[][..])?];
        for (index, name) in path.iter().enumerate() {
            let is_last = index + 1 == path.len();
            let child = self.by_module.get(&path[..=index]).map(|at| &self.scopes[*at]);
            if let Some(child) = child.filter(|_| !is_last) {
                scope = child;
                continue;
            }
            if name == "*" {
                return Some((scope.file, false));
            }
            if scope.items.contains(name) {
                return Some((scope.file, false));
            }
            if chain > 0
                && let Some(found) = self.through_imports(scope, name, &path[index + 1..], chain - 1)
            {
                return Some(found);
            }
            if let Some(child) = child {
                return Some((child.file, true));
            }
            // Perhaps a macro defines the name.
            return Some((scope.file, false));
        }
        Some((scope.file, true))
    }

    fn through_imports(&self, scope: &Scope, name: &str, rest: &[String], chain: usize) -> Option<(usize, bool)> {
        let reached = |segments: &[String]| match self.reach_within(scope, segments, chain) {
            Reach::Inside(found) => Some(found),
            Reach::Outside(_) => None,
        };
        for binding in bindings(scope, name) {
            if let Some(found) = reached(&binding.segments).filter(|found| *found != with(&scope.module, name)) {
                return self.definition_within(&[&found[..], rest].concat(), chain);
            }
        }
        bindings(scope, "*").find_map(|glob| {
            let target = reached(&glob.segments[..glob.segments.len().saturating_sub(1)])?;
            let inside = &self.scopes[*self.by_module.get(&target)?];
            let has = inside.items.contains(name) || bindings(inside, name).next().is_some();
            has.then(|| self.definition_within(&[&with(&target, name)[..], rest].concat(), chain))?
        })
    }
}

fn with(module: &[String], name: &str) -> Vec<String> {
    [module, &[name.to_owned()]].concat()
}

fn bindings<'a>(scope: &'a Scope, name: &'a str) -> impl Iterator<Item = &'a NamedPath> {
    scope.paths.iter().filter(move |path| path.import.as_ref().is_some_and(|import| import.name == name))
}

fn module_of(path: &str) -> Vec<String> {
    let mut module: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || module == ["lib"] {
        module.pop();
    }
    module
}

fn collect(folder: &Path, below: &str, texts: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), texts)?;
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            texts.push((path, fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}
