//! The first look at a value, which ends most of them and shortens what the judges do with the rest.

/// How many signs are listed at most. What stands behind them is looked for once by each judge.
const LISTED: usize = 48;

/// How many bytes are looked at before the signs among them are listed.
const BLOCK: usize = 32;

/// The bit of all signs; each has that of its kind as well.
const SIGN: u32 = 31;

/// A value, the kinds of bytes that it holds, and where its signs stand.
#[derive(Clone, Debug)]
pub(super) struct Scan<'a> {
    value: &'a [u8],
    bytes: Bytes,
    signs: [u16; LISTED],
    count: usize,
    /// Where the part begins whose signs are not listed.
    rest: usize,
    /// How many blanks the value begins with.
    lead: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn of(value: &'a [u8]) -> Self {
        let mut signs = [0; LISTED];
        let (mut bits, mut count, mut rest) = (0, 0, 0);
        let head = &value[..value.len().min(usize::from(u16::MAX))];
        for block in head.chunks(BLOCK) {
            // No branch on what a byte is: it would be foretold wrongly.
            let mut found = 0_u32;
            for (at, &byte) in block.iter().enumerate() {
                let class = CLASSES[usize::from(byte)];
                bits |= class;
                found |= (class >> SIGN) << at;
            }
            if count + found.count_ones() as usize > LISTED {
                break;
            }
            while found != 0 {
                signs[count] = rest as u16 + found.trailing_zeros() as u16;
                count += 1;
                found &= found - 1;
            }
            rest += block.len();
        }
        Self {
            value,
            bytes: Bytes(bits).or(Bytes::of(&value[rest..])),
            signs,
            count,
            rest,
            lead: value.len() - value.trim_ascii_start().len(),
        }
    }

    pub(super) fn value(&self) -> &'a [u8] {
        self.value
    }

    pub(super) fn bytes(&self) -> Bytes {
        self.bytes
    }

    /// How many blanks and line breaks the value begins with.
    pub(super) fn lead(&self) -> usize {
        self.lead
    }

    /// Where the part begins whose signs [`listed`](Self::listed) leaves out.
    pub(super) fn unlisted(&self) -> usize {
        self.rest
    }

    /// Where the first signs stand.
    pub(super) fn listed(&self) -> impl Iterator<Item = usize> {
        self.signs[..self.count].iter().copied().map(usize::from)
    }

    /// Where a sign of these kinds stands, and which it is.
    pub(super) fn signs(&self, kinds: Bytes) -> impl Iterator<Item = (usize, u8)> {
        let listed = self.listed().map(|at| (at, self.value[at]));
        let rest = (self.rest..).zip(self.value[self.rest..].iter().copied());
        listed
            .chain(rest)
            .filter(move |&(_, byte)| Bytes::of_byte(byte).has_any(kinds))
    }
}

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
    /// `,`, which ordinary values are full of.
    const COMMA: Self = Self::bit(13);
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
    /// `-` and `_`.
    pub(super) const HYPHEN: Self = Self::bit(28);

    /// What a [`Scan`] lists: all that a judge looks for, and a phrase is known by.
    pub(super) const SIGNS: Self = Self(1 << SIGN);

    const SIGN_KINDS: Self = Self::LESS
        .or(Self::GREATER)
        .or(Self::EQUALS)
        .or(Self::PARENTHESIS)
        .or(Self::BRACE)
        .or(Self::BRACKET)
        .or(Self::BACKTICK)
        .or(Self::SEMICOLON)
        .or(Self::BAR)
        .or(Self::AMPERSAND)
        .or(Self::DOLLAR)
        .or(Self::PERCENT)
        .or(Self::SLASH)
        .or(Self::BACKSLASH)
        .or(Self::COLON)
        .or(Self::DOT)
        .or(Self::HYPHEN)
        .or(Self::CONTROL);

    const fn bit(at: u32) -> Self {
        Self(1 << at)
    }

    pub(super) fn of(value: &[u8]) -> Self {
        let bits = value.iter().map(|&byte| CLASSES[usize::from(byte)]);
        Self(bits.fold(0, |all, bits| all | bits))
    }

    pub(super) const fn of_byte(byte: u8) -> Self {
        Self(CLASSES[byte as usize])
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
            .or(Self::COMMA)
            .or(Self::HYPHEN)
            .or(Self::HIGH);
        self.0 & !plain.or(Self::SIGNS).0 == 0
    }

    /// What base64 is made of, in either alphabet.
    pub(super) const fn may_be_base64(self) -> bool {
        let alphabet = Self::LETTER
            .or(Self::DIGIT)
            .or(Self::COMMA)
            .or(Self::HYPHEN)
            .or(Self::PLUS)
            .or(Self::SLASH)
            .or(Self::EQUALS);
        self.0 & !alphabet.or(Self::SIGNS).0 == 0
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
            b',' => Self::COMMA,
            b'_' | b'-' => Self::HYPHEN,
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
        let class = Bytes::class(byte as u8);
        let is_sign = class.has_any(Bytes::SIGN_KINDS);
        classes[byte] = class.0 | (is_sign as u32) << SIGN;
        byte += 1;
    }
    classes
};
