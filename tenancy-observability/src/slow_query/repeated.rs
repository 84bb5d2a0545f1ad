use serde::{Deserialize, Serialize};
use tenancy_core::TenantId;
use tenancy_core::time::Time;

use super::Caller;
use super::worst::Finding;

/// A line of the program that sent many statements for one request (N+1), as one tenant met it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RepeatedQuery {
    /// Where the statements come from.
    pub caller: Caller,
    /// The operation that sent them, such as a route's template.
    pub operation: Box<str>,
    /// Whose work it was; `None` is the platform's own.
    pub tenant_id: Option<TenantId>,
    /// How many requests did so.
    pub requests: u64,
    /// The most statements of one request.
    pub most: u64,
    /// When it was seen last.
    pub last_at: Time,
}

impl Finding for RepeatedQuery {
    type Key = (Option<TenantId>, Box<str>, Caller);

    fn key(&self) -> Self::Key {
        (self.tenant_id, self.operation.clone(), self.caller.clone())
    }

    fn weight(&self) -> u128 {
        u128::from(self.requests) * u128::from(self.most)
    }

    fn times(&self) -> u64 {
        self.requests
    }

    fn merge(&mut self, again: Self) {
        self.requests += again.requests;
        self.most = self.most.max(again.most);
        self.last_at = self.last_at.max(again.last_at);
    }
}
