//! platform

#[cfg_attr(not(test), expect(dead_code, reason = "wired by the router"))]
mod demo;
#[cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "wired by the router")
)]
mod pages;
#[cfg_attr(not(test), expect(dead_code, reason = "wired by the router"))]
mod pictures;

fn main() {}
