//! `taskwire logout`: revokes the stored API token and deletes it from this machine.

use clap::Args;
use reqwest::StatusCode;

use super::credentials::StoredCredentials;
use super::remote::{Remote, RequestError};
use super::{Failure, in_runtime, print};

#[derive(Args)]
pub struct Logout {
    /// Delete the token even if the server cannot be reached to revoke it
    #[arg(long)]
    force: bool,
}

impl Logout {
    pub fn run(self) -> Result<(), Failure> {
        let Some(credentials) = StoredCredentials::read()? else {
            print("Nobody is signed in here.\n")?;
            return Ok(());
        };
        if let Some(id) = credentials.token_id {
            let remote = Remote::at(&credentials.url)?;
            let revoked = in_runtime(async {
                match remote.revoke_api_token(&credentials.user_id, &credentials.token, id).await {
                    // The token is invalid already.
                    Err(RequestError::Rejected(rejection))
                        if [StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND].contains(&rejection.status) =>
                    {
                        Ok(())
                    }
                    result => result.map_err(Failure::from),
                }
            });
            match revoked {
                Err(failure) if self.force => eprintln!("{} (the token is not revoked)", failure.message),
                Err(failure) => {
                    let message = format!("{}; the token is still stored, --force deletes it", failure.message);
                    return Err(Failure { message, ..failure });
                }
                Ok(()) => {}
            }
        }
        StoredCredentials::delete()?;
        print("Signed out.\n")?;
        Ok(())
    }
}
