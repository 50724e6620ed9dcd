//! `taskwire logout`: puts the API token that is kept out of use, and forgets it.

use clap::Args;
use reqwest::StatusCode;

use super::credentials::KeptCredentials;
use super::remote::{Remote, Trouble};
use super::{Failure, in_runtime, print};

#[derive(Args)]
pub struct Logout {
    /// Forget the token even when the server cannot be reached to revoke it
    #[arg(long)]
    force: bool,
}

impl Logout {
    pub fn run(self) -> Result<(), Failure> {
        let Some(kept) = KeptCredentials::read()? else {
            print("Nobody is signed in here.\n")?;
            return Ok(());
        };
        if let Some(id) = kept.token_id {
            let remote = Remote::at(&kept.url)?;
            let revoked = in_runtime(async {
                match remote.revoke_api_token(&kept.user_id, &kept.token, id).await {
                    // It gives no access any more, which is what was wanted.
                    Err(Trouble::Refused(refusal))
                        if [StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND].contains(&refusal.status) =>
                    {
                        Ok(())
                    }
                    done => done.map_err(Failure::from),
                }
            });
            match revoked {
                Err(failure) if self.force => eprintln!("{} (the token is not revoked)", failure.message),
                Err(failure) => {
                    let message = format!("{}; the token is kept, --force forgets it", failure.message);
                    return Err(Failure { message, ..failure });
                }
                Ok(()) => {}
            }
        }
        KeptCredentials::forget()?;
        print("Signed out.\n")?;
        Ok(())
    }
}
