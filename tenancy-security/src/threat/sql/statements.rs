//! What must follow the first word of a statement for it to be one.

use super::lex::{Lexeme, Lexer, Token};
use super::words::Word;

/// What may stand second.
#[derive(Clone, Copy, Debug)]
pub(super) enum Second {
    /// One of these words.
    Words(&'static [&'static str]),
    /// A name, and one of these words behind it.
    NameThen(&'static [&'static str]),
    /// A variable.
    Variable,
    /// A string, or a parenthesis.
    Operand,
    /// A call.
    Call,
    /// A query in parentheses.
    Query,
    /// A procedure of the server, or a name that no sentence has.
    Procedure,
    /// A number.
    Number,
    /// The end.
    Nothing,
}

use Second::{Call, NameThen, Nothing, Number, Operand, Procedure, Query, Variable, Words};

const THINGS: &[&str] = &[
    "table",
    "database",
    "user",
    "login",
    "view",
    "index",
    "procedure",
    "function",
    "schema",
    "trigger",
    "role",
    "or",
    "temporary",
    "temp",
    "extension",
    "alias",
    "server",
];

const STATEMENTS: &[(&str, &[Second])] = &[
    ("insert", &[Words(&["into", "ignore"])]),
    ("update", &[NameThen(&["set"])]),
    ("delete", &[Words(&["from", "low_priority", "quick"])]),
    ("drop", &[Words(THINGS)]),
    ("create", &[Words(THINGS)]),
    ("alter", &[Words(THINGS)]),
    ("truncate", &[Words(&["table"])]),
    ("rename", &[Words(&["table"])]),
    ("replace", &[Words(&["into"])]),
    ("merge", &[Words(&["into"])]),
    (
        "grant",
        &[Words(&["all", "select", "execute", "connect", "dba"])],
    ),
    ("revoke", &[Words(&["all", "select", "execute"])]),
    ("call", &[Call]),
    ("do", &[Operand, Call]),
    (
        "declare",
        &[
            Variable,
            NameThen(&["varchar", "nvarchar", "int", "cursor", "char"]),
        ],
    ),
    ("begin", &[Words(&["declare"]), Call]),
    (
        "set",
        &[Variable, Words(&["global", "session", "password"])],
    ),
    (
        "show",
        &[Words(&[
            "tables",
            "databases",
            "warnings",
            "columns",
            "grants",
            "variables",
            "schemas",
        ])],
    ),
    ("prepare", &[NameThen(&["from"])]),
    ("shutdown", &[Nothing, Words(&["with"])]),
    ("reconfigure", &[Nothing]),
    ("backup", &[Words(&["database", "log"])]),
    ("restore", &[Words(&["database"])]),
    ("copy", &[NameThen(&["from", "to"]), Query]),
    ("handler", &[NameThen(&["open", "read"])]),
    ("load", &[Words(&["data", "xml"])]),
    ("bulk", &[Words(&["insert"])]),
    ("use", &[NameThen(&["exec", "execute", "select"])]),
    ("kill", &[Number]),
    ("attach", &[Words(&["database"])]),
    (
        "exec",
        &[Variable, Operand, Procedure, Words(&["immediate", "as"])],
    ),
    ("pragma", &[Call, NameThen(&["="])]),
    ("vacuum", &[Nothing, Words(&["full", "into"])]),
    (
        "execute",
        &[Variable, Operand, Procedure, Words(&["immediate", "as"])],
    ),
];

impl Second {
    /// Whether it is a variable or a procedure, which no sentence holds.
    pub(super) fn is_the_servers(self) -> bool {
        matches!(self, Variable | Procedure)
    }
}

/// What stands second in the statement that `first` begins, if it is one.
pub(super) fn second(value: &[u8], first: &[u8], ahead: &mut Lexer<'_>) -> Option<Second> {
    let statement = STATEMENTS
        .iter()
        .find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(first));
    let (_, seconds) = statement?;
    let Some(second) = ahead.next() else {
        return seconds
            .iter()
            .copied()
            .find(|second| matches!(second, Nothing));
    };
    let text = &value[second.start..second.end];
    let third = ahead.next();
    seconds.iter().copied().find(|allowed| match allowed {
        Words(words) => is_one_of(text, words) && third.is_some(),
        NameThen(words) => {
            matches!(second.token, Token::Word { .. })
                && third.is_some_and(|third| is_one_of(&value[third.start..third.end], words))
        }
        Variable => matches!(second.token, Token::Variable { .. }),
        Operand => matches!(second.token, Token::Text { .. } | Token::Open),
        Call => matches!(second.token, Token::Word { called: true, .. }),
        Procedure => {
            matches!(
                second.token,
                Token::Word {
                    known: Some(Word::Server),
                    ..
                }
            ) || (matches!(second.token, Token::Word { .. })
                && (text.contains(&b'_') || text.windows(2).any(|pair| pair == b"..")))
                || third.is_some_and(|third| {
                    matches!(
                        third.token,
                        Token::Word {
                            known: Some(Word::Server),
                            ..
                        }
                    )
                })
        }
        Query => {
            let is_select = |third: &Lexeme| {
                let known = Some(Word::Select);
                matches!(third.token, Token::Word { known: word, .. } if word == known)
            };
            second.token == Token::Open && third.as_ref().is_some_and(is_select)
        }
        Number => second.token == Token::Number,
        Nothing => matches!(second.token, Token::Semicolon | Token::Tail),
    })
}

fn is_one_of(text: &[u8], words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| word.as_bytes().eq_ignore_ascii_case(text))
}
