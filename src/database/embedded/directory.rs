//! The data directory: its permissions, its lock, and the directory of the socket.

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

/// In bytes: the lowest limit of all supported systems. macOS allows 103, Linux 107.
const SOCKET_PATH_LIMIT: usize = 103;

/// How long to wait for the lock: a Taskwire that was killed a moment ago may still hold it.
const LOCK_LIMIT: Duration = Duration::from_millis(500);
const POLL: Duration = Duration::from_millis(5);

/// A data directory, locked against other Taskwires until this value is dropped.
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
        // The server runs in another working directory, so a relative path would be wrong there.
        let path = path.canonicalize().map_err(EmbeddedError::io("resolve", path))?;
        restrict(&path, account)?;
        account.check_reach(&path)?;
        let lock = lock(&path)?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the private directory for the file `socket` and returns its path. The permissions of this
    /// directory are the only access control of the server.
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

    /// A directory for the same purpose with a short path. Its name is the same at every start, so killed
    /// Taskwires do not leave more and more directories.
    fn temp_dir(&self, account: &Account) -> Result<PathBuf, EmbeddedError> {
        let temp = env::temp_dir();
        let temp = temp.canonicalize().map_err(EmbeddedError::io("resolve", &temp))?;
        account.check_reach(&temp)?;
        let mut hasher = DefaultHasher::new();
        self.path.hash(&mut hasher);
        Ok(temp.join(format!("taskwire-{:016x}", hasher.finish())))
    }
}

/// Creates a directory that only `account` may enter, or accepts an existing one with these permissions.
/// Anything else is rejected: in a shared directory, another user may have created it.
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
    // Root owns it if it was created just now, or by a start that was killed at this point.
    if is_private && metadata.uid() == geteuid().as_raw() {
        return account.hand_over(path);
    }
    Err(EmbeddedError::NotPrivate { path: path.to_path_buf(), account: account.name.clone() })
}

/// Lets the account pass through `dir`, and lets nobody else replace its entries. Otherwise the directory
/// keeps the mode that its owner chose. A sticky directory is shared on purpose and stays as it is.
fn restrict(dir: &Path, account: &Account) -> Result<(), EmbeddedError> {
    let metadata = fs::metadata(dir).map_err(EmbeddedError::io("look at the directory", dir))?;
    let mode = metadata.mode() & 0o7777;
    let restricted = mode & !0o022 | account.passage_mode();
    let is_ours = metadata.uid() == geteuid().as_raw();
    let is_sticky = mode & 0o1000 != 0;
    if restricted == mode || !is_ours || is_sticky {
        return Ok(());
    }
    fs::set_permissions(dir, Permissions::from_mode(restricted)).map_err(EmbeddedError::io("change the mode of", dir))
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

/// Whether both Postgres and libpq can use `path` as the path of one socket. In their settings, a comma
/// separates several paths.
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
