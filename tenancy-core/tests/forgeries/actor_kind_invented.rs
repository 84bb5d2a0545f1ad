//! An actor has one of the known kinds.
use tenancy_core::Actor;

fn main() {
    let _ = Actor { kind: "operator", id: None, name: "x".into(), on_behalf_of: None };
}
