//! The bodies and queries of the operations under `/api/auth`, as Better Auth spells them. Fields of Better
//! Auth that this server does not use are accepted and ignored.

use crate::model::fields::{storable, trimmed};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

/// The longest e-mail and name, in characters.
pub const EMAIL_MAX: usize = 254;
pub const NAME_MAX: u64 = 100;
/// The longest text in a field that is ignored, in characters.
const UNUSED_MAX: u64 = 2000;

/// The account to create.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignUpEmail {
    /// The name of the user: 1 to 100 characters after trimming.
    #[serde(deserialize_with = "trimmed")]
    #[validate(
        length(min = 1, max = "NAME_MAX", message = "must be 1 to 100 characters after trimming"),
        custom(function = "storable")
    )]
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    pub name: String,
    /// The e-mail address, up to 254 characters. Case does not matter.
    #[validate(custom(function = "email"))]
    #[schema(format = Email, min_length = 3, max_length = 254, pattern = r"^[A-Za-z0-9_'+.\-]+@([A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z0-9\-]{2,}$", example = "ada@example.com")]
    pub email: String,
    /// The password: 8 to 128 characters, which are not trimmed. It must not be one of the 10,000 most
    /// common passwords, the e-mail or the name.
    #[schema(format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    pub password: String,
    /// Whether the session continues after the browser closes. If not, it also ends after 24 hours
    /// without use.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub remember_me: bool,
    /// Ignored.
    #[serde(default)]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub image: Option<String>,
    /// Ignored: the server does not redirect.
    #[serde(default, rename = "callbackURL")]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub callback_url: Option<String>,
}

/// The credentials to sign in with.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SignInEmail {
    /// The e-mail address, up to 254 characters. Case does not matter.
    #[validate(custom(function = "email"))]
    #[schema(format = Email, min_length = 3, max_length = 254, example = "ada@example.com")]
    pub email: String,
    /// The password, at most 128 characters.
    #[validate(length(max = 128, message = "must be at most 128 characters"))]
    #[schema(format = Password, max_length = 128, example = "correct horse battery")]
    pub password: String,
    /// Whether the session continues after the browser closes. If not, it also ends after 24 hours
    /// without use.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub remember_me: bool,
    /// Ignored: the server does not redirect.
    #[serde(default, rename = "callbackURL")]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub callback_url: Option<String>,
}

/// An empty object.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The fields that Better Auth sends with a sign-out. The server ignores all of them.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "accepted because Better Auth accepts it")]
pub struct SignOut {
    #[serde(default, rename = "callbackURL")]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    callback_url: Option<String>,
    #[serde(default)]
    disable_redirect: Option<bool>,
    #[serde(default)]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    state: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "accepted because Better Auth accepts it")]
pub struct SessionQuery {
    /// Ignored: there is no such cache.
    #[param(required = false)]
    disable_cookie_cache: Option<bool>,
    /// Ignored.
    #[param(required = false)]
    disable_refresh: Option<bool>,
}

/// The session to end.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeSession {
    /// The `token` of the session in the response of `list-sessions`.
    #[validate(length(max = 100, message = "must be the token of one of your sessions"))]
    #[schema(max_length = 100, example = "019ab0c4-2f6e-7d11-8a53-6f1d2b3c4d5e")]
    pub token: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChangePassword {
    /// The current password, at most 128 characters.
    #[validate(length(max = 128, message = "must be at most 128 characters"))]
    #[schema(format = Password, max_length = 128, example = "correct horse battery")]
    pub current_password: String,
    /// The new password: 8 to 128 characters. It must not be one of the 10,000 most common passwords,
    /// the e-mail or the name.
    #[schema(format = Password, min_length = 8, max_length = 128, example = "staple battery horse")]
    pub new_password: String,
    /// Whether to end all other sessions and revoke all API tokens. Unlike in Better Auth, the default
    /// is true.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub revoke_other_sessions: bool,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteUser {
    /// The password. It is optional within 15 minutes of the sign-in.
    #[serde(default)]
    #[validate(length(max = 128, message = "must be at most 128 characters"))]
    #[schema(format = Password, max_length = 128, example = "correct horse battery")]
    pub password: Option<String>,
    /// Ignored: the server does not redirect.
    #[serde(default, rename = "callbackURL")]
    #[validate(length(max = "UNUSED_MAX", message = "must be at most 2000 characters"))]
    #[schema(max_length = 2000)]
    pub callback_url: Option<String>,
}

const fn yes() -> bool {
    true
}

/// Checks that the address has the form that the contract describes, which is narrower than RFC 5321. The
/// server does not check whether the address receives mail.
fn email(email: &str) -> Result<(), ValidationError> {
    let domain_part = |part: &str| {
        !part.is_empty() && !part.starts_with('-') && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let good = (3..=EMAIL_MAX).contains(&email.len())
        && email.split_once('@').is_some_and(|(local, domain)| {
            let (parents, top) = domain.rsplit_once('.').unwrap_or_default();
            !local.is_empty()
                && local.chars().all(|c| c.is_ascii_alphanumeric() || "_'+.-".contains(c))
                && parents.split('.').all(domain_part)
                && top.len() >= 2
                && top.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        });
    if good {
        return Ok(());
    }
    Err(ValidationError::new("invalid_value").with_message("must be an e-mail address such as ada@example.com".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses_are_recognised() {
        for good in ["a@b.co", "Ada.Lovelace+tasks@mail.example.com", "o'neil@example.co.uk", "demo@taskwire.localhost"]
        {
            assert!(email(good).is_ok(), "{good}");
        }
        let long = format!("{}@example.com", "a".repeat(243));
        for bad in [
            "",
            "a",
            "@example.com",
            "a@b",
            "a@b.c",
            "a@@b.co",
            "a@b@c.co",
            "a b@example.com",
            "a@-b.co",
            "a@.co",
            "a@b..co",
            "ä@example.com",
            "a@exämple.com",
            "a@example.com\n",
            long.as_str(),
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
