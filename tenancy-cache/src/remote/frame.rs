use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// A value as it lies in the remote tier, with all that tells whether it may be used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame<'a> {
    pub(crate) header: Header<'a>,
    /// The value in its codec, or nothing for "there is none".
    pub(crate) value: Option<Cow<'a, [u8]>>,
}

/// What is known of a value without reading it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Header<'a> {
    /// What the value's load saw: names, with their versions.
    #[serde(borrow)]
    pub(crate) stamps: Vec<RemoteStamp<'a>>,
    /// Which load it is of.
    pub(crate) load: u64,
    /// Of the names and types of the value's parts; see [`Weight`](crate::weight::Weight).
    pub(crate) shape: u64,
    /// When the value's life ends, by the store's clock: who reads it need not ask what is left.
    pub(crate) ends_at_ms: u64,
    /// How long the value lives in all, in milliseconds.
    pub(crate) life_ms: u64,
    /// For how long the value stood in for loads at the end of its life, in milliseconds.
    pub(crate) stale_ms: u64,
    pub(crate) load_ms: u64,
}

/// A subject's versions, as the store knows them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct RemoteStamp<'a> {
    #[serde(borrow)]
    pub(crate) subject: Cow<'a, [u8]>,
    pub(crate) hard: u64,
    pub(crate) soft: u64,
}

/// Why a payload is no value. Each is a miss.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("damaged")]
    Damaged,
    #[error("of another key")]
    Foreign,
    #[error("no frame")]
    NoFrame,
    #[error("of another version")]
    OtherVersion,
}

impl Unreadable {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Foreign => "foreign",
            Self::NoFrame => "no_frame",
            Self::OtherVersion => "version",
        }
    }
}

/// Before every frame; the last byte is the version of all that follows.
const MAGIC: [u8; 4] = *b"tcf\x01";

/// From which size on a value is compressed, where that makes it smaller.
const COMPRESSED_FROM_BYTES: usize = 1024;

/// How the value lies behind the header.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
enum Body {
    Absence,
    Lz4,
    Plain,
}

/// What stands before the value.
#[derive(Deserialize, Serialize)]
struct Envelope<'a> {
    name_hash: [u8; 16],
    body: Body,
    #[serde(borrow)]
    header: Header<'a>,
}

impl Header<'_> {
    /// How long the value still lives when the store's clock shows this. Whatever the clock has done
    /// since it was stored, that is no longer than its life.
    pub(crate) fn left(&self, time: Duration) -> Duration {
        let left = Duration::from_millis(self.ends_at_ms).saturating_sub(time);
        left.min(self.life())
    }

    pub(crate) fn life(&self) -> Duration {
        Duration::from_millis(self.life_ms)
    }
}

impl<'a> Frame<'a> {
    pub(crate) fn encode(self, name: &[u8]) -> Vec<u8> {
        let Self { header, value } = self;
        let (body, value) = match value {
            None => (Body::Absence, Cow::default()),
            Some(value) if value.len() < COMPRESSED_FROM_BYTES => (Body::Plain, value),
            Some(value) => {
                let compressed = lz4_flex::compress_prepend_size(&value);
                if compressed.len() < value.len() {
                    (Body::Lz4, compressed.into())
                } else {
                    (Body::Plain, value)
                }
            }
        };
        let envelope = Envelope {
            name_hash: xxh3_128(name).to_le_bytes(),
            body,
            header,
        };
        let start = [MAGIC.as_slice(), &[0; 8]].concat();
        let mut bytes =
            postcard::to_extend(&envelope, start).expect("plain data is serialised into memory");
        bytes.extend_from_slice(&value);
        let sum = xxh3_64(&bytes[12..]);
        bytes[4..12].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads a frame of a value of this name, no larger than so many bytes when unpacked.
    pub(crate) fn decode(
        name: &[u8],
        bytes: &'a [u8],
        bytes_max: usize,
    ) -> Result<Self, Unreadable> {
        let (magic, rest) = bytes.split_first_chunk::<4>().ok_or(Unreadable::NoFrame)?;
        if magic[..3] != MAGIC[..3] {
            return Err(Unreadable::NoFrame);
        }
        if magic[3] != MAGIC[3] {
            return Err(Unreadable::OtherVersion);
        }
        let (sum, rest) = rest.split_first_chunk::<8>().ok_or(Unreadable::Damaged)?;
        if xxh3_64(rest) != u64::from_le_bytes(*sum) {
            return Err(Unreadable::Damaged);
        }
        let (envelope, value) =
            postcard::take_from_bytes::<Envelope<'_>>(rest).map_err(|_| Unreadable::Damaged)?;
        if envelope.name_hash != xxh3_128(name).to_le_bytes() {
            return Err(Unreadable::Foreign);
        }
        let value = match envelope.body {
            Body::Absence => None,
            Body::Plain => Some(value.into()),
            Body::Lz4 => Some(unpack(value, bytes_max)?.into()),
        };
        Ok(Self {
            header: envelope.header,
            value,
        })
    }
}

fn unpack(packed: &[u8], bytes_max: usize) -> Result<Vec<u8>, Unreadable> {
    let (size, packed) =
        lz4_flex::block::uncompressed_size(packed).map_err(|_| Unreadable::Damaged)?;
    if size > bytes_max {
        return Err(Unreadable::Damaged);
    }
    lz4_flex::decompress(packed, size).map_err(|_| Unreadable::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(value: Option<Vec<u8>>) -> Frame<'static> {
        let stamp = |subject: &str, hard| RemoteStamp {
            subject: subject.as_bytes().to_vec().into(),
            hard,
            soft: hard + 1,
        };
        Frame {
            header: Header {
                stamps: vec![stamp("T", 7), stamp("tproduct", u64::MAX - 1)],
                load: 3,
                shape: 0x0123_4567_89ab_cdef,
                ends_at_ms: 1_800_000_000_000,
                life_ms: 7_200_000,
                stale_ms: 3_600_000,
                load_ms: 12,
            },
            value: value.map(Cow::Owned),
        }
    }

    fn values() -> [Option<Vec<u8>>; 4] {
        let noise = (0..4_000_u32).flat_map(|number| xxh3_64(&number.to_le_bytes()).to_le_bytes());
        [
            None,
            Some(b"short".to_vec()),
            Some(vec![b'x'; 5_000]),
            Some(noise.collect()),
        ]
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        for value in values() {
            let bytes = frame(value.clone()).encode(b"name");
            assert_eq!(Frame::decode(b"name", &bytes, 100_000), Ok(frame(value)));
        }
        assert!(frame(Some(vec![b'x'; 5_000])).encode(b"name").len() < 200);
    }

    /// What the first version wrote, so that a later one reads it or says that it cannot.
    #[test]
    fn a_payload_of_the_first_version_is_read() {
        const FIRST: &str = "74636601313b63f7ca3213d94a5eaaaa05628153ff53b19083916ac902020154070808\
             7470726f64756374feffffffffffffffff01ffffffffffffffffff0103ef9bafcdf8acd1910180a0\
             f1c2b13480bab70380dddb010c73686f7274";
        let digits: Vec<char> = FIRST.chars().collect();
        let byte = |digits: &[char]| {
            let text: String = digits.iter().collect();
            u8::from_str_radix(&text, 16).expect("hexadecimal digits")
        };
        let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
        let expected = frame(Some(b"short".to_vec()));
        assert_eq!(
            Frame::decode(b"name", &bytes, 100_000),
            Ok(expected.clone())
        );
        assert_eq!(expected.encode(b"name"), bytes);
    }

    #[test]
    fn what_is_left_of_a_life_is_never_more_than_all_of_it() {
        let Frame { header, .. } = frame(None);
        for (time_ms, left_ms) in [
            (1_800_000_000_001, 0),
            (1_799_999_999_999, 1),
            (1_799_992_800_000, 7_200_000),
            // The clock was set back since.
            (1_799_992_799_999, 7_200_000),
            (0, 7_200_000),
        ] {
            let left = header.left(Duration::from_millis(time_ms));
            assert_eq!(left, Duration::from_millis(left_ms), "{time_ms}");
        }
    }

    #[test]
    fn a_payload_that_is_cut_or_changed_anywhere_is_no_value() {
        for value in values().into_iter().take(3) {
            let bytes = frame(value).encode(b"name");
            for end in 0..bytes.len() {
                Frame::decode(b"name", &bytes[..end], 100_000).unwrap_err();
            }
            for place in 0..bytes.len() {
                for bit in 0..8 {
                    let mut changed = bytes.clone();
                    changed[place] ^= 1 << bit;
                    Frame::decode(b"name", &changed, 100_000).unwrap_err();
                }
            }
        }
    }

    #[test]
    fn a_payload_of_another_key_another_version_or_no_frame_is_no_value() {
        let bytes = frame(None).encode(b"name");
        let decode = |name: &[u8], bytes: &[u8]| Frame::decode(name, bytes, 100_000).unwrap_err();
        assert_eq!(decode(b"other", &bytes), Unreadable::Foreign);
        let mut newer = bytes.clone();
        newer[3] = 2;
        assert_eq!(decode(b"name", &newer), Unreadable::OtherVersion);
        assert_eq!(decode(b"name", b"PHP-serialised"), Unreadable::NoFrame);
        assert_eq!(decode(b"name", b""), Unreadable::NoFrame);
    }

    #[test]
    fn a_payload_that_says_it_is_huge_costs_nothing() {
        let bytes = frame(Some(vec![b'x'; 5_000])).encode(b"name");
        assert_eq!(
            Frame::decode(b"name", &bytes, 4_999),
            Err(Unreadable::Damaged)
        );
    }
}
