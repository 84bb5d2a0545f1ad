use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::Extensions;
use tenancy_core::TenantScope;
use tenancy_core::client_address::ClientAddress;
use tenancy_core::layer::OnPlatform;

use super::concern::Concern;

/// Where the layers say what they see, in the extensions of a diagnosis' requests only.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(Arc<Mutex<Vec<Note>>>);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    Block,
    Cors,
    /// Whether it makes tokens.
    Csrf {
        tokens: bool,
    },
    /// Whether the operator said that every client comes over TLS.
    Headers {
        https: bool,
    },
    LoadShed,
    RateLimit,
    /// Whether it looks at this request.
    Threat {
        looks: bool,
    },
}

/// What one layer saw of a request.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) part: Part,
    /// Whether a tenant layer had let the request in.
    pub(super) in_tenant: bool,
    pub(super) client: Option<IpAddr>,
    pub(super) concern: Option<Concern>,
}

/// Says what a layer sees, where somebody asks; otherwise it costs one look into the extensions.
#[inline]
pub(crate) fn note(extensions: &Extensions, part: Part, concern: impl FnOnce() -> Option<Concern>) {
    if let Some(trail) = extensions.get::<Trail>() {
        trail.add(Note {
            part,
            in_tenant: extensions.get::<TenantScope>().is_some()
                || extensions.get::<OnPlatform>().is_some(),
            client: extensions.get().map(|ClientAddress(address)| *address),
            concern: concern(),
        });
    }
}

impl Trail {
    fn add(&self, note: Note) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(note);
    }

    pub(super) fn notes(&self) -> Vec<Note> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
