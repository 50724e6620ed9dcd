//! `taskwire login`: signs in and stores an API token, named after this machine, for the commands that need
//! one. The password is used once and is not stored.

use clap::{Args, ValueEnum};
use url::Url;

use super::credentials::StoredCredentials;
use super::remote::{self, Remote};
use super::{Failure, in_runtime, print, printable, terminal};
use crate::model::Scope;

#[derive(Args)]
pub struct Login {
    /// Where the server is
    #[arg(long, env = "TASKWIRE_URL", default_value = "http://127.0.0.1:8000")]
    url: Url,

    /// Store this token instead of signing in with e-mail and password; `-` reads it from standard
    /// input, so that it does not appear in the list of processes
    #[arg(long, env = "TASKWIRE_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// What the new API token may do
    #[arg(long, value_enum, default_value = "read", conflicts_with = "token")]
    scope: ScopeOption,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopeOption {
    Read,
    ReadWrite,
}

impl Login {
    pub fn run(self) -> Result<(), Failure> {
        let remote = Remote::to_sign_in(&self.url)?;
        // Reads the file now, so that an unusable one fails before the user signs in.
        let previous = StoredCredentials::read()?;
        let scope = match self.scope {
            ScopeOption::Read => Scope::Read,
            ScopeOption::ReadWrite => Scope::ReadWrite,
        };
        let given_token = match self.token.as_deref() {
            Some("-") => Some(terminal::read_line()?),
            given => given.map(str::to_owned),
        };
        let url = self.url;
        in_runtime(async move {
            let is_new = given_token.is_none();
            let credentials = match given_token {
                Some(token) => with_token(&remote, url, token.trim().to_owned()).await?,
                None => with_password(&remote, url, scope).await?,
            };
            let path = match credentials.store() {
                Ok(path) => path,
                Err(failure) => {
                    // A new token that is not stored is lost, so nobody needs it.
                    if is_new {
                        revoke(&credentials).await;
                    }
                    return Err(failure);
                }
            };
            if let Some(previous) = previous.filter(|previous| previous.token != credentials.token) {
                revoke(&previous).await;
            }
            let (user, url) = (printable(&credentials.user_id), &credentials.url);
            print(&format!("Signed in as {user} at {url}; the token is in {}.\n", path.display()))?;
            Ok(())
        })
    }
}

async fn with_token(remote: &Remote, url: Url, token: String) -> Result<StoredCredentials, Failure> {
    let identity = remote.identity(&token).await?;
    Ok(StoredCredentials { url, user_id: identity.user_id, token, token_id: identity.token_id })
}

async fn with_password(remote: &Remote, url: Url, scope: Scope) -> Result<StoredCredentials, Failure> {
    let email = terminal::ask("E-mail")?;
    let password = terminal::ask_hidden("Password")?;
    let session = remote.sign_in(email.trim(), &password).await?;
    let created = async {
        let access = remote.access_token(&session).await?;
        let user = remote::subject(&access).ok_or_else(|| Failure::new("the server's token names no user"))?;
        let created = remote.create_api_token(&user, &access, &token_name(), scope).await?;
        Ok::<_, Failure>((user, created))
    };
    let created = created.await;
    // The session is not needed any more, whether or not creating the token succeeded.
    if let Err(failure) = remote.sign_out(&session).await {
        eprintln!("{} (the session ends by itself)", failure.message);
    }
    let (user_id, created) = created?;
    Ok(StoredCredentials { url, user_id, token: created.token, token_id: Some(created.api_token.id.as_uuid()) })
}

/// Revokes a token that is not stored any more.
async fn revoke(credentials: &StoredCredentials) {
    let Some(id) = credentials.token_id else { return };
    let revoked = match Remote::at(&credentials.url) {
        Ok(remote) => {
            remote.revoke_api_token(&credentials.user_id, &credentials.token, id).await.map_err(Failure::from)
        }
        Err(failure) => Err(failure),
    };
    if let Err(failure) = revoked {
        eprintln!("{} (a token that is not stored any more could not be revoked)", failure.message);
    }
}

/// The name of the new token, by which its user recognises it.
fn token_name() -> String {
    let system = rustix::system::uname();
    let machine = printable(&system.nodename().to_string_lossy());
    format!("taskwire on {machine}").chars().take(100).collect::<String>().trim().to_owned()
}
