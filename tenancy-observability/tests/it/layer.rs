//! The performance layer, around services that end in every way there is.

mod client;
mod endings;
mod headers;
mod own_cost;
mod repeated;
mod servers;
mod slow;
mod spans;
mod tenants;
mod traces;
mod witness;
