//! The fingerprint of a Citus cluster: those of its nodes. A node that cannot be reached for a while keeps the
//! fingerprint that is stored, and a new node is added without a new epoch.

use std::collections::BTreeMap;
use std::fmt::Write;

/// What every fingerprint of a cluster begins with.
const PREFIX: &str = "nodes";

/// The nodes, by the number that Citus gives each and never uses again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Nodes(BTreeMap<i32, String>);

/// What the nodes are to a stored fingerprint.
#[derive(Debug, PartialEq, Eq)]
pub enum Comparison {
    Same,
    /// The same cluster with further nodes.
    MoreNodes(String),
    /// Another database: at least one node is not what it was.
    Another(String),
}

impl FromIterator<(i32, String)> for Nodes {
    fn from_iter<I: IntoIterator<Item = (i32, String)>>(nodes: I) -> Self {
        Self(nodes.into_iter().collect())
    }
}

impl Nodes {
    /// Compares the nodes that could be reached with the stored fingerprint.
    pub fn compare(self, stored: Option<&str>) -> Comparison {
        let Some(known) = stored.and_then(Self::parse) else { return Comparison::Another(self.text()) };
        let changed = self.0.iter().any(|(id, node)| known.0.get(id).is_some_and(|known| known != node));
        let more = self.0.keys().any(|id| !known.0.contains_key(id));
        let mut all = known;
        all.0.extend(self.0);
        match (changed, more) {
            (true, _) => Comparison::Another(all.text()),
            (false, true) => Comparison::MoreNodes(all.text()),
            (false, false) => Comparison::Same,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        words.next().filter(|word| *word == PREFIX)?;
        words
            .map(|word| word.split_once('=').and_then(|(id, node)| Some((id.parse().ok()?, node.to_owned()))))
            .collect()
    }

    fn text(&self) -> String {
        self.0.iter().fold(PREFIX.to_owned(), |mut text, (id, node)| {
            // Writing to a string cannot fail.
            let _ = write!(text, " {id}={node}");
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(nodes: &[(i32, &str)]) -> Nodes {
        nodes.iter().map(|(id, node)| (*id, (*node).to_owned())).collect()
    }

    #[test]
    fn a_cluster_is_the_same_while_no_node_that_answers_has_changed() {
        let stored = "nodes 1=a/1/5 2=b/1/5";
        let same = |seen: &[(i32, &str)]| nodes(seen).compare(Some(stored)) == Comparison::Same;
        assert!(same(&[(2, "b/1/5"), (1, "a/1/5")]), "the order does not matter");
        assert!(same(&[(1, "a/1/5")]), "a node that is down has not changed");
        assert!(same(&[]));
        assert!(!same(&[(1, "a/1/5"), (2, "b/2/5")]));
    }

    #[test]
    fn a_restored_node_makes_another_database_of_it() {
        let another = nodes(&[(2, "c/1/5")]).compare(Some("nodes 1=a/1/5 2=b/1/5"));
        assert_eq!(another, Comparison::Another("nodes 1=a/1/5 2=c/1/5".to_owned()));
        let restored_and_more = nodes(&[(2, "c/1/5"), (3, "d/1/5")]).compare(Some("nodes 2=b/1/5"));
        assert_eq!(restored_and_more, Comparison::Another("nodes 2=c/1/5 3=d/1/5".to_owned()));
    }

    #[test]
    fn a_new_node_is_added() {
        let more = nodes(&[(1, "a/1/5"), (10, "c/1/5")]).compare(Some("nodes 1=a/1/5 2=b/1/5"));
        assert_eq!(more, Comparison::MoreNodes("nodes 1=a/1/5 2=b/1/5 10=c/1/5".to_owned()));
    }

    #[test]
    fn a_database_that_was_no_cluster_is_another() {
        for stored in [None, Some("7123/00000001/5"), Some("of the original"), Some("nodes x")] {
            assert_eq!(nodes(&[(1, "a")]).compare(stored), Comparison::Another("nodes 1=a".to_owned()));
        }
    }
}
