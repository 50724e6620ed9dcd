//! The rules of one watcher as a state machine without I/O: it knows the watcher's position,
//! decides which message may come next, and names the promise that another message breaks. A
//! watcher applies it while it listens, and the checker applies it again to the record.

use taskwire::changes::log::ResetReason;
use taskwire::model::{Change, Position};

use super::history::{Promise, Seen, Tasks, Violation};
use super::state::play;

#[derive(Default)]
pub struct Stream {
    /// The position up to which the client knows everything; `None` if it must list.
    pub known: Option<Position>,
    /// The position of the current socket, even if the client ignored some changes.
    wire: Option<Position>,
    /// Whether a reset must come next.
    reset_due: bool,
    pub tasks: Tasks,
    pub dropped: u64,
    pub resumes: u64,
    pub resets: u64,
    pub changes: u64,
}

impl Stream {
    pub fn step(&mut self, seen: &Seen) -> Result<(), Violation> {
        match seen {
            Seen::Listed(list) => {
                self.tasks.clone_from(&list.tasks);
                self.known = Some(list.position);
                Ok(())
            }
            Seen::Opened { after, .. } => {
                self.wire = Some(*after);
                self.reset_due = false;
                Ok(())
            }
            Seen::Hello { position, resumed } => {
                self.reset_due = !resumed;
                self.resumes += u64::from(*resumed);
                let after = self.wire_at();
                // The server gave out this position, so the head cannot be before it.
                if *resumed && position.seq.get() < after {
                    return stale(format!("hello says {} to a client that knows {after}", position.seq));
                }
                Ok(())
            }
            Seen::Change(change) => self.change(change),
            Seen::CaughtUp(position) => {
                let wire = self.wire_at();
                if position.seq.get() == wire {
                    Ok(())
                } else {
                    gap(format!("caught up to {} at {wire}", position.seq))
                }
            }
            Seen::Heartbeat { seq } => {
                let wire = self.wire_at();
                if *seq == wire { Ok(()) } else { gap(format!("a heartbeat of {seq} at {wire}")) }
            }
            Seen::Reset { reason, position, forgotten } => {
                let wire = self.wire_at();
                self.resets += 1;
                self.reset_due = false;
                self.known = None;
                self.wire = Some(*position);
                let explained = *reason == ResetReason::Expired && wire < *forgotten;
                if explained {
                    return Ok(());
                }
                let what = format!("{reason:?} at {wire}, forgotten up to {forgotten}, now {}", position.seq);
                Err(Violation::new(Promise::ResetsHaveReasons, what))
            }
        }
    }

    fn change(&mut self, change: &Change) -> Result<(), Violation> {
        let (position, seq, wire) = (change.position(), change.seq().get(), self.wire_at());
        if self.reset_due {
            return gap(format!("{seq} where a reset was due"));
        }
        if seq <= wire {
            return Err(Violation::new(Promise::InOrder, format!("{seq} after {wire}")));
        }
        if seq > wire + 1 {
            return gap(format!("{seq} after {wire}"));
        }
        self.wire = Some(position);
        // After a reset the client knows nothing until it has listed.
        let Some(known) = self.known else { return Ok(()) };
        if seq <= known.seq.get() {
            self.dropped += 1;
            return Ok(());
        }
        if seq > known.seq.get() + 1 {
            return gap(format!("{seq} to a client that knows {}", known.seq));
        }
        self.known = Some(position);
        self.changes += 1;
        play(change, &mut self.tasks);
        Ok(())
    }

    fn wire_at(&self) -> i64 {
        self.wire.map_or(0, |wire| wire.seq.get())
    }
}

fn gap(what: String) -> Result<(), Violation> {
    Err(Violation::new(Promise::NoGap, what))
}

fn stale(what: String) -> Result<(), Violation> {
    Err(Violation::new(Promise::NeverStale, what))
}
