use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::content::Coding;

/// What a compressed body says, up to a number of bytes.
#[derive(Debug)]
pub(super) struct Inflated {
    pub(super) text: Vec<u8>,
    pub(super) end: InflatedEnd,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InflatedEnd {
    /// It is broken, or goes on in a way that is not known.
    Broken,
    /// There is more than was asked for.
    OverCap,
    Whole,
}

impl Inflated {
    pub(super) fn of(coding: Coding, body: &[u8], bytes_max: usize) -> Self {
        match coding {
            Coding::Gzip => Self::read(MultiGzDecoder::new(body), bytes_max),
            // The name stands for zlib, and for what some clients send instead.
            Coding::Deflate if is_zlib(body) => Self::read(ZlibDecoder::new(body), bytes_max),
            Coding::Deflate => Self::read(DeflateDecoder::new(body), bytes_max),
        }
    }

    fn read(decoder: impl Read, bytes_max: usize) -> Self {
        let mut text = Vec::new();
        let mut decoder = decoder.take(bytes_max as u64 + 1);
        let end = match decoder.read_to_end(&mut text) {
            Ok(_) if text.len() > bytes_max => InflatedEnd::OverCap,
            Ok(_) => InflatedEnd::Whole,
            Err(_) => InflatedEnd::Broken,
        };
        Self { text, end }
    }
}

/// RFC 1950, section 2.2.
fn is_zlib(body: &[u8]) -> bool {
    let [first, second, ..] = body else {
        return false;
    };
    first & 0x0f == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0
}
