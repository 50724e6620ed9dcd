//! Circles in a graph, whether of rooms or of files.

use std::collections::VecDeque;

pub struct Circle {
    /// All nodes that reach each other.
    pub nodes: Vec<usize>,
    /// A shortest way round the circle. It does not repeat its first node at the end.
    pub shortest: Vec<usize>,
}

/// The strongly connected components with more than one node, or with an arrow to itself.
pub fn circles(count: usize, arrows: &[(usize, usize)]) -> Vec<Circle> {
    let mut next = vec![Vec::new(); count];
    for (from, to) in arrows {
        next[*from].push(*to);
    }
    let ways: Vec<Vec<Option<usize>>> = (0..count).map(|start| ways_from(start, &next)).collect();
    let mut seen = vec![false; count];
    let mut found = Vec::new();
    for start in 0..count {
        if seen[start] || ways[start][start].is_none() {
            continue;
        }
        let nodes: Vec<usize> =
            (start..count).filter(|node| ways[start][*node].is_some() && ways[*node][start].is_some()).collect();
        for node in &nodes {
            seen[*node] = true;
        }
        let round = nodes.iter().map(|node| way_round(*node, &ways[*node])).min_by_key(Vec::len);
        found.push(Circle { nodes, shortest: round.unwrap_or_default() });
    }
    found
}

/// A shortest way from `start` to every node that it reaches: for each such node, the node before it.
fn ways_from(start: usize, next: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut before = vec![None; next.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for to in &next[node] {
            if before[*to].is_none() {
                before[*to] = Some(node);
                queue.push_back(*to);
            }
        }
    }
    before
}

fn way_round(start: usize, before: &[Option<usize>]) -> Vec<usize> {
    let mut way = vec![start];
    let mut node = start;
    while let Some(previous) = before[node].filter(|previous| *previous != start) {
        way.insert(1, previous);
        node = previous;
    }
    way
}
