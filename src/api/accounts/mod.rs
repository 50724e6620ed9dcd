//! The operations under `/api/auth`.

mod account;
mod cookies;
mod origins;
mod requests;
mod responses;
mod sample_tasks;
mod session;
mod sign;
mod signed_in;

pub use account::{change_password, delete_account};
pub use session::{
    get_access_token, get_jwks, get_session, list_sessions, revoke_other_sessions, revoke_session, revoke_sessions,
};
pub use sign::{get_sign_in_methods, sign_in_demo, sign_in_email, sign_out, sign_up_email};
