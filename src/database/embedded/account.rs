//! The account that Postgres runs as: that of Taskwire, or an unprivileged one if Taskwire runs as root.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Signal, getegid, geteuid};

use super::EmbeddedError;

/// Postgres does not run as root. If Taskwire does, the first of these accounts that exists runs it.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    uid: u32,
    gid: u32,
    /// Whether Taskwire runs as root and this account replaces it: files and processes must be handed over.
    replaces_root: bool,
}

impl Account {
    pub(super) fn for_server() -> Result<Self, EmbeddedError> {
        let uid = geteuid();
        if !uid.is_root() {
            return Ok(Self {
                name: format!("with user id {}", uid.as_raw()),
                uid: uid.as_raw(),
                gid: getegid().as_raw(),
                replaces_root: false,
            });
        }
        let file = Path::new("/etc/passwd");
        let passwd = fs::read(file).map_err(EmbeddedError::io("read", file))?;
        let passwd = String::from_utf8_lossy(&passwd);
        UNPRIVILEGED.iter().find_map(|name| Self::in_passwd(&passwd, name)).ok_or(EmbeddedError::NoAccount)
    }

    fn in_passwd(passwd: &str, wanted: &str) -> Option<Self> {
        passwd.lines().find_map(|line| {
            // name:password:uid:gid:comment:home:shell
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| *name == wanted)?;
            let uid = fields.nth(1)?.parse().ok().filter(|uid| *uid != 0)?;
            let gid = fields.next()?.parse().ok()?;
            Some(Self { name: name.to_owned(), uid, gid, replaces_root: true })
        })
    }

    /// The mode of a directory of Taskwire that this account must pass through.
    pub(super) fn passage_mode(&self) -> u32 {
        if self.replaces_root { 0o711 } else { 0o700 }
    }

    pub(super) fn owns(&self, metadata: &Metadata) -> bool {
        metadata.uid() == self.uid
    }

    /// Makes this account the owner of a file or directory.
    pub(super) fn hand_over(&self, path: &Path) -> Result<(), EmbeddedError> {
        lchown(path, Some(self.uid), Some(self.gid)).map_err(EmbeddedError::io("hand over", path))
    }

    /// Fails if this account may not enter `dir` or a directory above it; the error names the outermost.
    pub(super) fn check_reach(&self, dir: &Path) -> Result<(), EmbeddedError> {
        if !self.replaces_root {
            return Ok(());
        }
        let mut from_root: Vec<PathBuf> = dir.ancestors().map(Path::to_path_buf).collect();
        from_root.reverse();
        for dir in from_root {
            let metadata = fs::metadata(&dir).map_err(EmbeddedError::io("look at", &dir))?;
            if !self.may_enter(metadata.uid(), metadata.gid(), metadata.mode()) {
                let account = self.name.clone();
                return Err(EmbeddedError::Unreachable { dir, account });
            }
        }
        Ok(())
    }

    fn may_enter(&self, owner: u32, group: u32, mode: u32) -> bool {
        let search = if owner == self.uid {
            0o100
        } else if group == self.gid {
            0o010
        } else {
            0o001
        };
        mode & search != 0
    }

    /// A command that runs as this account, without Taskwire's terminal and secrets. On Linux the process
    /// receives `death_signal` when the thread that spawned it ends.
    pub(super) fn command(&self, program: &Path, death_signal: Signal) -> Command {
        let mut command = Command::new(program);
        command
            // Its own process group: Taskwire handles Ctrl-C, Postgres must not receive it.
            .process_group(0)
            // The account may not be permitted to enter the working directory.
            .current_dir("/")
            // The environment holds secrets, and settings such as PGDATA that Postgres would read.
            .env_clear()
            .envs(inherited("PATH"))
            .envs(inherited("LD_LIBRARY_PATH"))
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        if self.replaces_root {
            // As root this also drops all supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        end_with_parent(&mut command, death_signal);
        command
    }
}

fn inherited(name: &str) -> Option<(&str, impl AsRef<OsStr>)> {
    env::var_os(name).map(|value| (name, value))
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "only the child itself can ask for a signal at its parent's death")]
fn end_with_parent(command: &mut Command, death_signal: Signal) {
    use std::{io, process};

    use rustix::process::{getppid, set_parent_process_death_signal};

    let parent = process::id().cast_signed();
    let request = move || {
        // Changing the user clears this request; the closure runs after that change.
        set_parent_process_death_signal(Some(death_signal))?;
        // If the parent died before the request, no signal will come.
        if getppid().is_some_and(|pid| pid.as_raw_nonzero().get() == parent) {
            Ok(())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    };
    // SAFETY: between fork and exec the closure makes two system calls and neither allocates nor
    // takes a lock.
    unsafe { command.pre_exec(request) };
}

/// On other systems the server outlives a killed Taskwire. The next start then asks the operator to stop it.
#[cfg(not(target_os = "linux"))]
fn end_with_parent(_command: &mut Command, _death_signal: Signal) {}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
        broken\n\
        nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n\
        postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n";

    fn postgres() -> Account {
        Account::in_passwd(PASSWD, "postgres").unwrap()
    }

    #[test]
    fn finds_accounts_in_passwd() {
        assert_eq!((postgres().uid, postgres().gid), (101, 104));
        let nobody = Account::in_passwd(PASSWD, "nobody").unwrap();
        assert_eq!((nobody.uid, nobody.gid), (65534, 65533));
    }

    #[test]
    fn rejects_accounts_that_are_missing_broken_or_root() {
        for name in ["post", "broken", "root", ""] {
            assert_eq!(Account::in_passwd(PASSWD, name), None, "{name}");
        }
        assert_eq!(Account::in_passwd("postgres:x:one:1::/:", "postgres"), None);
    }

    #[test]
    fn enters_directories_by_owner_then_group_then_others() {
        let account = postgres();
        assert!(account.may_enter(101, 0, 0o700));
        assert!(!account.may_enter(101, 104, 0o077));
        assert!(account.may_enter(0, 104, 0o710));
        assert!(!account.may_enter(0, 104, 0o701));
        assert!(account.may_enter(0, 0, 0o711));
        assert!(!account.may_enter(0, 0, 0o700));
    }
}
