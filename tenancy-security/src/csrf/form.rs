use std::pin::Pin;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body::Body;
use http_body_util::BodyExt as _;

use super::refusal::Refusal;
use crate::peeked_body::PeekedBody;

/// The form field that holds a token.
const FIELD: &str = "_csrf";

/// What stands before the token in a multipart form, in turn, and then what ends it. It need not be
/// read more exactly: whoever can write a token anywhere knows it.
const MULTIPART_MARKS: [&[u8]; 3] = [b"name=\"_csrf\"", b"\r\n\r\n", b"\r\n"];

/// How far into a form its token is looked for, in bytes.
const SEARCHED_BYTES_MAX: usize = 64 * 1024;

/// Where the search for the token in a form has got to. Each byte is looked at once or twice, in
/// however small pieces it arrives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Search {
    Multipart {
        marks_found: usize,
        from: usize,
        known: usize,
    },
    UrlEncoded {
        field: usize,
        known: usize,
    },
}

impl Search {
    /// A search in this body, if it is a form.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Some(Self::UrlEncoded { field: 0, known: 0 });
        }
        let is_multipart = media_type.eq_ignore_ascii_case("multipart/form-data");
        is_multipart.then_some(Self::Multipart {
            marks_found: 0,
            from: 0,
            known: 0,
        })
    }

    /// The token and the form, to be read again from its beginning. Nothing after the token is read
    /// here, so a form that begins with it may be of any length.
    pub(super) async fn run<B>(
        mut self,
        body: B,
    ) -> Result<(Option<String>, PeekedBody<B>), Refusal>
    where
        B: Body<Data = Bytes>,
    {
        let mut rest = Box::pin(body);
        let mut read = Vec::new();
        let mut trailers = None;
        let token = loop {
            if let Some(token) = self.go_on(&read) {
                break Some(token);
            }
            if read.len() > SEARCHED_BYTES_MAX {
                return Err(Refusal::FormTooLarge);
            }
            match next(&mut rest).await? {
                Some(Ok(data)) => read.extend_from_slice(&data),
                Some(Err(last)) => trailers = Some(Ok(last)),
                None => break self.end(&read),
            }
        };
        Ok((token, PeekedBody::peeked(read.into(), trailers, rest)))
    }

    /// The token, if what has been read holds all of it.
    fn go_on(&mut self, read: &[u8]) -> Option<String> {
        match self {
            Self::Multipart {
                marks_found,
                from,
                known,
            } => loop {
                let mark = MULTIPART_MARKS[*marks_found];
                let Some(place) = find(mark, &read[*known..]) else {
                    // A mark may have begun already.
                    *known = (*known).max((read.len() + 1).saturating_sub(mark.len()));
                    return None;
                };
                let place = *known + place;
                *marks_found += 1;
                if *marks_found == MULTIPART_MARKS.len() {
                    return Some(String::from_utf8_lossy(&read[*from..place]).into_owned());
                }
                *from = place + mark.len();
                *known = *from;
            },
            Self::UrlEncoded { field, known } => {
                while let Some(length) = read[*known..].iter().position(|byte| *byte == b'&') {
                    let end = *known + length;
                    if let Some(token) = token_in(&read[*field..end]) {
                        return Some(token);
                    }
                    (*field, *known) = (end + 1, end + 1);
                }
                *known = read.len();
                None
            }
        }
    }

    /// The token, where the end of the form is its end.
    fn end(self, read: &[u8]) -> Option<String> {
        match self {
            Self::Multipart { .. } => None,
            Self::UrlEncoded { field, .. } => token_in(&read[field..]),
        }
    }
}

fn find(mark: &[u8], text: &[u8]) -> Option<usize> {
    text.windows(mark.len()).position(|window| window == mark)
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
