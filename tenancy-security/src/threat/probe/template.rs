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

pub(super) fn judge(scan: &Scan<'_>) -> Option<Verdict> {
    let value = scan.value();
    let second = Bytes::BRACE
        .or(Bytes::PERCENT)
        .or(Bytes::BRACKET)
        .or(Bytes::PARENTHESIS);
    // Where the last expression ended.
    let mut from = 0;
    Verdict::gravest(scan.signs(second).filter_map(|(at, _)| {
        if at <= from {
            return None;
        }
        let pair = [value[at - 1], value[at]];
        let close = closing(pair)?;
        // These enclose other things than code as well.
        let only_computes = matches!(&pair, b"@(" | b"[[");
        let first = value.get(at + 1)?;
        let may_compute = is_of_arithmetic(first) || *first == b'=' || first.is_ascii_whitespace();
        if only_computes && !may_compute {
            return None;
        }
        let (first, second) = close;
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
        from = at + expression.len();
        if closed && is_arithmetic(expression) {
            return found("a template is made to compute");
        }
        if !only_computes && is_code(expression, closed) {
            return found("a template is made to run code");
        }
        let is_probe = closed && pair == *b"{{" && OBJECTS.get(expression.trim_ascii()).is_some();
        is_probe.then(|| {
            let behind = &value[from + 2 + usize::from(second.is_some())..];
            let is_alone = at == scan.lead() + 1 && behind.trim_ascii().is_empty();
            // A template of a shop's own may name one as well.
            let severity = if is_alone {
                Severity::High
            } else {
                Severity::Low
            };
            let says = "a template is made to show what it runs in";
            Verdict::new(ThreatKind::TemplateInjection, severity, says)
        })
    }))
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
