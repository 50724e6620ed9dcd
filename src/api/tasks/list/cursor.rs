//! The cursor of a list of tasks. It holds only a place in an order, so a forged one can only start the
//! caller's own list at another place.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::queries::tasks::order::{Key, Order};

/// The longest text that is decoded, in bytes. The cursor of any task is shorter.
const MAX: usize = 2000;

/// The key of the last task of a page. The next page starts after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(flatten)]
    key: Key,
    /// Whether the direction differs from the default of the sort.
    #[serde(rename = "~", default, skip_serializing_if = "std::ops::Not::not")]
    reversed: bool,
}

impl Cursor {
    pub fn after(key: Key, order: Order) -> Self {
        Self { reversed: order.descending != order.by.descends_by_default(), key }
    }

    pub fn encode(&self) -> String {
        // Times, strings, numbers and ids always serialise.
        BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// The key in a cursor, if the cursor comes from a page in this order.
    pub fn decode(text: &str, order: Order) -> Option<Key> {
        let json = BASE64_URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= MAX)?).ok()?;
        let cursor: Self = serde_json::from_slice(&json).ok()?;
        let fits = cursor.key.by() == order.by && cursor == Self::after(cursor.key.clone(), order);
        Some(cursor.key).filter(|key| fits && key.is_valid())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::model::TaskId;
    use crate::queries::tasks::order::SortBy;

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_795_441_234_567_891).expect("a time")
    }

    fn keys() -> Vec<Key> {
        let id = TaskId::new();
        vec![
            Key::Created(at(), id),
            Key::Updated(at(), id),
            Key::Title("Zoë \"quotes\" 🦀".to_owned(), id),
            Key::Due(Some(at()), id),
            Key::Due(None, id),
            Key::Priority(4, id),
            Key::Rank("00000000002a80".to_owned(), id),
            Key::Completed(Some(at()), id),
            Key::Completed(None, id),
            Key::Relevance(0.607_927_1_f32.to_bits(), id),
        ]
    }

    #[test]
    fn a_cursor_decodes_only_for_its_own_order() {
        for key in keys() {
            for descending in [false, true] {
                let order = Order { by: key.by(), descending };
                let text = Cursor::after(key.clone(), order).encode();
                assert_eq!(Cursor::decode(&text, order), Some(key.clone()));
                assert_eq!(Cursor::decode(&text, Order { by: key.by(), descending: !descending }), None);
                for other in keys().iter().filter(|other| other.by() != key.by()) {
                    assert_eq!(Cursor::decode(&text, Order { by: other.by(), descending }), None);
                }
            }
        }
    }

    #[test]
    fn cursors_of_versions_without_a_direction_still_decode() {
        let id = TaskId::new();
        for (json, by, key) in [
            (serde_json::json!({"c": [at(), id]}), SortBy::Created, Key::Created(at(), id)),
            (serde_json::json!({"t": ["a", id]}), SortBy::Title, Key::Title("a".to_owned(), id)),
        ] {
            let order = Order { by, descending: by.descends_by_default() };
            let text = BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
            assert_eq!(Cursor::decode(&text, order), Some(key.clone()));
            assert_eq!(Cursor::after(key, order).encode(), text);
        }
    }

    #[test]
    fn a_forged_cursor_is_rejected() {
        let id = TaskId::new();
        let forged = |json: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        for (text, by) in [
            (String::new(), SortBy::Created),
            ("%%%".to_owned(), SortBy::Created),
            (forged(serde_json::json!({"q": [0x7fc0_0000_u32, id]})), SortBy::Relevance),
            (forged(serde_json::json!({"p": [99_999, id]})), SortBy::Priority),
            (forged(serde_json::json!({"r": ["\0", id]})), SortBy::Rank),
            (forged(serde_json::json!({"d": ["+262000-01-01T00:00:00Z", id]})), SortBy::Due),
        ] {
            assert_eq!(Cursor::decode(&text, Order { by, descending: by.descends_by_default() }), None, "{text}");
        }
    }
}
