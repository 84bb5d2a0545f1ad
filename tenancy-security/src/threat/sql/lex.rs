use super::words::{WORDS, Word};

/// How long a name in quotes of its own may be.
const LONGEST_NAME: usize = 64;

/// What the grammar sees of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Token {
    Number,
    /// A quoted string; `open` if the value ends inside of it.
    Text {
        quote: u8,
        open: bool,
    },
    /// A word, what it is known for, and whether an opening parenthesis follows.
    Word {
        known: Option<Word>,
        called: bool,
    },
    /// `@name`; `@@name` belongs to the server.
    Variable {
        server: bool,
    },
    /// `=`, `<`, `!=` and their like.
    Compare,
    /// `||`, which joins strings in one dialect and is OR in another.
    Bars,
    /// `&&`.
    Ampersands,
    /// `+`, `-`, `~`, `!`, which also stand before an operand.
    Sign,
    /// `*`.
    Star,
    /// `/`, `%`, `|`, `&`, `^`, `<<`, `>>`, `::`, `:=`.
    Arithmetic,
    Comma,
    Semicolon,
    Open,
    Close,
    /// A comment that runs to the end of the value.
    Tail,
    /// What has no place in SQL.
    Other,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
    /// A comment stood before it, where a space would do.
    pub(super) after_comment: bool,
}

/// Reads a value as SQL, whatever the dialect: what any of them takes for a token is one.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'a> {
    value: &'a [u8],
    at: usize,
    /// Up to where no backtick and no closing bracket stands, as far as they were looked for.
    unclosed: [usize; 2],
}

impl<'a> Lexer<'a> {
    pub(super) fn new(value: &'a [u8], at: usize) -> Self {
        Self {
            value,
            at,
            unclosed: [0; 2],
        }
    }

    /// Takes over what a copy that was ahead has found out.
    pub(super) fn learn(&mut self, ahead: &Self) {
        self.unclosed = ahead.unclosed;
    }

    #[inline]
    fn peek(&self, ahead: usize) -> u8 {
        self.value.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The next token, or `None` at the end.
    pub(super) fn next(&mut self) -> Option<Lexeme> {
        let mut after_comment = false;
        loop {
            self.skip_blanks();
            let start = self.at;
            let byte = *self.value.get(start)?;
            let token = match byte {
                b'/' if self.peek(1) == b'*' => {
                    if self.peek(2) == b'!' || (self.peek(2) == b'M' && self.peek(3) == b'!') {
                        self.enter_run_comment();
                        after_comment = true;
                        continue;
                    }
                    if self.skip_block_comment() {
                        after_comment = true;
                        continue;
                    }
                    Token::Tail
                }
                b'*' if self.peek(1) == b'/' => {
                    self.at += 2;
                    after_comment = true;
                    continue;
                }
                b'-' if self.peek(1) == b'-' && !self.minus_minus() => {
                    if self.skip_line_comment() {
                        after_comment = true;
                        continue;
                    }
                    Token::Tail
                }
                b'#' if matches!(self.peek(1), b'>' | b'-') && self.peek(2) != b'-' => {
                    self.at += 2;
                    Token::Compare
                }
                b'#' => {
                    if self.skip_line_comment() {
                        after_comment = true;
                        continue;
                    }
                    Token::Tail
                }
                _ => self.token(byte),
            };
            return Some(Lexeme {
                token,
                start,
                end: self.at,
                after_comment,
            });
        }
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while let Some(&byte) = self.value.get(self.at) {
            // A no-break space separates words in MySQL's latin1, and NUL in Access.
            if byte > b' ' && byte != 0xa0 {
                break;
            }
            self.at += 1;
        }
    }

    /// Whether two minus signs stand for two minus signs: an operand follows at once.
    fn minus_minus(&self) -> bool {
        matches!(self.peek(2), b'0'..=b'9' | b'(' | b'@' | b'\'' | b'"')
    }

    fn enter_run_comment(&mut self) {
        self.at += if self.peek(2) == b'!' { 3 } else { 4 };
        while self.peek(0).is_ascii_digit() {
            self.at += 1;
        }
    }

    /// Passes over `/* … */`; `false` if it never ends.
    fn skip_block_comment(&mut self) -> bool {
        let inside = &self.value[self.at + 2..];
        match inside.windows(2).position(|pair| pair == b"*/") {
            Some(length) => {
                self.at += length + 4;
                true
            }
            None => {
                self.at = self.value.len();
                false
            }
        }
    }

    /// Passes over the line; `false` if nothing follows it.
    fn skip_line_comment(&mut self) -> bool {
        let line = &self.value[self.at..];
        match line.iter().position(|&byte| byte == b'\n') {
            Some(length)
                if line[length..]
                    .iter()
                    .any(|byte| !byte.is_ascii_whitespace()) =>
            {
                self.at += length;
                true
            }
            _ => {
                self.at = self.value.len();
                false
            }
        }
    }

    fn token(&mut self, byte: u8) -> Token {
        let next = self.peek(1);
        let (token, length) = match byte {
            b'0'..=b'9' => return self.number(),
            b'.' if next.is_ascii_digit() => return self.number(),
            b'\'' | b'"' => return self.text(byte),
            b'`' => return self.quoted_name(b'`'),
            b'[' => return self.quoted_name(b']'),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => return self.word(),
            b'@' if next != b'>' => return self.variable(),
            b'$' if next == b'$' => (Token::Other, 2),
            b'<' if next == b'=' && self.peek(2) == b'>' => (Token::Compare, 3),
            b'<' if next == b'<' => (Token::Arithmetic, 2),
            b'>' if next == b'>' => (Token::Arithmetic, 2),
            b'<' | b'>' | b'!' if next == b'=' => (Token::Compare, 2),
            b'<' if next == b'>' => (Token::Compare, 2),
            // PostgreSQL's operators on JSON.
            b'<' if next == b'@' && self.is_contained() => (Token::Compare, 2),
            b'@' if next == b'>' => (Token::Compare, 2),
            b'?' if matches!(next, b'|' | b'&') => (Token::Compare, 2),
            b'?' if matches!(next, b' ' | b'\'') => (Token::Compare, 1),
            b'-' if next == b'>' => (Token::Arithmetic, 2 + usize::from(self.peek(2) == b'>')),
            b'=' if next == b'=' => (Token::Compare, 2),
            b'^' if next == b'=' => (Token::Compare, 2),
            b'<' | b'>' | b'=' => (Token::Compare, 1),
            b'!' if matches!(next, b'<' | b'>' | b'~') => (Token::Compare, 2),
            b'|' if next == b'|' => (Token::Bars, 2),
            b'&' if next == b'&' => (Token::Ampersands, 2),
            b':' if matches!(next, b':' | b'=') => (Token::Arithmetic, 2),
            b'+' | b'-' | b'~' | b'!' => (Token::Sign, 1),
            b'*' => (Token::Star, 1),
            // The next parameter of a query string, which was not taken apart.
            b'&' if self.is_parameter() => (Token::Other, 1),
            b'/' | b'%' | b'|' | b'&' | b'^' => (Token::Arithmetic, 1),
            b'\\' if next == b'N' => {
                self.at += 2;
                return Token::Word {
                    known: Some(Word::Constant),
                    called: false,
                };
            }
            b',' => (Token::Comma, 1),
            // Any number of them is as good as one: depths are not compared.
            b'(' => (Token::Open, self.run(byte)),
            b')' => (Token::Close, self.run(byte)),
            b';' => (Token::Semicolon, self.run(byte)),
            // ODBC: {fn …}, {`x` …}.
            b'{' => (Token::Open, 1),
            b'}' => (Token::Close, 1),
            _ => (Token::Other, 1),
        };
        self.at += length;
        token
    }

    /// How often `byte` stands here.
    fn run(&self, byte: u8) -> usize {
        let rest = &self.value[self.at..];
        rest.iter().take_while(|&&next| next == byte).count()
    }

    /// Whether `<@` is one operator: in `1<@ union` an empty variable follows a smaller one.
    fn is_contained(&self) -> bool {
        let rest = self.value[self.at + 2..].iter().take(16);
        let next = rest.copied().find(|&byte| byte > b' ');
        next.is_some_and(|byte| matches!(byte, b'\'' | b'"' | b'(' | b'[' | b'{' | b'$' | b':'))
    }

    /// `&name=`.
    fn is_parameter(&self) -> bool {
        let rest = &self.value[self.at + 1..];
        let length = rest
            .iter()
            .take(32)
            .take_while(|&&byte| is_word(byte))
            .count();
        rest.first().is_some_and(u8::is_ascii_alphabetic) && rest.get(length) == Some(&b'=')
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        if self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X') {
            self.at += 2;
            self.skip_while(|byte| byte.is_ascii_hexdigit());
            return Token::Number;
        }
        self.skip_while(|byte| byte.is_ascii_digit());
        if self.peek(0) == b'.' {
            self.at += 1;
            self.skip_while(|byte| byte.is_ascii_digit());
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            // MySQL takes 1e for a number as well when what follows is none.
            if self.peek(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.skip_while(|byte| byte.is_ascii_digit());
            } else if !is_word(self.peek(1)) {
                self.at += 1;
            }
        }
        if is_word(self.peek(0)) {
            let rest = &self.value[self.at..];
            let length = rest.iter().take_while(|&&byte| is_word(byte)).count();
            if !joins_on(&rest[..length]) {
                // 70s, 2nd: an ordinary word that begins with a digit.
                self.at = start;
                return self.word();
            }
        }
        Token::Number
    }

    fn text(&mut self, quote: u8) -> Token {
        self.at += 1;
        let open = !skip_text(self.value, &mut self.at, quote);
        Token::Text { quote, open }
    }

    fn quoted_name(&mut self, close: u8) -> Token {
        let start = self.at + 1;
        let unclosed = &mut self.unclosed[usize::from(close == b']')];
        let from = start.max(*unclosed);
        let until = self.value.len().min(start + LONGEST_NAME);
        let inside = self.value.get(from..until).unwrap_or_default();
        match inside.iter().position(|&byte| byte == close) {
            Some(length) => {
                self.at = from + length + 1;
                let known = WORDS.get(&self.value[start..from + length]);
                let is_called = close == b'`' && self.peek(0) == b'(';
                let known = known.filter(|word| match word {
                    Word::Schema | Word::Secret => true,
                    // Only MySQL calls a name in quotes of its own: {`if`(1)}.
                    word => is_called && word.is_function(),
                });
                self.qualify(known)
            }
            None => {
                *unclosed = until.max(from);
                self.at += 1;
                Token::Other
            }
        }
    }

    fn variable(&mut self) -> Token {
        let server = self.peek(1) == b'@';
        self.at += 1 + usize::from(server);
        let start = self.at;
        if matches!(self.peek(0), b'`' | b'\'' | b'"') {
            let quote = self.peek(0);
            self.at += 1;
            skip_text(self.value, &mut self.at, quote);
        } else {
            self.skip_while(|byte| is_word(byte) || byte == b'.' || byte == b'#');
        }
        Token::Variable {
            server: server && self.at > start,
        }
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        self.skip_while(is_word);
        // N'…', x'…', _utf8'…': a string with a prefix.
        if self.peek(0) == b'\'' && self.is_string_prefix(start) {
            return self.text(b'\'');
        }
        let known = WORDS.get(&self.value[start..self.at]);
        self.qualify(known)
    }

    fn is_string_prefix(&self, start: usize) -> bool {
        let prefix = &self.value[start..self.at];
        matches!(
            prefix,
            [b'n' | b'N' | b'x' | b'X' | b'b' | b'B' | b'e' | b'E' | b'q' | b'Q']
        ) || prefix.starts_with(b"_")
    }

    /// Takes in `.name` after a name, and looks what follows.
    fn qualify(&mut self, mut known: Option<Word>) -> Token {
        while self.peek(0) == b'.'
            && (is_word(self.peek(1)) || matches!(self.peek(1), b'.' | b'*' | b'`'))
        {
            self.skip_while(|byte| byte == b'.');
            let start = self.at;
            match self.peek(0) {
                b'*' => self.at += 1,
                b'`' => {
                    self.at += 1;
                    self.skip_while(|byte| byte != b'`');
                    self.at = (self.at + 1).min(self.value.len());
                }
                _ => self.skip_while(is_word),
            }
            if !matches!(known, Some(Word::Schema | Word::Hot | Word::Server)) {
                let last = WORDS.get(&self.value[start..self.at]);
                known = last.filter(|word| {
                    matches!(word, Word::Schema | Word::Hot | Word::Server | Word::Secret)
                });
            }
        }
        let mut ahead = 0;
        while matches!(self.peek(ahead), b' ' | b'\t' | b'\n' | b'\r') && ahead < 16 {
            ahead += 1;
        }
        Token::Word {
            known,
            called: self.peek(ahead) == b'(',
        }
    }

    #[inline]
    fn skip_while(&mut self, passes: impl Fn(u8) -> bool) {
        let rest = &self.value[self.at.min(self.value.len())..];
        self.at += rest.iter().take_while(|&&byte| passes(byte)).count();
    }
}

/// Moves `at` behind the closing quote; `false` if there is none.
pub(super) fn skip_text(value: &[u8], at: &mut usize, quote: u8) -> bool {
    while let Some(&byte) = value.get(*at) {
        *at += 1;
        match byte {
            b'\\' => *at += 1,
            _ if byte != quote => {}
            _ if value.get(*at) == Some(&quote) => *at += 1,
            _ => return true,
        }
    }
    *at = value.len();
    false
}

#[inline]
pub(super) fn is_word(byte: u8) -> bool {
    IS_WORD[usize::from(byte)]
}

/// Letters, digits, `_`, `$`, and all beyond ASCII but the no-break space.
static IS_WORD: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        bytes[at] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'$')
            || (byte >= 0x80 && byte != 0xa0);
        at += 1;
    }
    bytes
};

/// The words that may follow a number without a space, as in `1or 1=1`.
fn joins_on(word: &[u8]) -> bool {
    WORDS.get(word).is_some_and(|word| {
        matches!(
            word,
            Word::And
                | Word::Or
                | Word::Between
                | Word::Union
                | Word::From
                | Word::Where
                | Word::Having
                | Word::Limit
                | Word::Order
                | Word::Group
                | Word::Procedure
        )
    })
}
