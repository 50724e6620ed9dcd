//! Properties of ranks that hold for any sequence of moves.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// An owner's tasks as the database holds them: ascending ranks, and the last change number.
struct Owner {
    ranks: Vec<Rank>,
    last_seq: i64,
    /// The number of changes that rebalances made.
    steps: usize,
    /// The largest number of these changes for one move.
    most_steps: usize,
    /// The length of the longest rank that was ever written.
    longest: usize,
}

impl Owner {
    fn with(tasks: i64) -> Self {
        let ranks = (1..=tasks).map(|seq| Rank::appended(Seq::new(seq))).collect();
        Self { ranks, last_seq: tasks, steps: 0, most_steps: 0, longest: 14 }
    }

    fn next(&mut self) -> Rank {
        self.last_seq += 1;
        Rank::appended(Seq::new(self.last_seq))
    }

    fn append(&mut self) {
        let rank = self.next();
        self.ranks.push(rank);
        self.check_near(self.ranks.len() - 1);
    }

    /// Moves the task at the index `from` before the task at the index `to`.
    fn move_before(&mut self, from: usize, to: usize) {
        let appended = self.next();
        self.ranks.remove(from);
        let to = if to > from { to - 1 } else { to };
        let rank = match self.ranks.get(to) {
            Some(upper) => {
                let lower = to.checked_sub(1).map(|at| &self.ranks[at]);
                Rank::between(lower, upper).expect("ranks in order")
            }
            None => appended,
        };
        self.ranks.insert(to, rank);
        self.check_near(to);
        if self.ranks[to].is_long() {
            self.rebalance(to);
        }
    }

    fn rebalance(&mut self, crowded: usize) {
        let end = Rank::appended(Seq::new(self.last_seq + 1));
        let mut neighbours = NEIGHBOURS;
        let (from, steps) = loop {
            let (from, to) = (crowded.saturating_sub(neighbours), self.ranks.len().min(crowded + neighbours + 1));
            let lower = from.checked_sub(1).map(|at| &self.ranks[at]);
            let upper = self.ranks.get(to).unwrap_or(&end);
            if let Some(steps) = rebalance(&self.ranks[from..to], crowded - from, lower, upper) {
                break (from, steps);
            }
            assert!(to - from < self.ranks.len(), "all tasks of an owner suffice");
            neighbours *= 4;
        };
        assert!(!steps.is_empty());
        self.most_steps = self.most_steps.max(steps.len());
        for (place, rank) in steps {
            assert!(rank.as_str().len() <= Rank::SHORT);
            assert_eq!(rank.as_str().parse(), Ok(rank.clone()));
            self.ranks[from + place] = rank;
            self.last_seq += 1;
            self.steps += 1;
            self.check_near(from + place);
        }
        assert!(!self.ranks[crowded].is_long());
    }

    /// Checks the order around a rank that was just written, and that the next appended rank is last.
    fn check_near(&mut self, at: usize) {
        let rank = &self.ranks[at];
        assert!(at == 0 || self.ranks[at - 1] < *rank);
        assert!(*self.ranks.get(at + 1).unwrap_or(&Rank::appended(Seq::new(self.last_seq + 1))) > *rank);
        self.longest = self.longest.max(rank.as_str().len());
    }

    fn check(&self) {
        assert!(self.ranks.is_sorted_by(|a, b| a < b));
        assert!(self.longest <= Rank::LONG + 2, "{}", self.longest);
    }
}

fn index() -> impl Strategy<Value = Vec<u8>> {
    // Mostly bytes at the edges of their range.
    let byte = prop_oneof![Just(0_u8), Just(1), Just(127), Just(128), Just(129), Just(254), Just(255), any::<u8>()];
    prop::collection::vec(byte, 0..12).prop_map(|mut bytes| {
        bytes.push(128);
        bytes
    })
}

fn rank_of(bytes: &[u8]) -> Rank {
    Rank(FractionalIndex::from_bytes(bytes.to_vec()).expect("terminated").to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn texts_sort_like_their_indices(one in index(), other in index()) {
        let indices = [&one, &other].map(|bytes| FractionalIndex::from_bytes(bytes.clone()).expect("terminated"));
        let order = rank_of(&one).as_str().as_bytes().cmp(rank_of(&other).as_str().as_bytes());
        prop_assert_eq!(order, indices[0].cmp(&indices[1]));
        prop_assert_eq!(order, rank_of(&one).cmp(&rank_of(&other)));
    }

    #[test]
    fn there_is_always_a_rank_in_between(one in index(), other in index()) {
        let (lower, upper) = (rank_of(&one).min(rank_of(&other)), rank_of(&one).max(rank_of(&other)));
        prop_assume!(lower < upper);
        let middle = Rank::between(Some(&lower), &upper).expect("room");
        prop_assert!(lower < middle && middle < upper, "{} {} {}", lower, middle, upper);
        prop_assert!(middle.0.len() <= lower.0.len().max(upper.0.len()) + 2);
        prop_assert_eq!(middle.0.parse::<Rank>(), Ok(middle));
        prop_assert_eq!(Rank::between(Some(&upper), &lower), None);
        let first = Rank::between(None, &lower).expect("room");
        prop_assert!(first < lower && first.0.len() <= (lower.0.len() + 2).max(22));
    }

    #[test]
    fn spread_ranks_lie_between_their_bounds(one in index(), other in index(), many in 0..200_usize, first in any::<bool>()) {
        let (lower, upper) = (rank_of(&one).min(rank_of(&other)), rank_of(&one).max(rank_of(&other)));
        let lower = (!first).then_some(lower);
        prop_assume!(lower.as_ref() != Some(&upper));
        // Between bounds this short, there is always room for short ranks.
        let ranks = spread(many, lower.as_ref(), &upper).expect("room");
        prop_assert_eq!(ranks.len(), many);
        prop_assert!(ranks.iter().all(|rank| rank.0.len() <= Rank::SHORT));
        let mut all = Vec::from_iter(lower);
        all.extend(ranks);
        all.push(upper);
        prop_assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_moves_keep_the_order(
        tasks in 1..150_i64,
        moves in prop::collection::vec((any::<Index>(), any::<Index>(), 0..10), 0..1500),
    ) {
        let mut owner = Owner::with(tasks);
        for (from, to, append) in moves {
            if append == 0 {
                owner.append();
            }
            let len = owner.ranks.len();
            owner.move_before(from.index(len), to.index(len + 1));
        }
        owner.check();
    }

    #[test]
    fn moves_to_a_few_places_keep_the_order(
        tasks in 3..400_i64,
        places in prop::collection::vec(any::<Index>(), 1..4),
        moves in prop::collection::vec((any::<Index>(), any::<Index>(), 0..2_usize), 0..1500),
    ) {
        let mut owner = Owner::with(tasks);
        for (from, place, after) in moves {
            let len = owner.ranks.len();
            let place = places[place.index(places.len())].index(len);
            owner.move_before(from.index(len), place + after);
        }
        owner.check();
    }
}

/// The next move: the index of the task, and the index before which it goes.
type Adversary = fn(turn: usize, len: usize) -> (usize, usize);

#[test]
fn ranks_stay_short_after_the_worst_moves() {
    let adversaries: [(&str, Adversary); 9] = [
        ("always first", |_, len| (len - 1, 0)),
        ("always last", |_, len| (0, len)),
        ("before the same task", |_, len| (0, len / 2)),
        ("after the same task", |_, len| (len - 1, len / 2)),
        ("closing in from both sides", |turn, len| (if turn % 2 == 0 { 0 } else { len - 1 }, len / 2)),
        ("the middle, by turns", |turn, len| ((turn * 7) % len, len / 2 + turn % 2)),
        ("two tasks that change places", |_, _| (1, 0)),
        ("a third between two, by turns", |turn, _| if turn % 2 == 0 { (2, 1) } else { (0, 2) }),
        ("near one place", |turn, len| ((turn * 31) % len, len / 2 + turn % 5)),
    ];
    for (name, adversary) in adversaries {
        for tasks in [3, 20, 200, 1000] {
            let mut owner = Owner::with(tasks);
            let moves = 5_000;
            for turn in 0..moves {
                let len = owner.ranks.len();
                let (from, to) = adversary(turn, len);
                owner.move_before(from, to.min(len));
            }
            owner.check();
            assert!(owner.steps < 20 * moves, "{name}, {tasks} tasks: {} steps", owner.steps);
        }
    }
}
