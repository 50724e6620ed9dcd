//! What a notification contains. Servers of two releases read each other's.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{OwnerId, Seq};

/// Postgres' name for the notifications, not a channel of the hub.
pub(super) const CHANNEL: &str = "taskwire_changes";
/// In bytes. Postgres accepts payloads of less than 8000; one hint has at most about 2,100.
const PAYLOAD_MAX: usize = 7500;

#[derive(Serialize, Deserialize)]
struct Payload {
    /// The server that sends it.
    server: Uuid,
    heads: Vec<(String, Seq)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revocations: Option<i64>,
}

/// What another server reports. Without anything in it, it says only that the server listens.
#[derive(Debug)]
pub struct Hint {
    /// Owners, each with the newest number in their log.
    pub heads: Vec<(String, Seq)>,
    /// The newest revocation.
    pub revocations: Option<i64>,
}

/// Reads a notification; `None` if it is the server's own, or unreadable.
pub(super) fn read(text: &str, own: Uuid) -> Option<Hint> {
    let Payload { server, heads, revocations } = serde_json::from_str(text).ok()?;
    (server != own).then_some(Hint { heads, revocations })
}

/// Says that this server listens.
pub(super) fn announcement(server: Uuid) -> String {
    Payload { server, heads: Vec::new(), revocations: None }.to_text()
}

impl Payload {
    fn to_text(&self) -> String {
        // Strings and numbers always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Packs hints into as few payloads as the bus allows.
pub(super) fn payloads(server: Uuid, heads: HashMap<OwnerId, Seq>, revocations: Option<i64>) -> Vec<String> {
    let mut batches = vec![Vec::new()];
    let mut size = 0;
    for (owner, seq) in heads {
        // An id has no control characters, so escaping makes it at most twice as long. The number and
        // punctuation take 24 bytes.
        let length = owner.as_str().len() * 2 + 24;
        if size + length > PAYLOAD_MAX && size > 0 {
            batches.push(Vec::new());
            size = 0;
        }
        size += length;
        if let Some(batch) = batches.last_mut() {
            batch.push((owner.as_str().to_owned(), seq));
        }
    }
    // A revocation is in the first payload, and is sent even without heads.
    let revocations = std::iter::once(revocations).chain(std::iter::repeat(None));
    batches
        .into_iter()
        .zip(revocations)
        .filter(|(heads, revocations)| !heads.is_empty() || revocations.is_some())
        .map(|(heads, revocations)| Payload { server, heads, revocations }.to_text())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_longest_hints_fit_and_none_is_lost() {
        // The longest allowed ids: when escaped, in bytes, and in characters.
        let heads: HashMap<OwnerId, Seq> = ["\"", "\u{1f95b}", "a"]
            .into_iter()
            .flat_map(|letter| (200..=255).map(move |length| letter.repeat(length)))
            .map(|id| (OwnerId::for_tests(&id), Seq::new(i64::MAX)))
            .collect();
        let payloads = payloads(Uuid::new_v4(), heads.clone(), Some(i64::MAX));
        assert!(payloads.iter().all(|payload| payload.len() < 8000));
        let received: BTreeMap<String, Seq> =
            payloads.iter().flat_map(|payload| read(payload, Uuid::nil()).expect("a payload").heads).collect();
        assert_eq!(received, heads.iter().map(|(owner, seq)| (owner.as_str().to_owned(), *seq)).collect());
    }

    #[test]
    fn no_hints_make_no_payload() {
        assert!(payloads(Uuid::new_v4(), HashMap::new(), None).is_empty());
    }

    #[test]
    fn a_revocation_is_sent_without_heads_in_a_form_that_older_servers_read() {
        let payloads = payloads(Uuid::new_v4(), HashMap::new(), Some(7));
        assert_eq!(payloads.len(), 1);
        let payload: Payload = serde_json::from_str(&payloads[0]).expect("a payload");
        assert_eq!((payload.heads.len(), payload.revocations), (0, Some(7)));
    }

    #[test]
    fn an_announcement_is_a_hint_of_nothing_in_a_form_that_older_servers_read() {
        let server = Uuid::new_v4();
        let text = announcement(server);
        assert_eq!(text, format!(r#"{{"server":"{server}","heads":[]}}"#));
        assert!(read(&text, server).is_none());
        assert!(read(&text, Uuid::nil()).is_some_and(|hint| hint.heads.is_empty() && hint.revocations.is_none()));
    }
}
