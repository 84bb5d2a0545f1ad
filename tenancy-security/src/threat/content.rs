use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use multer::Field;

use super::refusal::Refusal;

/// What is done about bodies that are compressed.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Encodings {
    /// One layer of `gzip` or `deflate` is undone for the look, up to as much text as is read of any
    /// body. Others are refused with 415.
    Inspect,
    /// They are refused with 415.
    #[default]
    Refuse,
}

/// A compression that can be undone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Coding {
    Deflate,
    Gzip,
}

/// What a body says it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Content {
    Binary,
    Form,
    Json,
    Multipart(String),
    Text,
}

/// Media types, or how they begin, whose bodies are no text.
const BINARY: [&[u8]; 18] = [
    b"application/gzip",
    b"application/grpc",
    b"application/msword",
    b"application/octet-stream",
    b"application/pdf",
    b"application/protobuf",
    b"application/vnd.",
    b"application/wasm",
    b"application/x-7z-compressed",
    b"application/x-gzip",
    b"application/x-protobuf",
    b"application/x-tar",
    b"application/x-zip",
    b"application/zip",
    b"audio/",
    b"font/",
    b"image/",
    b"video/",
];

/// Character sets in which ASCII is ASCII and nothing else is.
const CHARSETS: [&[u8]; 6] = [
    b"ascii",
    b"iso-8859-1",
    b"latin1",
    b"us-ascii",
    b"utf-8",
    b"utf8",
];

/// What texts in other encodings begin with: UTF-16 and UTF-32, in either order of bytes.
const FOREIGN_MARKS: [&[u8]; 3] = [b"\xfe\xff", b"\xff\xfe", b"\0\0\xfe\xff"];

impl Content {
    /// What the headers say of a body. Without a type it is a text.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut lines = headers.get_all(CONTENT_TYPE).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            let is_typed = headers.contains_key(CONTENT_TYPE);
            return if is_typed {
                Err(Refusal::UnknownText)
            } else {
                Ok(Self::Text)
            };
        };
        let (media_type, parameters) = split(line.as_bytes());
        for (name, value) in parameters {
            let is_known = CHARSETS.iter().any(|set| value.eq_ignore_ascii_case(set));
            if name.eq_ignore_ascii_case(b"charset") && !is_known {
                return Err(Refusal::UnknownText);
            }
        }
        if media_type == b"multipart/form-data" {
            // Whatever takes a form without a boundary for one, it is a text.
            let boundary = line
                .to_str()
                .ok()
                .and_then(|line| multer::parse_boundary(line).ok());
            return Ok(boundary.map_or(Self::Text, Self::Multipart));
        }
        Ok(Self::named(&media_type))
    }

    /// What a part of a form says it is: a field of text unless it is a file, or JSON.
    pub(super) fn of_part(part: &Field<'_>) -> Self {
        let media_type = part.headers().get(CONTENT_TYPE);
        let content = match media_type {
            None => Self::Binary,
            Some(line) => Self::named(&split(line.as_bytes()).0),
        };
        match content {
            Self::Json => Self::Json,
            Self::Binary if part.file_name().is_some() => Self::Binary,
            Self::Binary | Self::Form | Self::Multipart(_) | Self::Text => Self::Text,
        }
    }

    fn named(media_type: &[u8]) -> Self {
        if media_type == b"application/x-www-form-urlencoded" {
            Self::Form
        } else if media_type.ends_with(b"json") {
            Self::Json
        } else if media_type.ends_with(b"+xml") {
            Self::Text
        } else if BINARY.iter().any(|name| media_type.starts_with(name)) {
            Self::Binary
        } else {
            Self::Text
        }
    }
}

impl Coding {
    /// How a body is compressed, or that this cannot be undone.
    pub(super) fn of(headers: &HeaderMap, encodings: Encodings) -> Result<Option<Self>, Refusal> {
        let lines = headers.get_all(CONTENT_ENCODING).iter();
        let tokens = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
        let tokens = tokens.map(<[u8]>::trim_ascii);
        let mut tokens =
            tokens.filter(|token| !token.is_empty() && !token.eq_ignore_ascii_case(b"identity"));
        let coding = match tokens.next() {
            None => return Ok(None),
            Some(token) if token.eq_ignore_ascii_case(b"deflate") => Self::Deflate,
            Some(token) if token.eq_ignore_ascii_case(b"gzip") => Self::Gzip,
            Some(token) if token.eq_ignore_ascii_case(b"x-gzip") => Self::Gzip,
            Some(_) => return Err(Refusal::Encoded),
        };
        match (encodings, tokens.next()) {
            (Encodings::Inspect, None) => Ok(Some(coding)),
            (Encodings::Inspect | Encodings::Refuse, _) => Err(Refusal::Encoded),
        }
    }
}

/// Whether the bytes can be read as text: UTF-8, cut off or not, without control characters.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let is_utf8 = match str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    let is_control = |byte: &u8| *byte < b' ' && !b"\t\n\x0c\r".contains(byte);
    is_utf8 && !bytes.iter().any(is_control)
}

/// Whether a text says by its first bytes that it is in another encoding than it would be read in.
pub(super) fn has_foreign_mark(text: &[u8]) -> bool {
    FOREIGN_MARKS.iter().any(|mark| text.starts_with(mark))
}

/// The media type in small letters, and the parameters without quotes.
fn split(line: &[u8]) -> (Vec<u8>, impl Iterator<Item = (&[u8], &[u8])>) {
    let mut parts = line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let parameters = parts.filter_map(|parameter| {
        let at = parameter.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (
            parameter[..at].trim_ascii(),
            parameter[at + 1..].trim_ascii(),
        );
        let quoted = value
            .strip_prefix(b"\"")
            .and_then(|value| value.strip_suffix(b"\""));
        Some((name, quoted.unwrap_or(value)))
    });
    (media_type, parameters)
}
