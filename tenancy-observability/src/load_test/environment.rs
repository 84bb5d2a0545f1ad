use std::fs;
use std::thread::available_parallelism;

use serde::{Deserialize, Serialize};

/// Where the requests came from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Environment {
    /// The version of this crate.
    pub version: String,
    /// Whether it was compiled without optimisation, which makes the generator slow.
    pub debug_build: bool,
    /// The operating system.
    pub os: String,
    /// Its kernel's version, where it tells.
    pub kernel: Option<String>,
    /// The kind of processor.
    pub architecture: String,
    /// How many processors this process may use.
    pub processors: usize,
}

impl Environment {
    /// That of this process.
    pub fn here() -> Self {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            debug_build: cfg!(debug_assertions),
            os: std::env::consts::OS.to_owned(),
            kernel: kernel.map(|kernel| kernel.trim().to_owned()),
            architecture: std::env::consts::ARCH.to_owned(),
            processors: available_parallelism().map_or(1, usize::from),
        }
    }
}
