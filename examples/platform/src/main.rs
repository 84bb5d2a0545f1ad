//! The reference server: so far its pages, pictures and demonstration catalogues.

#[cfg_attr(not(test), expect(dead_code, reason = "wired by the router"))]
mod demo;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "wired by the router")
)]
mod pages;
#[cfg_attr(not(test), expect(dead_code, reason = "wired by the router"))]
mod pictures;

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("platform: there is no server yet, only its pages; see the changelog");
    ExitCode::FAILURE
}
