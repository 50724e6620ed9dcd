//! The documents: every link of every page leads somewhere, and each invariant names a test, a type
//! or a file that exists.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use url::Url;

use crate::security::sources;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The pages of the repository, without what is built or installed.
fn pages(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules", "dist"].contains(&&*name) {
                pages(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") && name != "THIRD_PARTY.md" {
            found.push(path);
        }
    }
}

/// What matters of a page: where it leads, and which anchors it has.
#[derive(Default)]
struct Page {
    links: Vec<String>,
    anchors: Vec<String>,
}

impl Page {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut page = Self::default();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::Text(part) | Event::Code(part) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&part);
                    }
                }
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    let before = seen.entry(anchor.clone()).or_default();
                    page.anchors.push(if *before == 0 { anchor } else { format!("{anchor}-{before}") });
                    *before += 1;
                }
                _ => {}
            }
        }
        page
    }
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).flat_map(char::to_lowercase).collect()
}

/// What is wrong with a link from a page, if anything is.
fn fault(page: &Path, link: &str) -> Option<String> {
    if link.contains("://") {
        let web = Url::parse(link).ok().filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host());
        return web.is_none().then(|| "is not a web address".to_owned());
    }
    let (path, fragment) = link.split_once('#').map_or((link, None), |(path, fragment)| (path, Some(fragment)));
    let target = if path.is_empty() { page.to_owned() } else { page.parent().expect("a directory").join(path) };
    if path.starts_with('/') || !target.exists() {
        return Some("leads nowhere".to_owned());
    }
    let fragment = fragment?;
    let has_it = target.extension().is_some_and(|extension| extension == "md")
        && Page::read(&target).anchors.iter().any(|anchor| anchor == fragment);
    (!has_it).then(|| format!("has no heading for #{fragment}"))
}

#[test]
fn every_link_leads_somewhere() {
    let mut found = Vec::new();
    pages(Path::new(ROOT), &mut found);
    assert!(found.len() >= 10, "{found:?}");
    let mut faults = Vec::new();
    let mut count = 0;
    for path in &found {
        for link in Page::read(path).links {
            count += 1;
            let name = path.strip_prefix(ROOT).unwrap_or(path).display();
            faults.extend(fault(path, &link).map(|fault| format!("{name}: {link} {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 50, "{count} links");
}

#[test]
fn links_that_lead_nowhere_are_found() {
    let readme = Path::new(ROOT).join("README.md");
    for link in ["docs/NONE.md", "/README.md", "docs/ARCHITECTURE.md#none", "#none", "LICENSE#none", "https://"] {
        assert!(fault(&readme, link).is_some(), "{link}");
    }
    for link in ["docs", "LICENSE", "docs/ARCHITECTURE.md#floor-plan", "#taskwire", "https://taskwire.example/#any"] {
        assert_eq!(fault(&readme, link), None, "{link}");
    }
    assert_eq!(anchor("What we write ourselves, and `why`"), "what-we-write-ourselves-and-why");
}

/// The names of all functions and types in the sources.
fn declared(sources: &str) -> HashSet<&str> {
    let word = |text: &str| text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len());
    ["fn ", "struct ", "enum "]
        .into_iter()
        .flat_map(|kind| sources.split(kind).skip(1))
        .map(|rest| &rest[..word(rest)])
        .collect()
}

#[test]
fn each_invariant_names_what_keeps_it() {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/ARCHITECTURE.md")).expect("text");
    let table = text.split("\n## Invariants\n").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the table");
    let mut code = String::new();
    sources(&Path::new(ROOT).join("src"), &mut code);
    sources(&Path::new(ROOT).join("tests"), &mut code);
    let declared = declared(&code);
    let mut rows = 0;
    for row in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).skip(1) {
        let [invariant, keeper] = row.trim_matches('|').split(" | ").collect::<Vec<_>>()[..] else {
            panic!("not two cells: {row}")
        };
        let names: Vec<&str> = keeper.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "{invariant}: nothing keeps it");
        for name in names {
            let is_file = name.contains(['/', '.']) && Path::new(ROOT).join(name).exists();
            let last = name.rsplit("::").next().unwrap_or(name);
            assert!(is_file || declared.contains(last), "{invariant}: there is no {name}");
        }
        rows += 1;
    }
    assert!(rows > 20, "{rows} rows");
}
