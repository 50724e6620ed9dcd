//! The credentials that `taskwire login` stores: the server, the user and the token, in a file of the user's
//! configuration directory that nobody else can read.

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
pub struct StoredCredentials {
    /// The server's address.
    pub url: Url,
    pub user_id: String,
    pub token: String,
    /// The id of an API token; `None` for a JWT.
    pub token_id: Option<Uuid>,
}

impl StoredCredentials {
    /// The stored credentials, if there are any.
    pub fn read() -> Result<Option<Self>, Failure> {
        read(&path()?)
    }

    /// The stored credentials, for a command that needs them.
    pub fn required() -> Result<Self, Failure> {
        Self::read()?.ok_or_else(|| Failure::new("nobody is signed in here; run `taskwire login`"))
    }

    /// Replaces the stored credentials atomically: a concurrent reader sees the old or the new ones.
    pub fn store(&self) -> Result<PathBuf, Failure> {
        let path = path()?;
        let text = serde_json::to_vec_pretty(self).map_err(Failure::new)?;
        write(&path, &text).map_err(|error| io_failure("written", &path, &error))?;
        Ok(path)
    }

    /// Deletes the stored credentials, if there are any.
    pub fn delete() -> Result<(), Failure> {
        let path = path()?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_failure("removed", &path, &error)),
            _ => Ok(()),
        }
    }

    /// The address of the server. An error if `--url` names another server, which must not see the token.
    pub fn server(&self, requested: Option<&Url>) -> Result<Url, Failure> {
        match requested {
            Some(requested) if requested != &self.url => Err(Failure::new(format_args!(
                "you are signed in at {}, not at {requested}; leave out --url, or sign in there",
                self.url
            ))),
            _ => Ok(self.url.clone()),
        }
    }
}

fn io_failure(action: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(format_args!("{} cannot be {action}: {error}", path.display()))
}

fn path() -> Result<PathBuf, Failure> {
    path_for(env::var_os("XDG_CONFIG_HOME").map(PathBuf::from), env::home_dir())
        .ok_or_else(|| Failure::new("there is no home directory; set XDG_CONFIG_HOME to one for configuration"))
}

fn path_for(xdg: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    // The XDG specification says to ignore a relative path; an empty HOME counts as missing.
    let home = home.filter(|path| path.is_absolute()).map(|home| home.join(".config"));
    let parent = xdg.filter(|path| path.is_absolute()).or(home);
    parent.map(|parent| parent.join("taskwire/credentials.json"))
}

fn read(path: &Path) -> Result<Option<StoredCredentials>, Failure> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_failure("read", path, &error)),
    };
    // Checks the open file, because the path could by now lead to another file.
    let mode = file.metadata().map_err(|error| io_failure("read", path, &error))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Failure::new(format_args!(
            "{0} can be read by others (mode {mode:04o}), so its token may be known; revoke it, and \
             `chmod 600 {0}` or remove the file",
            path.display()
        )));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| io_failure("read", path, &error))?;
    // Without the parser's message, which could contain parts of the file.
    serde_json::from_str(&text).map(Some).map_err(|_| {
        Failure::new(format_args!("{} is not what `taskwire login` writes; remove it and sign in", path.display()))
    })
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    // The directory may have existed with other permissions.
    fs::set_permissions(dir, Permissions::from_mode(0o700))?;
    // A temporary file has mode 0600 from the start, so nobody else can ever read it.
    let mut temporary = NamedTempFile::new_in(dir)?;
    temporary.write_all(text)?;
    temporary.write_all(b"\n")?;
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_in_the_configuration_directory() {
        let at = |xdg: Option<&str>, home: Option<&str>| path_for(xdg.map(PathBuf::from), home.map(PathBuf::from));
        let file = |parent: &str| Some(PathBuf::from(parent).join("taskwire/credentials.json"));
        assert_eq!(at(Some("/x"), Some("/home/ada")), file("/x"));
        assert_eq!(at(Some("x"), Some("/home/ada")), file("/home/ada/.config"));
        assert_eq!(at(None, Some("/home/ada")), file("/home/ada/.config"));
        assert_eq!(at(None, Some("")), None);
        assert_eq!(at(None, None), None);
    }
}
