use serde::{Deserialize, Serialize};
use tenancy_core::TenantId;

use super::worst::Worst;
use super::{RepeatedQuery, SlowQuery};

/// What was found in some time.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Findings {
    /// Statements that were slow; what took the most time together comes first.
    pub slow: Vec<SlowQuery>,
    /// Lines that sent many statements for one request; what sent the most comes first.
    pub repeated: Vec<RepeatedQuery>,
    /// Slow calls, and requests with repeated statements, that there was no room to tell of.
    pub forgotten: u64,
}

impl Findings {
    /// The tenants that something was found of, some of them more than once.
    pub fn tenants(&self) -> impl Iterator<Item = TenantId> {
        let slow = self.slow.iter().filter_map(|query| query.tenant_id);
        let repeated = self.repeated.iter().filter_map(|query| query.tenant_id);
        slow.chain(repeated)
    }
}

/// Findings that are still gathered.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) slow: Worst<SlowQuery>,
    pub(super) repeated: Worst<RepeatedQuery>,
    forgotten: u64,
}

impl Gathered {
    pub(super) fn new(room: usize) -> Self {
        Self {
            slow: Worst::new(room),
            repeated: Worst::new(room),
            forgotten: 0,
        }
    }

    /// Adds what another process found, or another hour.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) fn add(&mut self, findings: Findings) {
        for query in findings.slow {
            self.slow.add(query);
        }
        for query in findings.repeated {
            self.repeated.add(query);
        }
        self.forgotten += findings.forgotten;
    }

    pub(super) fn findings(&self) -> Findings {
        Findings {
            slow: self.slow.sorted(),
            repeated: self.repeated.sorted(),
            forgotten: self.forgotten + self.slow.forgotten() + self.repeated.forgotten(),
        }
    }
}
