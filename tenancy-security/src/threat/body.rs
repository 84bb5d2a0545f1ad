use std::ops::ControlFlow;
use std::pin::Pin;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt as _;

use super::content::{Content, has_foreign_mark, is_text};
use super::finding::Place;
use super::inspection::Inspection;
use super::refusal::Refusal;
use super::{form, json, multipart};
use crate::peeked_body::PeekedBody;

/// A body, as far as it was read.
pub(super) struct Beginning<B: Body> {
    pub(super) bytes: Bytes,
    pub(super) end: End,
    next: Option<Result<HeaderMap, B::Error>>,
    rest: Pin<Box<B>>,
}

/// Where the reading of a body ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum End {
    /// The client, or the connection, broke off.
    Broken,
    OverCap,
    Whole,
}

impl<B: Body<Data = Bytes>> Beginning<B> {
    /// Reads until there are more bytes than these.
    pub(super) async fn read(body: B, bytes_max: usize) -> Self {
        let mut rest = Box::pin(body);
        let mut read = Joined::default();
        let mut next = None;
        let end = loop {
            if read.len() > bytes_max {
                break End::OverCap;
            }
            let Some(frame) = rest.frame().await else {
                break End::Whole;
            };
            match frame.map(http_body::Frame::into_data) {
                Ok(Ok(data)) => read.push(data),
                Ok(Err(frame)) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        next = Some(Ok(trailers));
                        break End::Whole;
                    }
                }
                Err(error) => {
                    next = Some(Err(error));
                    break End::Broken;
                }
            }
        };
        Self {
            bytes: read.into(),
            end,
            next,
            rest,
        }
    }

    /// The body again, from its first byte.
    pub(super) fn into_body(self) -> PeekedBody<B> {
        PeekedBody::peeked(self.bytes, self.next, self.rest)
    }
}

/// Looks at a body, or what is there of it; says why not where it cannot be read.
pub(super) async fn inspect(
    inspection: &mut Inspection<'_>,
    content: &Content,
    body: &Bytes,
    is_cut: bool,
) -> Result<(), Refusal> {
    let is_judged = match content {
        Content::Binary => json::looks_like(body) || is_text(body),
        Content::Form | Content::Json | Content::Multipart(_) | Content::Text => true,
    };
    if !is_judged {
        return Ok(());
    }
    if has_foreign_mark(body) {
        return Err(Refusal::UnknownText);
    }
    // Whether anything was found is the tally's to say.
    let _ = match content {
        Content::Form => {
            let (fields, is_all) = form::bounded(body);
            let looked = as_text(inspection, Place::Form, fields);
            if !is_all && looked.is_continue() {
                return Err(Refusal::BodyTooLarge);
            }
            looked
        }
        Content::Json => json::inspect(inspection, body, is_cut),
        Content::Multipart(boundary) => {
            return multipart::inspect(inspection, boundary, body, is_cut).await;
        }
        Content::Binary if !is_text(body) => json::strings(inspection, body),
        Content::Binary | Content::Text => as_text(inspection, Place::Body, body),
    };
    Ok(())
}

/// Handlers do not always look at the type, so a text is read as what it may be, too.
fn as_text(inspection: &mut Inspection<'_>, place: Place, text: &[u8]) -> ControlFlow<()> {
    let before = inspection.score();
    if json::looks_like(text) {
        json::strings(inspection, text)?;
    }
    if inspection.score() == before && (place == Place::Form || is_like_form(text)) {
        form::inspect(inspection, Place::Form, form::bounded(text).0)?;
    }
    if inspection.score() == before && place == Place::Body {
        inspection.unnamed(place, text)?;
    }
    ControlFlow::Continue(())
}

/// Whether a text has the shape of a form's fields.
fn is_like_form(text: &[u8]) -> bool {
    text.contains(&b'=') && !text.iter().any(u8::is_ascii_whitespace)
}

/// Pieces in a row; one alone is not copied.
#[derive(Default)]
enum Joined {
    #[default]
    Empty,
    Many(Vec<u8>),
    One(Bytes),
}

impl Joined {
    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Many(bytes) => bytes.len(),
            Self::One(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, data: Bytes) {
        match self {
            Self::Empty => *self = Self::One(data),
            Self::Many(bytes) => bytes.extend_from_slice(&data),
            Self::One(first) if first.is_empty() => *first = data,
            Self::One(first) => *self = Self::Many([&first[..], &data[..]].concat()),
        }
    }
}

impl From<Joined> for Bytes {
    fn from(joined: Joined) -> Self {
        match joined {
            Joined::Empty => Self::new(),
            Joined::Many(bytes) => bytes.into(),
            Joined::One(bytes) => bytes,
        }
    }
}
