/// Whether a server is asked at all.
///
/// | state | a command | ends when |
/// |---|---|---|
/// | closed | is sent | the connection ends or a command times out: open |
/// | open | fails at once | it is time to try again: half-open |
/// | half-open | fails at once, or before the first connection waits for it | the trial is answered: closed; it is not: open |
///
/// The trial is a `PING` on the connection or a new connection, in a task of its own, so that a
/// server that hangs costs one time-out and then nobody's time.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum BreakerState {
    /// Commands are sent.
    Closed,
    /// The server is being tried.
    HalfOpen,
    /// Commands fail at once.
    Open,
}
