//! The directory of the server's own files: the private Postgres and the generated secret.

use std::{
    env,
    path::{self, Path, PathBuf},
};

use super::Invalid;

pub const ALLOWED: &str = "the path of a directory, which is created when it is missing";

/// The given directory as an absolute path.
pub fn given(text: &str) -> Result<PathBuf, Invalid> {
    // Only a shell expands `~`. Here it would become a directory with this name.
    if text.starts_with('~') {
        return Err(Invalid::shown(text, "begins with ~, which is not expanded here", ALLOWED));
    }
    let data_dir = path::absolute(text)
        .map_err(|error| Invalid::shown(text, format!("cannot be made absolute ({error})"), ALLOWED))?;
    if data_dir.exists() && !data_dir.is_dir() {
        return Err(Invalid::shown(text, "is not a directory", ALLOWED));
    }
    Ok(data_dir)
}

/// The directory to use when none was given.
pub fn default() -> Result<PathBuf, Invalid> {
    default_for(rustix::process::geteuid().is_root(), env::var_os("XDG_DATA_HOME").map(PathBuf::from), env::home_dir())
        .ok_or_else(|| Invalid::hidden("is not set, and there is no home directory", ALLOWED))
}

fn default_for(root: bool, xdg: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    if root {
        return Some(PathBuf::from("/var/lib/taskwire"));
    }
    // The XDG specification requires that relative paths are ignored. An empty HOME is ignored too.
    let xdg = xdg.filter(|path| path.is_absolute());
    let home = home.filter(|path| path.is_absolute());
    let below_home = |path: &str| home.as_deref().map(|home: &Path| home.join(path));
    let parent = if cfg!(target_os = "macos") {
        below_home("Library/Application Support")
    } else {
        xdg.or_else(|| below_home(".local/share"))
    };
    parent.map(|parent| parent.join("taskwire"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_are_made_absolute() {
        let here = env::current_dir().unwrap();
        assert_eq!(given("some/where").unwrap(), here.join("some/where"));
        assert_eq!(given("/some/where").unwrap(), Path::new("/some/where"));
    }

    #[test]
    fn a_path_that_cannot_be_a_directory_is_rejected() {
        let file = env::current_exe().unwrap();
        assert!(given(file.to_str().unwrap()).is_err());
        assert!(given("~/taskwire").is_err());
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn the_default_follows_the_user() {
        let path = |text: &str| Some(PathBuf::from(text));
        assert_eq!(default_for(true, path("/x"), path("/root")), path("/var/lib/taskwire"));
        assert_eq!(default_for(false, path("/x"), path("/home/ada")), path("/x/taskwire"));
        for ignored in [None, path(""), path("relative")] {
            assert_eq!(default_for(false, ignored, path("/home/ada")), path("/home/ada/.local/share/taskwire"));
        }
        assert_eq!(default_for(false, None, None), None);
        assert_eq!(default_for(false, None, path("")), None);
    }
}
