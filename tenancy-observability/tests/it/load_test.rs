//! Load tests against servers whose delays are known.

mod honesty;
#[cfg(target_os = "linux")]
mod memory;
mod mix;
mod oracle;
mod program;
mod tls;
