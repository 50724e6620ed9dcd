//! What `taskwire login` keeps: where one signed in, as whom, and the API token, in a file of the
//! user's configuration directory that nobody else can read.

use std::env;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use url::Url;
use uuid::Uuid;

use super::Failure;

#[derive(Clone, Serialize, Deserialize)]
pub struct KeptCredentials {
    /// The server's address.
    pub url: Url,
    pub user_id: String,
    pub token: String,
    /// The API token's id; a JWT has none.
    pub token_id: Option<Uuid>,
}

impl KeptCredentials {
    /// Those that are kept, if any are.
    pub fn read() -> Result<Option<Self>, Failure> {
        read(&path()?)
    }

    /// Those that are kept, for a command that cannot go on without.
    pub fn needed() -> Result<Self, Failure> {
        Self::read()?.ok_or_else(|| Failure::new("nobody is signed in here; `taskwire login` does it"))
    }

    /// Keeps these and no others. Whoever reads meanwhile sees the old ones or the new.
    pub fn keep(&self) -> Result<PathBuf, Failure> {
        let path = path()?;
        let text = serde_json::to_vec_pretty(self).map_err(Failure::new)?;
        write(&path, &text).map_err(|error| cannot("written", &path, &error))?;
        Ok(path)
    }

    pub fn forget() -> Result<(), Failure> {
        let path = path()?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot("removed", &path, &error)),
            _ => Ok(()),
        }
    }

    /// Their server, which must be the one that was asked for: no other may see the token.
    pub fn at(&self, asked: Option<&Url>) -> Result<Url, Failure> {
        match asked {
            Some(asked) if asked != &self.url => Err(Failure::new(format_args!(
                "you are signed in at {}, not at {asked}; leave out --url, or sign in there",
                self.url
            ))),
            _ => Ok(self.url.clone()),
        }
    }
}

fn cannot(be: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(format_args!("{} cannot be {be}: {error}", path.display()))
}

fn path() -> Result<PathBuf, Failure> {
    path_for(env::var_os("XDG_CONFIG_HOME").map(PathBuf::from), env::home_dir())
        .ok_or_else(|| Failure::new("there is no home directory; set XDG_CONFIG_HOME to one for configuration"))
}

fn path_for(xdg: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    // The XDG specification says to ignore a relative path; an empty HOME is none.
    let home = home.filter(|path| path.is_absolute()).map(|home| home.join(".config"));
    let parent = xdg.filter(|path| path.is_absolute()).or(home);
    parent.map(|parent| parent.join("taskwire/credentials.json"))
}

fn read(path: &Path) -> Result<Option<KeptCredentials>, Failure> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot("read", path, &error)),
    };
    // Asked of the open file, not of the path, which could meanwhile lead elsewhere.
    let mode = file.metadata().map_err(|error| cannot("read", path, &error))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Failure::new(format_args!(
            "{0} can be read by others (mode {mode:04o}), so its token may be known; revoke it, and \
             `chmod 600 {0}` or remove the file",
            path.display()
        )));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| cannot("read", path, &error))?;
    // What is wrong with it would show what it holds.
    serde_json::from_str(&text).map(Some).map_err(|_| {
        Failure::new(format_args!("{} is not what `taskwire login` writes; remove it and sign in", path.display()))
    })
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    // It may have been there before.
    fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    // Nobody else can read it from the start.
    let mut unfinished = NamedTempFile::new_in(dir)?;
    unfinished.write_all(text)?;
    unfinished.write_all(b"\n")?;
    unfinished.as_file().sync_all()?;
    unfinished.persist(path)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_where_configuration_belongs() {
        let at = |xdg: Option<&str>, home: Option<&str>| path_for(xdg.map(PathBuf::from), home.map(PathBuf::from));
        let file = |parent: &str| Some(PathBuf::from(parent).join("taskwire/credentials.json"));
        assert_eq!(at(Some("/x"), Some("/home/ada")), file("/x"));
        assert_eq!(at(Some("x"), Some("/home/ada")), file("/home/ada/.config"));
        assert_eq!(at(None, Some("/home/ada")), file("/home/ada/.config"));
        assert_eq!(at(None, Some("")), None);
        assert_eq!(at(None, None), None);
    }
}
