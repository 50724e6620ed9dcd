//! Ways to be wrong, for checking the history checker: a server that was built with the feature
//! `broken` and started with `TASKWIRE_BROKEN` set to one of these names breaks the promise that
//! the name says. Without the feature nothing of this is left in the program.

/// What can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// A task is looked up by its id alone.
    #[cfg(feature = "broken")]
    OwnerCheckLeftOut,
    /// A resume goes on after the number that follows the client's.
    ResumeOffByOne,
    /// `hello` is sent before it is settled from where the socket goes on.
    HelloTooEarly,
    /// A hint moves the head of a ring without a look at the log.
    HintAsTruth,
    /// A change takes its number in a transaction of its own.
    #[cfg(feature = "broken")]
    CounterWithoutLock,
    /// The hub passes changes on as they arrive.
    ArrivalOrder,
    /// A write ends with its request.
    WriteCancelled,
}

/// Whether this is the way in which this server is to be wrong.
#[cfg(not(feature = "broken"))]
pub const fn is(_variant: Variant) -> bool {
    false
}

/// Whether this is the way in which this server is to be wrong.
#[cfg(feature = "broken")]
pub fn is(variant: Variant) -> bool {
    use std::sync::OnceLock;

    static WANTED: OnceLock<Option<String>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| std::env::var("TASKWIRE_BROKEN").ok());
    wanted.as_deref() == Some(variant.name())
}

#[cfg(feature = "broken")]
impl Variant {
    const fn name(self) -> &'static str {
        match self {
            Self::OwnerCheckLeftOut => "owner-check-left-out",
            Self::ResumeOffByOne => "resume-off-by-one",
            Self::HelloTooEarly => "hello-too-early",
            Self::HintAsTruth => "hint-as-truth",
            Self::CounterWithoutLock => "counter-without-lock",
            Self::ArrivalOrder => "arrival-order",
            Self::WriteCancelled => "write-cancelled",
        }
    }
}
