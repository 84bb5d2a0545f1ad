//! Expressions between the brackets of a template engine.

use crate::threat::finding::{Severity, ThreatKind, Verdict};
use crate::threat::phrases::Phrases;
use crate::threat::scan::{Bytes, Scan};
use crate::threat::words::Words;

/// How long an expression may be to be looked at.
const LONGEST: usize = 256;

/// Words that templates for people do without.
static WORDS: Phrases<(), 42> = Phrases::new(&[
    ("constructor", ()),
    ("__", ()),
    ("config", ()),
    ("request", ()),
    ("self", ()),
    ("class", ()),
    ("runtime", ()),
    ("forname", ()),
    ("exec", ()),
    ("system", ()),
    ("popen", ()),
    ("eval", ()),
    ("import", ()),
    ("lipsum", ()),
    ("cycler", ()),
    ("joiner", ()),
    ("process", ()),
    ("require", ()),
    ("file", ()),
    ("io.", ()),
    ("os.", ()),
    ("alert(", ()),
    ("|attr", ()),
    ("|filter", ()),
    ("|map", ()),
    ("dump(", ()),
    ("settings.", ()),
    ("global", ()),
    ("payload", ()),
    ("t(java", ()),
    ("@java", ()),
    ("freemarker", ()),
    ("#_", ()),
    ("#context", ()),
    ("session", ()),
    ("ognl", ()),
    ("phpinfo", ()),
    ("print(", ()),
    ("include", ()),
    ("invoke", ()),
    ("range(", ()),
    ("new ", ()),
]);

/// What engines and frameworks hand to each template, named to see whether there is one.
static OBJECTS: Words<(), 32> = Words::new(&[
    ("_context", ()),
    ("_self", ()),
    ("config", ()),
    ("cycler", ()),
    ("debug", ()),
    ("environ", ()),
    ("globals", ()),
    ("joiner", ()),
    ("lipsum", ()),
    ("namespace", ()),
    ("request", ()),
    ("self", ()),
    ("session", ()),
    ("settings", ()),
]);

/// What stands second in a pair that opens an expression.
pub(super) const SECOND: Bytes = Bytes::BRACE
    .or(Bytes::PERCENT)
    .or(Bytes::BRACKET)
    .or(Bytes::PARENTHESIS);

/// Judges a decoded value as a template, sign by sign.
#[derive(Debug)]
pub(super) struct Template<'a> {
    value: &'a [u8],
    lead: usize,
    /// Where the last expression ended.
    from: usize,
}

impl<'a> Template<'a> {
    pub(super) fn of(scan: &Scan<'a>) -> Self {
        Self {
            value: scan.value(),
            lead: scan.lead(),
            from: 0,
        }
    }

    /// Judges the next of the signs that stand [second](SECOND).
    #[inline]
    pub(super) fn see(&mut self, at: usize) -> Option<Verdict> {
        if at <= self.from {
            return None;
        }
        let pair = [self.value[at - 1], self.value[at]];
        // In a row of brackets the last two open the expression.
        if pair[0] == pair[1] && self.value.get(at + 1) == Some(&pair[1]) {
            return None;
        }
        self.expression(at, pair, closing(pair)?)
    }

    /// Judges the expression that `pair` opens.
    fn expression(
        &mut self,
        at: usize,
        pair: [u8; 2],
        (first, second): (u8, Option<u8>),
    ) -> Option<Verdict> {
        let value = self.value;
        // These enclose other things than code as well.
        let only_computes = matches!(&pair, b"@(" | b"[[");
        let &begins = value.get(at + 1)?;
        let may_compute =
            is_of_arithmetic(&begins) || begins == b'=' || begins.is_ascii_whitespace();
        if only_computes && !may_compute {
            return None;
        }
        let closes =
            |one: u8, next: Option<u8>| one == first && (second.is_none() || next == second);
        let inside = &value[at + 1..value.len().min(at + 1 + LONGEST)];
        // Another opening bracket begins an expression of its own.
        let end = (0..inside.len()).find(|&end| {
            let (one, next) = (inside[end], inside.get(end + 1).copied());
            closes(one, next) || (one == pair[0] && next == Some(pair[1]))
        });
        let expression = &inside[..end.unwrap_or(inside.len())];
        let closed = end.is_some_and(|end| closes(inside[end], inside.get(end + 1).copied()));
        self.from = at + expression.len();
        if pair == *b"<%" && is_of_server_page(expression) {
            return found("a page of the server's is begun");
        }
        if closed && is_arithmetic(expression) {
            return found("a template is made to compute");
        }
        if !only_computes && is_code(expression, closed) {
            return found("a template is made to run code");
        }
        let is_probe = closed && pair == *b"{{" && OBJECTS.get(expression.trim_ascii()).is_some();
        is_probe.then(|| {
            let behind = self.from + 2 + usize::from(second.is_some());
            let is_alone = at == self.lead + 1 && value[behind..].trim_ascii().is_empty();
            // A template of a shop's own may name one as well.
            let severity = if is_alone {
                Severity::High
            } else {
                Severity::Low
            };
            let says = "a template is made to show what it runs in";
            Verdict::new(ThreatKind::TemplateInjection, severity, says)
        })
    }
}

/// What closes the expression that a pair opens: one sign or two.
fn closing(open: [u8; 2]) -> Option<(u8, Option<u8>)> {
    Some(match &open {
        b"{{" => (b'}', Some(b'}')),
        b"${" | b"#{" | b"*{" | b"%{" | b"@{" | b"~{" => (b'}', None),
        b"<%" => (b'%', Some(b'>')),
        b"{%" => (b'%', Some(b'}')),
        b"[[" => (b']', Some(b']')),
        b"@(" => (b')', None),
        _ => return None,
    })
}

/// A directive of JSP or ASP, or a command of the system's in Ruby's backticks.
fn is_of_server_page(expression: &[u8]) -> bool {
    let expression = expression.strip_prefix(b"=").unwrap_or(expression);
    match expression.trim_ascii_start() {
        [b'`', ..] => true,
        [b'@', directive @ ..] => ["page", "import", "include", "taglib"]
            .iter()
            .any(|name| directive.trim_ascii_start().starts_with(name.as_bytes())),
        _ => false,
    }
}

fn found(says: &'static str) -> Option<Verdict> {
    Some(Verdict::new(
        ThreatKind::TemplateInjection,
        Severity::High,
        says,
    ))
}

/// `7*7`, `'7'*7`, `1337 + 1`: constants and an operator.
fn is_arithmetic(expression: &[u8]) -> bool {
    let expression = expression.trim_ascii();
    let expression = expression.strip_prefix(b"=").unwrap_or(expression);
    let expression = expression.strip_prefix(b"{").unwrap_or(expression);
    let digits = expression
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .count();
    let operators = expression
        .iter()
        .filter(|byte| matches!(byte, b'*' | b'+' | b'/' | b'%'))
        .count()
        + usize::from(expression.iter().skip(1).any(|&byte| byte == b'-'));
    digits >= 2 && operators >= 1 && expression.iter().all(is_of_arithmetic)
}

fn is_of_arithmetic(byte: &u8) -> bool {
    byte.is_ascii_digit()
        || matches!(
            byte,
            b'*' | b'+'
                | b'/'
                | b'%'
                | b'-'
                | b' '
                | b'\''
                | b'"'
                | b'('
                | b')'
                | b'.'
                | b'{'
                | b'}'
        )
}

/// A word that reaches into the engine, together with what makes a call or a path of it.
fn is_code(expression: &[u8], closed: bool) -> bool {
    let reaches = expression
        .iter()
        .any(|byte| matches!(byte, b'(' | b'[' | b'.' | b'|' | b'_' | b'@' | b'#'));
    let calls = expression
        .iter()
        .any(|byte| matches!(byte, b'(' | b'[' | b'|'));
    if !reaches || (!closed && !calls) {
        return false;
    }
    let mut words = 0;
    WORDS.find(expression, |_, _, ()| {
        words += 1;
        words >= 2
    });
    words >= 2 || (words >= 1 && calls)
}
