//! `taskwire login`: signs in and keeps an API token, named after this machine, for the commands
//! that need one. The password is used once and kept nowhere.

use clap::{Args, ValueEnum};
use url::Url;

use super::credentials::KeptCredentials;
use super::remote::{self, Remote};
use super::{Failure, in_runtime, print, printable, terminal};
use crate::model::Scope;

#[derive(Args)]
pub struct Login {
    /// Where the server is
    #[arg(long, env = "TASKWIRE_URL", default_value = "http://127.0.0.1:8000")]
    url: Url,

    /// Keep this token instead of signing in with e-mail and password; `-` reads it from standard
    /// input, where no list of processes shows it
    #[arg(long, env = "TASKWIRE_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// What the new API token may do
    #[arg(long, value_enum, default_value = "read", conflicts_with = "token")]
    scope: Allowed,
}

#[derive(Clone, Copy, ValueEnum)]
enum Allowed {
    Read,
    ReadWrite,
}

impl Login {
    pub fn run(self) -> Result<(), Failure> {
        let remote = Remote::to_sign_in(&self.url)?;
        // Before anybody signs in in vain.
        let before = KeptCredentials::read()?;
        let scope = match self.scope {
            Allowed::Read => Scope::Read,
            Allowed::ReadWrite => Scope::ReadWrite,
        };
        let given = match self.token.as_deref() {
            Some("-") => Some(terminal::line()?),
            given => given.map(str::to_owned),
        };
        let url = self.url;
        in_runtime(async move {
            let is_new = given.is_none();
            let new = match given {
                Some(token) => of_token(&remote, url, token.trim().to_owned()).await?,
                None => signed_in(&remote, url, scope).await?,
            };
            let path = match new.keep() {
                Ok(path) => path,
                Err(failure) => {
                    // One that was made for this is of no use to anybody now.
                    if is_new {
                        revoke(&new).await;
                    }
                    return Err(failure);
                }
            };
            if let Some(before) = before.filter(|before| before.token != new.token) {
                revoke(&before).await;
            }
            let (user, url) = (printable(&new.user_id), &new.url);
            print(&format!("Signed in as {user} at {url}; the token is in {}.\n", path.display()))?;
            Ok(())
        })
    }
}

async fn of_token(remote: &Remote, url: Url, token: String) -> Result<KeptCredentials, Failure> {
    let identity = remote.identity(&token).await?;
    Ok(KeptCredentials { url, user_id: identity.user_id, token, token_id: identity.token_id })
}

async fn signed_in(remote: &Remote, url: Url, scope: Scope) -> Result<KeptCredentials, Failure> {
    let email = terminal::ask("E-mail")?;
    let password = terminal::ask_unseen("Password")?;
    let session = remote.sign_in(email.trim(), &password).await?;
    let created = async {
        let access = remote.access_token(&session).await?;
        let user = remote::subject(&access).ok_or_else(|| Failure::new("the server's token names no user"))?;
        let created = remote.create_api_token(&user, &access, &name(), scope).await?;
        Ok::<_, Failure>((user, created))
    };
    let created = created.await;
    // It has done what it was for, whether that went well or not.
    if let Err(failure) = remote.sign_out(&session).await {
        eprintln!("{} (the session ends by itself)", failure.message);
    }
    let (user_id, created) = created?;
    Ok(KeptCredentials { url, user_id, token: created.token, token_id: Some(created.api_token.id.as_uuid()) })
}

/// Puts a token out of use that is not kept any more.
async fn revoke(before: &KeptCredentials) {
    let Some(id) = before.token_id else { return };
    let revoked = match Remote::at(&before.url) {
        Ok(remote) => remote.revoke_api_token(&before.user_id, &before.token, id).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    if let Err(failure) = revoked {
        eprintln!("{} (a token that is not kept any more could not be revoked)", failure.message);
    }
}

/// What to call the token, so that its user knows it again.
fn name() -> String {
    let system = rustix::system::uname();
    let machine = printable(&system.nodename().to_string_lossy());
    format!("taskwire on {machine}").chars().take(100).collect::<String>().trim().to_owned()
}
