//! The errors of the private Postgres, each with what the operator can do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Why the private Postgres could not be started or stopped, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "No PostgreSQL server programs were found; install them (Debian: apt-get install \
         postgresql) or set DATABASE_URL to a running server"
    )]
    NoPrograms,

    #[error(
        "The database in {} was created by PostgreSQL {wanted}, but this machine has only \
         PostgreSQL {found}; install PostgreSQL {wanted} or choose another DATA_DIR",
        cluster.display()
    )]
    OtherVersion { cluster: PathBuf, wanted: u32, found: String },

    #[error(
        "{} does not name a PostgreSQL version, so the database around it is damaged; restore it \
         from a backup or choose another DATA_DIR",
        file.display()
    )]
    Damaged { file: PathBuf },

    #[error(
        "PostgreSQL refuses to run as root and there is no account \"postgres\" or \"nobody\" to \
         run it as; create one of them or start Taskwire as an ordinary user"
    )]
    NoAccount,

    #[error(
        "The account {account}, which PostgreSQL runs as, may not enter {}; set DATA_DIR to a \
         directory below one that every user may enter, such as /var/lib/taskwire",
        dir.display()
    )]
    Unreachable { dir: PathBuf, account: String },

    #[error(
        "Another Taskwire is using DATA_DIR {}; give this one another DATA_DIR, or set \
         DATABASE_URL",
        data_dir.display()
    )]
    InUse { data_dir: PathBuf },

    #[error(
        "The PostgreSQL of an earlier run (process {pid}) is still using {}; wait for it to end \
         or stop it with \"kill -INT {pid}\", then start again",
        cluster.display()
    )]
    PreviousServer { cluster: PathBuf, pid: i32 },

    #[error(
        "{} is no path for a Unix socket, which must be short and without a comma; choose another \
         DATA_DIR or TMPDIR",
        dir.display()
    )]
    SocketPath { dir: PathBuf },

    #[error(
        "{} exists already, but is not a directory that only the account {account} may enter; \
         remove it or choose another DATA_DIR",
        path.display()
    )]
    NotPrivate { path: PathBuf, account: String },

    #[error("PostgreSQL could not create its database ({status}); its log says:\n{log}")]
    Initdb { status: ExitStatus, log: String },

    #[error("PostgreSQL ended while it was starting ({status}); its log says:\n{log}")]
    Start { status: ExitStatus, log: String },

    #[error("PostgreSQL did not get ready within {seconds} seconds; its log says:\n{log}")]
    StartTimeout { seconds: u64, log: String },

    #[error(
        "PostgreSQL did not shut down cleanly ({status}); its next start recovers every \
         acknowledged write"
    )]
    Unclean { status: ExitStatus },

    #[error("Could not watch or signal PostgreSQL: {0}")]
    Control(io::Error),

    #[error("Could not {action} {}: {reason}", path.display())]
    Io { action: &'static str, path: PathBuf, reason: io::Error },
}

impl EmbeddedError {
    /// For `map_err`: completes the sentence "Could not `action` `path`".
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |reason| Self::Io { action, path, reason }
    }
}
