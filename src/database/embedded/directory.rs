//! The data directory: who may enter it, which Taskwire it belongs to, and where the socket goes.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::geteuid;

use super::EmbeddedError;
use super::account::Account;

/// The shortest limit of the systems we run on: macOS allows 103 bytes, Linux 107.
const SOCKET_PATH_LIMIT: usize = 103;

/// A Taskwire that was killed this very moment still holds its lock.
const LOCK_LIMIT: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(5);

/// A data directory that is ours alone for as long as this value lives.
#[derive(Debug)]
pub(super) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    pub(super) fn claim(path: &Path, account: &Account) -> Result<Self, EmbeddedError> {
        DirBuilder::new()
            .recursive(true)
            .mode(account.passage_mode())
            .create(path)
            .map_err(EmbeddedError::io("create the directory", path))?;
        // The server works in another directory, from where a relative path leads nowhere.
        let path = path.canonicalize().map_err(EmbeddedError::io("resolve", path))?;
        guard(&path, account)?;
        account.check_reach(&path)?;
        let lock = lock(&path)?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the private directory for the file `socket` and returns its path; its permissions
    /// are the whole access control of the server.
    pub(super) fn create_socket_dir(&self, socket: &str, account: &Account) -> Result<PathBuf, EmbeddedError> {
        let mut dir = self.path.join("postgres-socket");
        if !is_socket_path(&dir.join(socket)) {
            dir = self.temp_dir(account)?;
        }
        if !is_socket_path(&dir.join(socket)) {
            return Err(EmbeddedError::SocketPath { dir });
        }
        create_private_dir(&dir, account)?;
        Ok(dir)
    }

    /// A directory for the same purpose with a short path. Its name is the same at every start,
    /// so that a killed Taskwire leaves no trail of directories.
    fn temp_dir(&self, account: &Account) -> Result<PathBuf, EmbeddedError> {
        let temp = env::temp_dir();
        let temp = temp.canonicalize().map_err(EmbeddedError::io("resolve", &temp))?;
        account.check_reach(&temp)?;
        let mut hasher = DefaultHasher::new();
        self.path.hash(&mut hasher);
        Ok(temp.join(format!("taskwire-{:016x}", hasher.finish())))
    }
}

/// Makes a directory that only `account` may enter, or accepts one that is just that: in a shared
/// place anybody may have put something else there.
pub(super) fn create_private_dir(path: &Path, account: &Account) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(EmbeddedError::io("create the directory", path)(error));
        }
        _ => {}
    }
    let metadata = fs::symlink_metadata(path).map_err(EmbeddedError::io("look at the directory", path))?;
    let is_private = metadata.is_dir() && metadata.mode() & 0o777 == 0o700;
    if is_private && account.owns(&metadata) {
        return Ok(());
    }
    // It is root's if it was made just now, or by a start that was killed at this point.
    if is_private && metadata.uid() == geteuid().as_raw() {
        return account.give(path);
    }
    Err(EmbeddedError::NotPrivate { path: path.to_path_buf(), account: account.name.clone() })
}

/// Lets the account pass, and lets nobody else replace what is in `dir`. A directory that was there
/// before otherwise keeps the mode its owner chose, and a sticky one is shared on purpose.
fn guard(dir: &Path, account: &Account) -> Result<(), EmbeddedError> {
    let metadata = fs::metadata(dir).map_err(EmbeddedError::io("look at the directory", dir))?;
    let mode = metadata.mode() & 0o7777;
    let guarded = mode & !0o022 | account.passage_mode();
    let is_ours = metadata.uid() == geteuid().as_raw();
    let is_sticky = mode & 0o1000 != 0;
    if guarded == mode || !is_ours || is_sticky {
        return Ok(());
    }
    fs::set_permissions(dir, Permissions::from_mode(guarded)).map_err(EmbeddedError::io("change the mode of", dir))
}

fn lock(dir: &Path) -> Result<File, EmbeddedError> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .map_err(EmbeddedError::io("open", &path))?;
    let deadline = Instant::now() + LOCK_LIMIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(EmbeddedError::io("lock", &path)(error)),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                let data_dir = dir.to_path_buf();
                return Err(EmbeddedError::InUse { data_dir });
            }
            Err(TryLockError::WouldBlock) => thread::sleep(POLL),
        }
    }
}

/// Whether both Postgres and libpq take `path` for the path of one socket: in their settings a
/// comma separates several.
fn is_socket_path(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    bytes.len() <= SOCKET_PATH_LIMIT && !bytes.contains(&b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_need_short_paths() {
        let longest = format!("/{}", "d".repeat(SOCKET_PATH_LIMIT - 1));
        assert!(is_socket_path(Path::new(&longest)));
        assert!(!is_socket_path(Path::new(&format!("{longest}d"))));
        // Bytes count, not characters.
        assert!(!is_socket_path(Path::new(&longest.replacen('d', "é", 1))));
    }

    #[test]
    fn sockets_need_paths_without_commas() {
        assert!(is_socket_path(Path::new("/data of mine/socket")));
        assert!(!is_socket_path(Path::new("/data,mine/socket")));
    }
}
