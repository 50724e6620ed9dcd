//! The errors of recurrence rules, and the limit of their length.

/// The largest length of a rule, in characters.
pub const RECURRENCE_MAX: usize = 500;

/// Why a rule is rejected. Each message says what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    #[error("must be at most 500 characters")]
    TooLong,
    #[error("must be one recurrence rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=MO,WE")]
    Malformed,
    #[error(
        "must consist of FREQ, INTERVAL, COUNT or UNTIL, WKST, BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY and \
         BYSETPOS, each at most once"
    )]
    Parts,
    #[error("must have a FREQ of DAILY, WEEKLY, MONTHLY or YEARLY")]
    Frequency,
    #[error("must not have BYHOUR, BYMINUTE or BYSECOND, since the time of day is that of the due")]
    TimeOfDay,
    #[error("must have an INTERVAL from 1 to 65535")]
    Interval,
    #[error("must have a COUNT from 1 to 1000000")]
    Count,
    #[error("must have an UNTIL that is a date such as 20261231 or an instant in UTC such as 20261231T225959Z")]
    Until,
    #[error("must have COUNT or UNTIL, not both")]
    CountAndUntil,
    #[error("must have a WKST of MO, TU, WE, TH, FR, SA or SU")]
    WeekStart,
    #[error("must have numbers from 1 to 12 in BYMONTH")]
    ByMonth,
    #[error("must have numbers from 1 to {1} or from -{1} to -1 in {0}")]
    Numbers(&'static str, i16),
    #[error("must have weekdays such as MO in BYDAY, or numbered ones such as 2MO or -1FR, up to 53")]
    ByDay,
    #[error("must have numbers in BYDAY only with FREQ=MONTHLY, or with FREQ=YEARLY and without BYWEEKNO")]
    NumberedDays,
    #[error("must have {0} only with FREQ=YEARLY")]
    OnlyYearly(&'static str),
    #[error("must not have BYMONTHDAY with FREQ=WEEKLY")]
    MonthDayWeekly,
    #[error("must have another part that begins with BY beside BYSETPOS")]
    OnlySetPos,
    #[error("must have an UNTIL that is not before the due")]
    UntilBeforeDue,
    #[error("must have an occurrence after the due, by the year 9999")]
    Never,
}
