//! What stands before a request's body: its path, its query, its headers and cookies.

use std::borrow::Cow;
use std::ops::ControlFlow;

use http::header::{self, HeaderName};
use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::finding::Place;
use super::form;
use super::inspection::Inspection;
use super::known::repeats;

pub(super) fn inspect(inspection: &mut Inspection<'_>, request: &Parts) -> ControlFlow<()> {
    path(inspection, request.uri.path())?;
    if let Some(query) = request.uri.query() {
        form::inspect(inspection, Place::Query, query.as_bytes())?;
    }
    for (name, value) in &request.headers {
        if *name == header::COOKIE {
            cookies(inspection, value.as_bytes())?;
        } else if repeats(name) {
            inspection.repeated(name.as_str().as_bytes(), value.as_bytes())?;
        } else if may_carry(name) {
            inspection.named(Place::Header, name.as_str().as_bytes(), value.as_bytes())?;
        }
    }
    ControlFlow::Continue(())
}

/// The whole path, and each segment as a handler may take it for a parameter.
fn path(inspection: &mut Inspection<'_>, path: &str) -> ControlFlow<()> {
    let before = inspection.score();
    inspection.unnamed(Place::Path, path.as_bytes())?;
    if inspection.score() > before {
        return ControlFlow::Continue(());
    }
    for segment in path.split('/') {
        if let Cow::Owned(segment) = Cow::<[u8]>::from(percent_decode_str(segment)) {
            inspection.unnamed(Place::Path, &segment)?;
        }
    }
    ControlFlow::Continue(())
}

fn cookies(inspection: &mut Inspection<'_>, line: &[u8]) -> ControlFlow<()> {
    for pair in line.split(|byte| *byte == b';') {
        let pair = pair.trim_ascii();
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        inspection.unnamed(Place::Cookie, name)?;
        inspection.named(Place::Cookie, name, value)?;
    }
    ControlFlow::Continue(())
}

/// All but the headers that a server reads by a grammar of theirs or compares with a secret.
fn may_carry(name: &HeaderName) -> bool {
    !matches!(
        *name,
        header::AUTHORIZATION
            | header::CONNECTION
            | header::CONTENT_LENGTH
            | header::DATE
            | header::EXPECT
            | header::IF_MATCH
            | header::IF_MODIFIED_SINCE
            | header::IF_NONE_MATCH
            | header::IF_UNMODIFIED_SINCE
            | header::PROXY_AUTHORIZATION
            | header::SEC_WEBSOCKET_KEY
            | header::TE
            | header::TRANSFER_ENCODING
            | header::UPGRADE
    )
}
