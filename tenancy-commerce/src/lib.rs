//! A commerce domain over tenant scopes.

pub mod catalog;
pub mod import;
pub mod money;
