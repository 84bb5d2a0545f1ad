//! Tenants, and the requests that belong to them.
