//! Files that are text, or end with it.

use super::refusal::UploadRefusal;

/// How much of a file's end is looked at.
const END_BYTES: usize = 1024;

/// A PDF: all that is asked is that it begins and ends as one. It is never shown in a page.
#[derive(Debug, Default)]
pub(super) struct Pdf {
    beginning: Vec<u8>,
    end: Vec<u8>,
}

impl Pdf {
    pub(super) fn update(&mut self, piece: &[u8]) -> Result<(), UploadRefusal> {
        const MARK: &[u8] = b"%PDF-";
        let missing = MARK.len() - self.beginning.len();
        self.beginning
            .extend_from_slice(&piece[..missing.min(piece.len())]);
        if !MARK.starts_with(&self.beginning) {
            return Err(UploadRefusal::Malformed);
        }
        let last = &piece[piece.len().saturating_sub(END_BYTES)..];
        self.end.extend_from_slice(last);
        let surplus = self.end.len().saturating_sub(END_BYTES);
        self.end.drain(..surplus);
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<(), UploadRefusal> {
        const MARK: &[u8] = b"%%EOF";
        let at = self.end.windows(MARK.len()).rposition(|one| one == MARK);
        let Some(at) = at else {
            return Err(UploadRefusal::Malformed);
        };
        let after = &self.end[at + MARK.len()..];
        match after
            .iter()
            .all(|byte| matches!(byte, b' ' | b'\t'..=b'\r' | 0))
        {
            true => Ok(()),
            false => Err(UploadRefusal::Trailing),
        }
    }
}

/// Markup: text in UTF-8 that begins with a tag, and for SVG has one that says so.
#[derive(Debug)]
pub(super) struct Markup {
    needs_svg: bool,
    /// What came so far, as far as it is looked at.
    beginning: Vec<u8>,
    /// The bytes of a character that is not whole yet.
    open: Vec<u8>,
}

impl Markup {
    pub(super) fn html() -> Self {
        Self::new(false)
    }

    pub(super) fn svg() -> Self {
        Self::new(true)
    }

    fn new(needs_svg: bool) -> Self {
        Self {
            needs_svg,
            beginning: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) fn update(&mut self, piece: &[u8]) -> Result<(), UploadRefusal> {
        const BEGINNING_BYTES: usize = 64 * 1024;
        let room = BEGINNING_BYTES - self.beginning.len();
        self.beginning
            .extend_from_slice(&piece[..room.min(piece.len())]);
        let mut text = std::mem::take(&mut self.open);
        text.extend_from_slice(piece);
        if text.contains(&0) {
            return Err(UploadRefusal::Malformed);
        }
        match std::str::from_utf8(&text) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_none() => {
                self.open = text[error.valid_up_to()..].to_vec();
                Ok(())
            }
            Err(_) => Err(UploadRefusal::Malformed),
        }
    }

    pub(super) fn finish(&self) -> Result<(), UploadRefusal> {
        let text = String::from_utf8_lossy(&self.beginning);
        let text = text.trim_start_matches('\u{FEFF}').trim_start();
        let is_svg = text.contains("<svg") || text.contains(":svg");
        match text.starts_with('<') && self.open.is_empty() && (is_svg || !self.needs_svg) {
            true => Ok(()),
            false => Err(UploadRefusal::Malformed),
        }
    }
}
