//! The first look at a value, which ends most of them.

/// What kinds of bytes a value holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Bytes(u32);

impl Bytes {
    const NONE: Self = Self(0);
    const LETTER: Self = Self(1);
    const DIGIT: Self = Self(1 << 1);
    pub(super) const BLANK: Self = Self(1 << 2);
    pub(super) const QUOTE: Self = Self(1 << 3);
    /// `< > = ( [` and the backtick, which carry scripts.
    pub(super) const MARKUP: Self = Self(1 << 4);
    pub(super) const PERCENT: Self = Self(1 << 5);
    pub(super) const PLUS: Self = Self(1 << 6);
    pub(super) const AMPERSAND: Self = Self(1 << 7);
    pub(super) const BACKSLASH: Self = Self(1 << 8);
    pub(super) const SLASH: Self = Self(1 << 9);
    pub(super) const DOT: Self = Self(1 << 10);
    pub(super) const COLON: Self = Self(1 << 11);
    /// `; | $ { } * # ! ~ ^ @ ? )`
    pub(super) const SIGN: Self = Self(1 << 12);
    /// `, _ -`, which ordinary values are full of.
    const ORDINARY: Self = Self(1 << 13);
    pub(super) const CONTROL: Self = Self(1 << 14);
    pub(super) const HIGH: Self = Self(1 << 15);

    pub(super) fn of(value: &[u8]) -> Self {
        let mut bits = 0;
        for &byte in value {
            bits |= CLASSES[usize::from(byte)];
        }
        Self(bits)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// Letters, digits, hyphens and dots without a blank: a word, a number, an address.
    pub(super) const fn is_plain(self) -> bool {
        let plain = Self::LETTER
            .or(Self::DIGIT)
            .or(Self::ORDINARY)
            .or(Self::HIGH);
        self.0 & !plain.0 == 0
    }

    /// What base64 is made of, in either alphabet.
    pub(super) const fn may_be_base64(self) -> bool {
        let alphabet = Self::LETTER
            .or(Self::DIGIT)
            .or(Self::ORDINARY)
            .or(Self::PLUS)
            .or(Self::SLASH)
            .or(Self::MARKUP);
        self.0 & !alphabet.0 == 0
    }

    const fn class(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => Self::LETTER,
            b'0'..=b'9' => Self::DIGIT,
            b' ' => Self::BLANK,
            b'\t' | b'\n' | b'\r' => Self::BLANK.or(Self::CONTROL),
            b'\'' | b'"' => Self::QUOTE,
            b'<' | b'>' | b'=' | b'(' | b'[' | b'`' => Self::MARKUP,
            b'%' => Self::PERCENT,
            b'+' => Self::PLUS,
            b'&' => Self::AMPERSAND,
            b'\\' => Self::BACKSLASH,
            b'/' => Self::SLASH,
            b'.' => Self::DOT,
            b':' => Self::COLON,
            b',' | b'_' | b'-' => Self::ORDINARY,
            0x80.. => Self::HIGH,
            0..=31 | 127 => Self::CONTROL,
            _ => Self::SIGN,
        }
    }
}

static CLASSES: [u32; 256] = {
    let mut classes = [Bytes::NONE.0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = Bytes::class(byte as u8).0;
        byte += 1;
    }
    classes
};
