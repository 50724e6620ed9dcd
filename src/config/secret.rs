//! Secrets, which never appear in a log or a message, and the file of the generated token secret.

use std::{
    fmt,
    fs::{DirBuilder, File},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rand::{TryRngCore as _, rngs::OsRng};
use tempfile::NamedTempFile;

use super::Invalid;

/// RFC 7518 §3.2 requires that the key of HMAC-SHA-256 has at least the size of the hash.
const SECRET_MIN_BYTES: usize = 32;
pub const JWT_SECRET_ALLOWED: &str = "at least 32 bytes, for example the output of `openssl rand -base64 48`";

/// A secret text. It has no `Display`, and its `Debug` shows only the length.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself, for code that signs, verifies or connects with it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[secret, {} bytes]", self.0.len())
    }
}

/// Checks that a secret is long enough to sign tokens.
pub fn jwt_secret(text: &str) -> Result<Secret, Invalid> {
    if text.len() < SECRET_MIN_BYTES {
        let wrong = format!("is only {} bytes long", text.len());
        return Err(Invalid::hidden(wrong, JWT_SECRET_ALLOWED));
    }
    Ok(Secret::new(text.to_owned()))
}

/// The file of a secret. The server never changes an existing file, so every start and every
/// `taskwire token` use the same secret.
#[derive(Debug, Clone)]
pub struct SecretFile {
    path: PathBuf,
}

/// Why the file of a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    #[error("cannot read {}: {source}; allowed: a readable file, or a secret given", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot create {}: {source}; allowed: a DATA_DIR to write to, or a secret given", path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error(
        "{path} can be read by others (mode {mode:04o}); allowed: mode 0600, set by `chmod 600 {path}`",
        path = path.display()
    )]
    Readable { path: PathBuf, mode: u32 },
    #[error(
        "{} holds only {bytes} bytes; allowed: at least 32 bytes, or no file, and a new secret is \
         generated (tokens signed before then end)",
        path.display()
    )]
    Short { path: PathBuf, bytes: usize },
}

impl SecretFile {
    /// The file of the generated secret in the data directory.
    pub fn in_dir(data_dir: &Path) -> Self {
        Self { path: data_dir.join("jwt-secret") }
    }

    /// A file that the server does not create.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub fn into_path(self) -> PathBuf {
        self.path
    }

    /// Reads the secret; `None` if the file does not exist.
    pub fn read(&self) -> Result<Option<Secret>, SecretFileError> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.unreadable(error)),
        };
        // Read from the open file, because the path could meanwhile name another file.
        let mode = file.metadata().map_err(|e| self.unreadable(e))?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(SecretFileError::Readable { path: self.path.clone(), mode });
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|e| self.unreadable(e))?;
        // A text editor probably added a line break at the end.
        let text = text.trim_end_matches(['\r', '\n']);
        if text.len() < SECRET_MIN_BYTES {
            return Err(SecretFileError::Short { path: self.path.clone(), bytes: text.len() });
        }
        Ok(Some(Secret::new(text.to_owned())))
    }

    /// Reads the secret, and generates it if the file does not exist.
    pub fn read_or_create(&self) -> Result<Secret, SecretFileError> {
        if let Some(secret) = self.read()? {
            return Ok(secret);
        }
        self.create().map_err(|source| SecretFileError::Create { path: self.path.clone(), source })?;
        // Read it from the file, because another process may have created the file first.
        self.read()?.ok_or_else(|| self.unreadable(io::ErrorKind::NotFound.into()))
    }

    /// Creates the file with a new secret, or keeps the file if another process has just created it.
    fn create(&self) -> io::Result<()> {
        let dir = self.path.parent().unwrap_or(Path::new("/"));
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        // A temporary file with mode 0600. It is removed if this function fails before the rename.
        let mut unfinished = NamedTempFile::new_in(dir)?;
        writeln!(unfinished, "{}", random_hex()?)?;
        unfinished.as_file().sync_all()?;
        match unfinished.persist_noclobber(&self.path) {
            Err(failed) if failed.error.kind() != io::ErrorKind::AlreadyExists => Err(failed.error),
            _ => File::open(dir)?.sync_all(),
        }
    }

    fn unreadable(&self, source: io::Error) -> SecretFileError {
        SecretFileError::Read { path: self.path.clone(), source }
    }
}

/// 256 random bits from the operating system, in hexadecimal.
fn random_hex() -> io::Result<String> {
    let mut halves = [[0; 16]; 2];
    OsRng.try_fill_bytes(halves.as_flattened_mut()).map_err(io::Error::other)?;
    Ok(halves.map(|half| format!("{:032x}", u128::from_be_bytes(half))).concat())
}

#[cfg(test)]
pub mod scratch {
    //! A temporary directory for one test.

    use std::{env, fs, path::PathBuf, process, sync::atomic};

    pub struct ScratchDir(pub PathBuf);

    impl ScratchDir {
        pub fn new() -> Self {
            static COUNT: atomic::AtomicU32 = atomic::AtomicU32::new(0);
            let count = COUNT.fetch_add(1, atomic::Ordering::Relaxed);
            let dir = env::temp_dir().join(format!("taskwire-test-{}-{count}", process::id()));
            fs::create_dir(&dir).unwrap();
            Self(dir)
        }
    }

    impl Drop for ScratchDir {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        fs::{self, Permissions},
        sync::Barrier,
        thread,
    };

    use super::scratch::ScratchDir;
    use super::*;

    #[test]
    fn debug_does_not_show_secrets() {
        let secret = Secret::new("x".repeat(43));
        assert_eq!(format!("{secret:?}"), "[secret, 43 bytes]");
        assert_eq!(format!("{:?}", Some(secret)), "Some([secret, 43 bytes])");
    }

    #[test]
    fn secrets_are_measured_in_bytes() {
        assert!(jwt_secret(&"é".repeat(16)).is_ok());
        let message = jwt_secret("hunter2").unwrap_err().to_string();
        assert!(message.contains("only 7 bytes") && !message.contains("hunter2"), "{message}");
    }

    #[test]
    fn a_generated_secret_is_private_and_does_not_change() {
        let dir = ScratchDir::new();
        let data_dir = dir.0.join("not/yet/there");
        let file = SecretFile::in_dir(&data_dir);
        assert!(file.read().unwrap().is_none());
        let first = file.read_or_create().unwrap();
        let second = file.read_or_create().unwrap();
        assert_eq!(first.expose(), second.expose());
        assert_eq!(first.expose().len(), 64);
        assert_eq!(fs::metadata(&file.path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&data_dir).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(&data_dir).unwrap().count(), 1, "something was left behind");
    }

    #[test]
    fn two_installations_do_not_share_a_secret() {
        let (one, other) = (ScratchDir::new(), ScratchDir::new());
        let secret = |dir: &ScratchDir| SecretFile::in_dir(&dir.0).read_or_create().unwrap();
        assert_ne!(secret(&one).expose(), secret(&other).expose());
    }

    #[test]
    fn concurrent_starts_generate_one_secret() {
        for _ in 0..20 {
            let dir = ScratchDir::new();
            let start = Barrier::new(8);
            let generate = || {
                start.wait();
                SecretFile::in_dir(&dir.0).read_or_create().unwrap().expose().to_owned()
            };
            let secrets: HashSet<String> = thread::scope(|scope| {
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(generate)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(secrets.len(), 1);
            assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 1, "something was left behind");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_rejected() {
        let dir = ScratchDir::new();
        let file = SecretFile::in_dir(&dir.0);
        let secret = file.read_or_create().unwrap();
        for mode in [0o640, 0o604, 0o666] {
            fs::set_permissions(&file.path, Permissions::from_mode(mode)).unwrap();
            let message = file.read_or_create().unwrap_err().to_string();
            assert!(message.contains(&format!("mode {mode:04o}")), "{message}");
            assert!(message.contains("chmod 600") && !message.contains(secret.expose()));
        }
        fs::set_permissions(&file.path, Permissions::from_mode(0o400)).unwrap();
        assert_eq!(file.read_or_create().unwrap().expose(), secret.expose());
    }

    #[test]
    fn a_file_with_a_short_secret_is_rejected_and_not_changed() {
        let dir = ScratchDir::new();
        let file = SecretFile::in_dir(&dir.0);
        fs::write(&file.path, "hunter2\n").unwrap();
        fs::set_permissions(&file.path, Permissions::from_mode(0o600)).unwrap();
        let message = file.read_or_create().unwrap_err().to_string();
        assert!(message.contains("only 7 bytes") && !message.contains("hunter2"), "{message}");
        assert_eq!(fs::read_to_string(&file.path).unwrap(), "hunter2\n");
    }

    #[test]
    fn a_directory_that_cannot_be_created_is_reported() {
        let dir = ScratchDir::new();
        fs::write(dir.0.join("file"), "").unwrap();
        let file = SecretFile::in_dir(&dir.0.join("file/below"));
        assert!(file.read_or_create().is_err());
    }
}
