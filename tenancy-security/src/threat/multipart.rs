//! The parts of a multipart form, as axum reads them. multer is named here alone.

use std::convert::Infallible;
use std::ops::ControlFlow;

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_DISPOSITION;
use multer::{Field, Multipart};

use super::content::{Content, is_text};
use super::finding::Place;
use super::inspection::Inspection;
use super::json;
use super::refusal::Refusal;

/// How many parts of a form are looked at.
const PARTS_MAX: usize = 1000;

/// What there was of a form.
enum Seen {
    All,
    Malformed,
    TooMany,
}

/// Looks at the names, the files' names, and the contents that are text; at the whole where it is no
/// multipart form. One of too many parts is refused.
pub(super) async fn inspect(
    inspection: &mut Inspection<'_>,
    boundary: &str,
    body: &Bytes,
    is_cut: bool,
) -> Result<(), Refusal> {
    match parts(inspection, boundary, body, is_cut).await {
        ControlFlow::Continue(Seen::TooMany) => Err(Refusal::BodyTooLarge),
        ControlFlow::Continue(Seen::Malformed) if !is_cut => {
            // Whether anything was found is the tally's to say.
            let _ = inspection.unnamed(Place::Multipart, body);
            Ok(())
        }
        ControlFlow::Continue(Seen::All | Seen::Malformed) | ControlFlow::Break(()) => Ok(()),
    }
}

async fn parts(
    inspection: &mut Inspection<'_>,
    boundary: &str,
    body: &Bytes,
    is_cut: bool,
) -> ControlFlow<(), Seen> {
    let end = if is_cut {
        // So that what is there of the last part is looked at.
        format!("\r\n--{boundary}--\r\n").into()
    } else {
        Bytes::new()
    };
    let text = stream::iter([body.clone(), end].map(Ok::<_, Infallible>));
    let mut parts = Multipart::new(text, boundary);
    for _ in 0..PARTS_MAX {
        let part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => return ControlFlow::Continue(Seen::All),
            Err(_) => return ControlFlow::Continue(Seen::Malformed),
        };
        names(inspection, &part)?;
        let (name, content) = (part.name().map(str::to_owned), Content::of_part(&part));
        let Ok(value) = part.bytes().await else {
            return ControlFlow::Continue(Seen::Malformed);
        };
        if content == Content::Json {
            json::inspect(inspection, &value, is_cut)?;
        } else if content == Content::Text || is_text(&value) {
            let name = name.unwrap_or_default();
            inspection.named(Place::Multipart, name.as_bytes(), &value)?;
        }
    }
    ControlFlow::Continue(Seen::TooMany)
}

fn names(inspection: &mut Inspection<'_>, part: &Field<'_>) -> ControlFlow<()> {
    for name in [part.name(), part.file_name()].into_iter().flatten() {
        inspection.unnamed(Place::Multipart, name.as_bytes())?;
    }
    // A second form of the name (RFC 5987), which some servers prefer.
    let disposition = part.headers().get(CONTENT_DISPOSITION);
    let mut parameters = disposition
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let extended = parameters.find_map(|parameter| {
        const NAME: &[u8] = b"filename*=";
        let (name, value) = parameter.trim_ascii().split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then_some(value)
    });
    match extended {
        Some(name) => inspection.unnamed(Place::Multipart, name),
        None => ControlFlow::Continue(()),
    }
}
