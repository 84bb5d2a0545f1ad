use std::fmt;
use std::str::FromStr;

use object_store::path::Path;

use crate::tenant::TenantId;

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 512;

/// The longest part of a key, in bytes; file systems allow 255 of them in a name.
const PART_BYTES_MAX: usize = 128;

/// The name of a blob among its tenant's: parts with `/` between them.
///
/// A part has 1 to 128 lower-case letters, digits, `-`, `_` and `.`; it begins and ends with a letter or
/// digit and has no two dots together. So no key leads anywhere else (`..`, an empty part, a leading
/// slash), and two keys are two files also where a file system takes upper and lower case for the same.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct BlobKey(Box<str>);

/// The text is no key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a blob's key has parts of lower-case letters, digits, '-', '_' and '.', each from a letter or \
     digit to a letter or digit, with '/' between them and 512 bytes in all"
)]
pub struct InvalidBlobKey;

impl BlobKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the store has it. A part that others follow is marked with `_`, with which no part ends, so
    /// that `a` and `a/b` can both be there, in a folder as in S3.
    pub(super) fn path(&self, tenant: TenantId) -> Path {
        let marked = self.0.replace('/', "_/");
        Path::from(format!("{tenant}/{marked}"))
    }

    /// The key that the store has there, if it is one of ours.
    pub(super) fn of_path(tenant: TenantId, path: &Path) -> Option<Self> {
        let inside = path.as_ref().strip_prefix(&tenant.to_string())?;
        let inside = inside.strip_prefix('/')?;
        inside.replace("_/", "/").parse().ok()
    }
}

impl FromStr for BlobKey {
    type Err = InvalidBlobKey;

    fn from_str(text: &str) -> Result<Self, InvalidBlobKey> {
        if text.len() <= KEY_BYTES_MAX && text.split('/').all(is_part) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidBlobKey)
        }
    }
}

fn is_part(part: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    part.len() <= PART_BYTES_MAX
        && plain(first)
        && plain(last)
        && !part.contains("..")
        && bytes
            .iter()
            .all(|&byte| plain(byte) || matches!(byte, b'-' | b'.' | b'_'))
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
