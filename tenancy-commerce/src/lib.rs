//! A commerce domain over tenant scopes.
