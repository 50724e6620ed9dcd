//! `taskwire whoami`: prints who is signed in, and where, after the server has accepted the stored token.

use chrono::Datelike as _;
use clap::Args;

use super::credentials::StoredCredentials;
use super::remote::Remote;
use super::{Failure, in_runtime, print, printable};
use crate::api::user::TokenKind;
use crate::model::Scope;

#[derive(Args)]
pub struct Whoami {}

impl Whoami {
    pub fn run(self) -> Result<(), Failure> {
        let credentials = StoredCredentials::required()?;
        let remote = Remote::at(&credentials.url)?;
        let identity = in_runtime(async { remote.identity(&credentials.token).await.map_err(Failure::from) })?;
        let kind = match identity.kind {
            TokenKind::ApiToken => "an API token",
            TokenKind::Jwt | TokenKind::Session => "a token",
        };
        let scope = match identity.scope {
            Scope::Read => "may read",
            Scope::ReadWrite => "may read and write",
        };
        let end = if identity.expires_at.year() == 9999 {
            "has no end".to_owned()
        } else {
            format!("ends {}", identity.expires_at.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M"))
        };
        let (user, url) = (printable(&identity.user_id), &credentials.url);
        print(&format!("{user} at {url}, with {kind} that {scope} and {end}\n"))?;
        Ok(())
    }
}
