//! Behaviour of tenancy-core through its public interface, on real databases.
#![allow(missing_docs, reason = "tests")]

mod contamination;
mod idempotency;
mod installation;
mod journal;
mod transactions;
