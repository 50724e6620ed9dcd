//! Finds the Postgres server programs that are installed on this machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::EmbeddedError;

/// Where packages put programs outside PATH: a directory, and the prefix before the version in the names of
/// its entries. The programs are in `bin` of such an entry.
const INSTALLATIONS: &[(&str, &str)] = &[
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql"),
    ("/usr/local/opt", "postgresql"),
    ("/Applications/Postgres.app/Contents/Versions", "latest"),
];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    bin: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    /// The programs to use. An existing cluster needs those of its own major version, because no other
    /// version can read it.
    pub(super) fn find(existing: Option<u32>, cluster: &Path) -> Result<Self, EmbeddedError> {
        let installed = search_path().chain(INSTALLATIONS.iter().flat_map(newest_first)).filter_map(Self::in_dir);
        choose(installed, existing, cluster)
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.bin.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.bin.join("postgres")
    }

    fn in_dir(bin: PathBuf) -> Option<Self> {
        if !holds_programs(&bin) {
            return None;
        }
        let bin = resolve(bin);
        let output = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
        let major = major_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { bin, major })
    }
}

fn choose(
    installed: impl Iterator<Item = Programs>,
    existing: Option<u32>,
    cluster: &Path,
) -> Result<Programs, EmbeddedError> {
    let mut others = Vec::new();
    for programs in installed {
        if existing.is_none_or(|major| major == programs.major) {
            return Ok(programs);
        }
        others.push(programs.major);
    }
    others.sort_unstable();
    others.dedup();
    match existing {
        Some(wanted) if !others.is_empty() => Err(EmbeddedError::OtherVersion {
            cluster: cluster.to_path_buf(),
            wanted,
            found: others.iter().map(u32::to_string).collect::<Vec<_>>().join(" and "),
        }),
        _ => Err(EmbeddedError::NoPrograms),
    }
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

/// Follows links in PATH: the programs find their libraries and templates relative to their real location.
fn resolve(dir: PathBuf) -> PathBuf {
    let real = fs::canonicalize(dir.join("postgres")).ok();
    match real.as_deref().and_then(Path::parent) {
        Some(real) if holds_programs(real) => real.to_path_buf(),
        _ => dir,
    }
}

fn holds_programs(dir: &Path) -> bool {
    dir.is_absolute() && dir.join("initdb").is_file() && dir.join("postgres").is_file()
}

fn newest_first((dir, prefix): &(&str, &str)) -> Vec<PathBuf> {
    let mut entries: Vec<(Vec<u32>, PathBuf)> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((version_in(&entry.file_name(), prefix)?, entry.path())))
        .collect();
    entries.sort_unstable_by(|a, b| b.cmp(a));
    entries.into_iter().map(|(_, entry)| entry.join("bin")).collect()
}

/// The numbers after `prefix` in a name such as `16`, `9.6` or `postgresql@16`; their order is that of the
/// versions. A name that is only the prefix gives an empty list, which sorts as the oldest.
fn version_in(name: &OsStr, prefix: &str) -> Option<Vec<u32>> {
    let version = name.to_str()?.strip_prefix(prefix)?.trim_start_matches('@');
    if version.is_empty() {
        return Some(Vec::new());
    }
    version.split('.').map(|number| number.parse().ok()).collect()
}

/// The major version in the output of `postgres --version`, such as
/// `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)` or `postgres (PostgreSQL) 18beta1`.
fn major_version(output: &str) -> Option<u32> {
    let (_, version) = output.split_once("(PostgreSQL) ")?;
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(majors: &[u32]) -> impl Iterator<Item = Programs> {
        majors.iter().map(|&major| Programs { bin: PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")), major })
    }

    fn choice(majors: &[u32], existing: Option<u32>) -> Result<u32, String> {
        choose(installed(majors), existing, Path::new("/data/postgres"))
            .map(|programs| programs.major)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn orders_versions_by_number() {
        let mut names = ["9.6", "16", "10", "9.10", ""].map(|name| version_in(name.as_ref(), ""));
        names.sort();
        let sorted: Vec<_> = names.into_iter().flatten().collect();
        assert_eq!(sorted, [vec![], vec![9, 6], vec![9, 10], vec![10], vec![16]]);
    }

    #[test]
    fn reads_versions_from_directory_names() {
        assert_eq!(version_in("postgresql@16".as_ref(), "postgresql"), Some(vec![16]));
        assert_eq!(version_in("postgresql".as_ref(), "postgresql"), Some(vec![]));
        assert_eq!(version_in("latest".as_ref(), "latest"), Some(vec![]));
        assert_eq!(version_in("postgresql-common".as_ref(), "postgresql"), None);
        assert_eq!(version_in("mysql".as_ref(), "postgresql"), None);
    }

    #[test]
    fn reads_the_major_version_of_a_program() {
        let debian = "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n";
        assert_eq!(major_version(debian), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("postgres (PostgreSQL) 17"), Some(17));
        assert_eq!(major_version("bash: postgres: not found"), None);
    }

    #[test]
    fn a_new_cluster_gets_the_first_programs() {
        assert_eq!(choice(&[16, 15], None), Ok(16));
    }

    #[test]
    fn an_existing_cluster_gets_programs_of_its_version() {
        assert_eq!(choice(&[17, 16, 15], Some(15)), Ok(15));
    }

    #[test]
    fn the_error_names_the_missing_version_and_the_installed_ones() {
        let message = choice(&[17, 16, 17], Some(15)).unwrap_err();
        assert!(message.contains("created by PostgreSQL 15"), "{message}");
        assert!(message.contains("only PostgreSQL 16 and 17"), "{message}");
    }

    #[test]
    fn the_error_says_that_no_programs_are_installed() {
        for existing in [None, Some(15)] {
            let message = choice(&[], existing).unwrap_err();
            assert!(message.starts_with("No PostgreSQL server programs"), "{message}");
        }
    }
}
