use std::time::Duration;

/// A part of the server, and how it is looked at.
///
/// ```
/// use std::time::Duration;
/// use tenancy_observability::health::Part;
///
/// const POST: Part = Part::optional("post").kind("system").every(Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Part {
    pub(super) name: &'static str,
    pub(super) measures: &'static str,
    pub(super) kind: &'static str,
    pub(super) is_critical: bool,
    pub(super) time_out: Duration,
    pub(super) every: Duration,
    pub(super) fail_after: u32,
    pub(super) recover_after: u32,
}

impl Part {
    /// One without which the server cannot do its work.
    ///
    /// # Panics
    /// When the name has a colon, which separates it from what is measured.
    pub const fn critical(name: &'static str) -> Self {
        Self::new(name, true)
    }

    /// One whose failure is told of, and takes no server out of service.
    ///
    /// # Panics
    /// As [`critical`](Self::critical).
    pub const fn optional(name: &'static str) -> Self {
        Self::new(name, false)
    }

    const fn new(name: &'static str, is_critical: bool) -> Self {
        refuse_colons(name);
        Self {
            name,
            measures: "responseTime",
            kind: "component",
            is_critical,
            time_out: Duration::from_secs(1),
            every: Duration::from_secs(5),
            fail_after: 2,
            recover_after: 2,
        }
    }

    /// What the observed value is. Default: `responseTime`.
    ///
    /// # Panics
    /// When it has a colon.
    pub const fn measures(mut self, measures: &'static str) -> Self {
        refuse_colons(measures);
        self.measures = measures;
        self
    }

    /// What it is: `component`, `datastore` or `system`. Default: `component`.
    pub const fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// How long one look may take; then it has failed. Default: one second.
    pub const fn time_out(mut self, time_out: Duration) -> Self {
        self.time_out = time_out;
        self
    }

    /// How long a result is used before the next look, and how often
    /// [`keep_fresh`](super::Health::keep_fresh) looks. Default: five seconds.
    pub const fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// How many looks in a row must fail before a part that worked counts as failing. Default: two.
    pub const fn fail_after(mut self, looks: u32) -> Self {
        self.fail_after = looks;
        self
    }

    /// How many looks in a row must succeed before a part that failed counts as working. Default: two.
    pub const fn recover_after(mut self, looks: u32) -> Self {
        self.recover_after = looks;
        self
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the server cannot do its work without it.
    pub const fn is_critical(&self) -> bool {
        self.is_critical
    }

    /// How old a result may be before nobody can tell.
    pub(super) fn stale_after(&self) -> Duration {
        3 * self.every + self.time_out
    }
}

const fn refuse_colons(name: &str) {
    let bytes = name.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        assert!(bytes[at] != b':', "a part's name has no colon");
        at += 1;
    }
}
