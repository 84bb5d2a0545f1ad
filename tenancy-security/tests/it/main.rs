//! The crate's integration tests: its layers as a server meets them, on real parts.
