//! platform

fn main() {}
