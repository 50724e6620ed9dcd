//! Cursors: the key of the last item of a page, as an opaque text that the client sends to get the next
//! page. A cursor is not signed: a forged one can only start the caller's own list somewhere else.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize};

/// The key of the last item of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<T>(pub T);

impl<T: Serialize> Cursor<T> {
    pub fn encode(&self) -> String {
        // Keys are times, numbers and ids, which always serialise.
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self.0).unwrap_or_default())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Cursor<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let key = BASE64_URL_SAFE_NO_PAD.decode(&*text).ok().and_then(|json| serde_json::from_slice(&json).ok());
        key.map(Self).ok_or_else(|| D::Error::custom("must be the next_cursor of an earlier page"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_decodes_to_its_key_and_anything_else_is_rejected() {
        let read = |text: String| serde_json::from_value::<Cursor<(i64, String)>>(text.into());
        let cursor = Cursor((-42, "Zoë \"quotes\" 🦀".to_owned()));
        assert_eq!(read(cursor.encode()).ok(), Some(cursor));
        for text in ["", "%%%", "bm9uc2Vuc2U", &Cursor(7).encode()] {
            assert!(read(text.to_owned()).is_err_and(|error| error.to_string().starts_with("must be ")), "{text}");
        }
    }
}
