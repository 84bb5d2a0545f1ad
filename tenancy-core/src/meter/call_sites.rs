use std::panic::Location;
use std::sync::{Mutex, PoisonError};

/// How many places are told apart; work that sends statements from more is not what this looks for.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
const SITES_MAX: usize = 64;

/// A place in the program that sent statements, and how many.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CallSite {
    /// Where `on_tx!` stands.
    pub location: &'static Location<'static>,
    /// How many statements it sent.
    pub calls: u64,
}

/// The places that one piece of work sent its statements from.
#[derive(Debug, Default)]
pub(super) struct CallSites(Mutex<Vec<CallSite>>);

impl CallSites {
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) fn count(&self, location: &'static Location<'static>) {
        let mut sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = sites
            .iter_mut()
            .find(|site| is_same(site.location, location));
        if let Some(site) = known {
            site.calls += 1;
        } else if sites.len() < SITES_MAX {
            sites.push(CallSite { location, calls: 1 });
        }
    }

    pub(super) fn at_least(&self, calls: u64) -> Vec<CallSite> {
        let sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let repeated = sites.iter().filter(|site| site.calls >= calls);
        repeated.copied().collect()
    }
}

/// The compiler may keep one place at several addresses, so that only different lines differ for sure.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
fn is_same(one: &'static Location<'static>, other: &'static Location<'static>) -> bool {
    std::ptr::eq(one, other) || one == other
}
