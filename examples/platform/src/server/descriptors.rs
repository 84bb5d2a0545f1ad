//! How many connections there can be, by the files that the system lets the process open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;
use crate::failure::Failure;

/// What the program needs beside connections and the database: its listener, logs, the runtime,
/// and names being looked up.
const SPARE: u64 = 64;

/// With fewer there is no point in serving.
const CONNECTIONS_MIN: u64 = 16;

/// A file, its write-ahead log and the index to that.
const SQLITE_FILES: u64 = 3;

/// SQLite's connections outside the budget: the registry's, and one that migrates.
const SQLITE_MORE: u64 = 5;

/// The most connections the server can hold and still open the database's files. Raises the
/// process's soft limit as far as it must and may.
pub(crate) fn connections(config: &Config) -> Result<usize, Failure> {
    let wanted = config.http.connections_max.get();
    let kept = kept(config);
    let limit = raised(wanted.saturating_add(kept));
    let connections = share(limit, wanted, kept)?;
    if connections < wanted {
        tracing::warn!(
            "only {connections} connections at once, not {wanted}: the process may open {limit} \
             files, of which the database and the program keep {kept}; raise it with `ulimit -n` \
             or LimitNOFILE, or lower TENANCY_HTTP__CONNECTIONS_MAX"
        );
    }
    Ok(usize::try_from(connections).unwrap_or(usize::MAX))
}

/// What connections must leave.
fn kept(config: &Config) -> u64 {
    let budget = config.database.connections.get();
    match config.database_url {
        Some(_) => budget + SPARE,
        None => (budget + SQLITE_MORE) * SQLITE_FILES + SPARE,
    }
}

/// The limit on open files after an attempt to make it `wanted`.
fn raised(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(current) = current else {
        return u64::MAX;
    };
    let raised = wanted.min(maximum.unwrap_or(u64::MAX));
    if raised <= current {
        return current;
    }
    let limit = Rlimit {
        current: Some(raised),
        maximum,
    };
    match setrlimit(Resource::Nofile, limit) {
        Ok(()) => raised,
        Err(error) => {
            tracing::warn!(%error, "the limit on open files could not be raised");
            current
        }
    }
}

fn share(limit: u64, wanted: u64, kept: u64) -> Result<u64, Failure> {
    let left = limit.saturating_sub(kept);
    if left < CONNECTIONS_MIN.min(wanted) {
        return Err(Failure::new(format!(
            "the process may open {limit} files, and the database and the program need {kept}: too \
             few remain for connections; raise it with `ulimit -n` or LimitNOFILE, or lower \
             TENANCY_DATABASE__CONNECTIONS"
        )));
    }
    Ok(left.min(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_get_what_the_database_leaves() {
        let check = |limit, wanted, expected: Option<u64>| {
            let found = share(limit, wanted, 100).ok();
            assert_eq!(found, expected, "{limit} {wanted}");
        };
        check(u64::MAX, 4096, Some(4096));
        check(1024, 4096, Some(924));
        check(1024, 100, Some(100));
        check(116, 4096, Some(16));
        check(115, 4096, None);
        check(104, 4, Some(4));
        check(50, 4, None);
    }
}
