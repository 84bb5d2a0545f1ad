use std::sync::{Arc, OnceLock};

use http::Extensions;

/// The route of requests that match none, or of which none is known.
pub const UNMATCHED: &str = "unmatched";

/// Where an inner service says which route a request took, in the request's extensions.
///
/// The layer puts it there. Say the route's template and never the path, or what clients make up
/// becomes names of routes.
#[derive(Clone, Debug, Default)]
pub struct RequestRoute(Arc<OnceLock<Arc<str>>>);

impl RequestRoute {
    /// Says the route; the first to say it is right.
    pub fn set(&self, template: impl Into<Arc<str>>) {
        let _ = self.0.set(template.into());
    }
}

/// What is known of a request's route.
#[derive(Debug)]
pub(super) enum Route {
    #[cfg(feature = "axum")]
    Matched(axum::extract::MatchedPath),
    Named(Arc<str>),
    Slot(RequestRoute),
}

impl Route {
    /// What was matched before, or where it will be said.
    pub(super) fn of(extensions: &mut Extensions) -> Self {
        #[cfg(feature = "axum")]
        if let Some(matched) = extensions.get::<axum::extract::MatchedPath>() {
            return Self::Matched(matched.clone());
        }
        Self::Slot(extensions.get_or_insert_default::<RequestRoute>().clone())
    }

    pub(super) fn template(&self) -> &str {
        match self {
            #[cfg(feature = "axum")]
            Self::Matched(matched) => matched.as_str(),
            Self::Named(template) => template,
            Self::Slot(slot) => slot.0.get().map_or(UNMATCHED, |template| template),
        }
    }
}
