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

/// How many parts of a form are looked at one by one.
const PARTS_MAX: usize = 1000;

/// Looks at the names, the files' names, and the contents that are text; at the whole where it is no
/// multipart form, or one of too many parts.
pub(super) async fn inspect(
    inspection: &mut Inspection<'_>,
    boundary: &str,
    body: &Bytes,
    is_cut: bool,
) -> ControlFlow<()> {
    let end = if is_cut {
        // So that what is there of the last part is looked at.
        format!("\r\n--{boundary}--\r\n").into()
    } else {
        Bytes::new()
    };
    let text = stream::iter([body.clone(), end].map(Ok::<_, Infallible>));
    let mut parts = Multipart::new(text, boundary);
    for _ in 0..PARTS_MAX {
        match parts.next_field().await {
            Ok(None) => return ControlFlow::Continue(()),
            Ok(Some(part)) => {
                names(inspection, &part)?;
                let (name, content) = (part.name().map(str::to_owned), Content::of_part(&part));
                let Ok(value) = part.bytes().await else { break };
                if content == Content::Json {
                    json::inspect(inspection, &value, is_cut)?;
                } else if content == Content::Text || is_text(&value) {
                    let name = name.unwrap_or_default();
                    inspection.named(Place::Multipart, name.as_bytes(), &value)?;
                }
            }
            Err(_) => break,
        }
    }
    if is_cut {
        return ControlFlow::Continue(());
    }
    inspection.unnamed(Place::Multipart, body)
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
    let extended =
        parameters.find_map(|parameter| parameter.trim_ascii().strip_prefix(b"filename*="));
    match extended {
        Some(name) => inspection.unnamed(Place::Multipart, name),
        None => ControlFlow::Continue(()),
    }
}
