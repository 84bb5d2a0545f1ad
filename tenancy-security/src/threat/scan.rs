//! The first look at a value, which ends most of them.

/// What kinds of bytes a value holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Bytes(u32);

impl Bytes {
    const NONE: Self = Self(0);
    const LETTER: Self = Self::bit(0);
    pub(super) const DIGIT: Self = Self::bit(1);
    pub(super) const BLANK: Self = Self::bit(2);
    pub(super) const QUOTE: Self = Self::bit(3);
    /// `<`.
    pub(super) const LESS: Self = Self::bit(4);
    pub(super) const PERCENT: Self = Self::bit(5);
    pub(super) const PLUS: Self = Self::bit(6);
    pub(super) const AMPERSAND: Self = Self::bit(7);
    pub(super) const BACKSLASH: Self = Self::bit(8);
    pub(super) const SLASH: Self = Self::bit(9);
    pub(super) const DOT: Self = Self::bit(10);
    pub(super) const COLON: Self = Self::bit(11);
    /// `(`.
    pub(super) const PARENTHESIS: Self = Self::bit(12);
    /// `, _ -`, which ordinary values are full of.
    const ORDINARY: Self = Self::bit(13);
    pub(super) const CONTROL: Self = Self::bit(14);
    pub(super) const HIGH: Self = Self::bit(15);
    /// `=`.
    pub(super) const EQUALS: Self = Self::bit(16);
    /// `>`.
    pub(super) const GREATER: Self = Self::bit(17);
    /// `{`.
    pub(super) const BRACE: Self = Self::bit(18);
    /// `[`.
    pub(super) const BRACKET: Self = Self::bit(19);
    pub(super) const BACKTICK: Self = Self::bit(20);
    pub(super) const SEMICOLON: Self = Self::bit(21);
    /// `|`.
    pub(super) const BAR: Self = Self::bit(22);
    pub(super) const DOLLAR: Self = Self::bit(23);
    pub(super) const HASH: Self = Self::bit(24);
    pub(super) const STAR: Self = Self::bit(25);
    pub(super) const AT: Self = Self::bit(26);
    /// `! ? ~ ^ ) ] }`, which mean nothing alone.
    const CLOSING: Self = Self::bit(27);

    const fn bit(at: u32) -> Self {
        Self(1 << at)
    }

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
            .or(Self::EQUALS);
        self.0 & !alphabet.0 == 0
    }

    const fn class(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => Self::LETTER,
            b'0'..=b'9' => Self::DIGIT,
            b' ' => Self::BLANK,
            b'\t' | b'\n' | b'\r' => Self::BLANK.or(Self::CONTROL),
            b'\'' | b'"' => Self::QUOTE,
            b'<' => Self::LESS,
            b'>' => Self::GREATER,
            b'=' => Self::EQUALS,
            b'(' => Self::PARENTHESIS,
            b'{' => Self::BRACE,
            b'[' => Self::BRACKET,
            b'`' => Self::BACKTICK,
            b';' => Self::SEMICOLON,
            b'|' => Self::BAR,
            b'$' => Self::DOLLAR,
            b'#' => Self::HASH,
            b'*' => Self::STAR,
            b'@' => Self::AT,
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
            _ => Self::CLOSING,
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
