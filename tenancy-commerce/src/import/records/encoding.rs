use crate::import::{ImportError, ImportErrorKind};

/// What the first bytes of a file tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Encoding {
    /// How many bytes the byte order mark takes.
    pub(super) skip: usize,
    /// What stands between cells: a comma, a semicolon or a tab.
    pub(super) delimiter: u8,
}

impl Encoding {
    /// Looks at the header: the delimiter is what it has most of outside quotes.
    pub(super) fn detect(head: &[u8]) -> Result<Self, ImportError> {
        if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
            return Err(ImportErrorKind::Utf16.into());
        }
        let skip = if head.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        let header = &head[skip..];
        // ASCII in UTF-16 has a zero beside each letter.
        if header.len() >= 2 && (header[0] == 0) != (header[1] == 0) {
            return Err(ImportErrorKind::Utf16.into());
        }
        Ok(Self {
            skip,
            delimiter: delimiter(header),
        })
    }
}

fn delimiter(header: &[u8]) -> u8 {
    let mut counts = [(b',', 0_u32), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    let start = header
        .iter()
        .position(|byte| !matches!(byte, b'\r' | b'\n'))
        .unwrap_or(0);
    for &byte in &header[start..] {
        match byte {
            b'"' => quoted = !quoted,
            b'\r' | b'\n' if !quoted => break,
            _ if !quoted => {
                if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == byte) {
                    *count += 1;
                }
            }
            _ => {}
        }
    }
    // The first of equals wins, so a header without any delimiter is taken for commas.
    counts
        .into_iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b',', |(byte, _)| byte)
}
