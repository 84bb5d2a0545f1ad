use std::ops::BitOrAssign;

/// What the grammar has come across since its last fresh start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Marks(u64);

impl Marks {
    pub(super) const NONE: Self = Self(0);
    /// `AND`, `OR`, `XOR`, `&&`, `||` between operands.
    pub(super) const LOGIC: Self = Self(1);
    /// A comparison with two constants.
    pub(super) const CONSTANTS_COMPARED: Self = Self(1 << 1);
    /// A comparison with a function's result, a subquery or the server's variable.
    pub(super) const RESULT_COMPARED: Self = Self(1 << 2);
    /// Any other comparison.
    pub(super) const COMPARED: Self = Self(1 << 3);
    /// `OR` with a constant that is true, `AND` with one that decides.
    pub(super) const CONSTANT_DECIDES: Self = Self(1 << 4);
    pub(super) const ARITHMETIC: Self = Self(1 << 5);
    pub(super) const HOT_CALL: Self = Self(1 << 6);
    pub(super) const KNOWN_CALL: Self = Self(1 << 7);
    pub(super) const COMMON_CALL: Self = Self(1 << 8);
    /// A second function of SQL.
    pub(super) const MORE_CALLS: Self = Self(1 << 9);
    pub(super) const UNION_SELECT: Self = Self(1 << 10);
    /// `SELECT` where an operand may stand.
    pub(super) const SELECT: Self = Self(1 << 11);
    /// `( SELECT`.
    pub(super) const SUBQUERY: Self = Self(1 << 12);
    /// `FROM` after a `SELECT`.
    pub(super) const FROM: Self = Self(1 << 13);
    /// A second statement.
    pub(super) const STACKED: Self = Self(1 << 14);
    /// The rest is commented out.
    pub(super) const TAIL: Self = Self(1 << 15);
    /// `INTO OUTFILE '…'`.
    pub(super) const INTO_FILE: Self = Self(1 << 16);
    /// `ORDER BY`, `GROUP BY`, `LIMIT`, with numbers.
    pub(super) const CLAUSE: Self = Self(1 << 17);
    pub(super) const HAVING: Self = Self(1 << 18);
    pub(super) const WHERE: Self = Self(1 << 19);
    pub(super) const CASE: Self = Self(1 << 20);
    /// A table of the database's own, or a value that only it knows.
    pub(super) const SCHEMA: Self = Self(1 << 21);
    pub(super) const SECRET: Self = Self(1 << 22);
    pub(super) const SERVER: Self = Self(1 << 23);
    /// Strings joined by `||` or by standing side by side.
    pub(super) const JOINED: Self = Self(1 << 24);
    /// A comment between two tokens.
    pub(super) const COMMENT: Self = Self(1 << 25);
    /// A parenthesis was closed that the value had not opened.
    pub(super) const CLOSED: Self = Self(1 << 26);
    /// A constant in a list, or `*`: what a select list is made of.
    pub(super) const LIST: Self = Self(1 << 27);
    pub(super) const PROCEDURE: Self = Self(1 << 28);
    pub(super) const WAITFOR: Self = Self(1 << 29);
    /// The value's last token is the quote that the query itself will close.
    pub(super) const REOPENED: Self = Self(1 << 30);
    /// Two quotes with nothing but an operator between them.
    pub(super) const QUOTES_JOINED: Self = Self(1 << 31);
    /// A statement at the value's beginning, where it may be a sentence.
    pub(super) const STATEMENT: Self = Self(1 << 32);
    /// The comment hides next to nothing.
    pub(super) const BARE_TAIL: Self = Self(1 << 33);
    /// Likewise, and only numbers stand before it.
    pub(super) const CONSTANT_TAIL: Self = Self(1 << 34);
    /// An operand was a name.
    pub(super) const NAME: Self = Self(1 << 35);
    /// The value ends its quotes and the query with them.
    pub(super) const ENDED: Self = Self(1 << 37);
    /// `1.or`: a number and a word without a blank, which only SQL tells apart.
    pub(super) const GLUED: Self = Self(1 << 38);
    /// A function is called by its name in backticks.
    pub(super) const QUOTED_CALL: Self = Self(1 << 39);
    pub(super) const COMMA: Self = Self(1 << 36);
    /// `INTO @variable`.
    pub(super) const INTO_VARIABLE: Self = Self(1 << 40);

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// One of the marks, if there is any.
    pub(super) const fn highest(self) -> Self {
        match self.0.checked_ilog2() {
            Some(bit) => Self(1 << bit),
            None => Self::NONE,
        }
    }

    pub(super) const fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    pub(super) const fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

impl BitOrAssign for Marks {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
