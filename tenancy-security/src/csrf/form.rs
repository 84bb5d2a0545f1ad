use std::pin::Pin;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body::Body;
use http_body_util::BodyExt as _;

use super::body::PeekedBody;
use super::refusal::Refusal;

/// The form field that holds a token.
const FIELD: &str = "_csrf";

/// How far into a form its token is looked for, in bytes.
const SEARCHED_BYTES_MAX: usize = 64 * 1024;

/// Whether the body is a URL-encoded form.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// The token in a form, and the form to read again from its beginning.
///
/// Nothing after the token is read here, so a form that begins with it may be of any length.
pub(super) async fn find_token<B>(body: B) -> Result<(Option<String>, PeekedBody<B>), Refusal>
where
    B: Body<Data = Bytes>,
{
    let mut rest = Box::pin(body);
    let mut read = Vec::new();
    let mut trailers = None;
    // Where the field begins that is not complete yet, and how far it is known to go on.
    let (mut field, mut known) = (0, 0);
    let token = loop {
        let end = read[known..].iter().position(|byte| *byte == b'&');
        if let Some(end) = end.map(|place| known + place) {
            if let Some(token) = token_in(&read[field..end]) {
                break Some(token);
            }
            (field, known) = (end + 1, end + 1);
            continue;
        }
        known = read.len();
        if known > SEARCHED_BYTES_MAX {
            return Err(Refusal::FormTooLarge);
        }
        match next(&mut rest).await? {
            Some(Ok(data)) => read.extend_from_slice(&data),
            Some(Err(last)) => trailers = Some(last),
            None => break token_in(&read[field..]),
        }
    };
    Ok((token, PeekedBody::peeked(read.into(), trailers, rest)))
}

/// The next data, or the trailers.
async fn next<B: Body<Data = Bytes>>(
    body: &mut Pin<Box<B>>,
) -> Result<Option<Result<Bytes, HeaderMap>>, Refusal> {
    loop {
        let Some(frame) = body.frame().await else {
            return Ok(None);
        };
        let frame = frame.map_err(|_| Refusal::UnreadableForm)?;
        match frame.into_data() {
            Ok(data) => return Ok(Some(Ok(data))),
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    return Ok(Some(Err(trailers)));
                }
            }
        }
    }
}

fn token_in(field: &[u8]) -> Option<String> {
    let (name, value) = form_urlencoded::parse(field).next()?;
    (name == FIELD).then(|| value.into_owned())
}
