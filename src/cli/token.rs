//! `taskwire token`: signs a token with the configured secret and prints it.

use std::time::Duration;

use clap::Args;

use super::{Failure, NO_SECRET, print};
use crate::config::{self, TokenSettings};
use crate::identity::tokens::Tokens;

#[derive(Args)]
pub struct Token {
    /// The user id to put into the token: 1 to 255 characters
    #[arg(long, value_name = "NAME")]
    user: String,

    /// How long the token is valid, such as 15m, 12h or 7d; at most 3650d
    #[arg(long, default_value = "7d", value_parser = lifetime, value_name = "DURATION")]
    expires: Duration,

    #[command(flatten)]
    settings: TokenSettings,
}

/// A longer lifetime is probably a typing error.
const LIFETIME_MAX: Duration = Duration::from_hours(3650 * 24);

fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = config::duration(text).map_err(|error| error.to_string())?;
    if lifetime < Duration::from_secs(1) || lifetime > LIFETIME_MAX {
        return Err("allowed: 1s to 3650d".to_owned());
    }
    Ok(lifetime)
}

impl Token {
    pub fn run(self) -> Result<(), Failure> {
        let longest = self.settings.longest_life()?;
        if self.expires > longest {
            let detail =
                "a token that lives longer than TOKEN_MAX_LIFE would end early; for scripts, make an API token";
            return Err(Failure::new(detail));
        }
        let jwt = self.settings.resolve()?;
        let tokens = Tokens::from_config(&jwt).ok_or_else(|| Failure::new(NO_SECRET))?;
        let token = tokens.mint(&self.user, self.expires).map_err(Failure::new)?;
        print(&format!("{token}\n"))?;
        Ok(())
    }
}
