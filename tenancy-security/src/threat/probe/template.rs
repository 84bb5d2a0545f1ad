//! Expressions between the brackets of a template engine.

use crate::threat::finding::{Severity, ThreatKind, Verdict};

/// What opens an expression, and what closes it.
const BRACKETS: &[(&[u8], &[u8])] = &[
    (b"{{", b"}}"),
    (b"${", b"}"),
    (b"#{", b"}"),
    (b"*{", b"}"),
    (b"%{", b"}"),
    (b"@{", b"}"),
    (b"~{", b"}"),
    (b"<%", b"%>"),
    (b"{%", b"%}"),
    (b"[[", b"]]"),
    (b"@(", b")"),
];

/// How long an expression may be to be looked at.
const LONGEST: usize = 256;

/// Words that templates for people do without.
const WORDS: &[&[u8]] = &[
    b"constructor", b"__", b"config", b"request", b"self", b"_self", b"class", b"runtime",
    b"getclass", b"forname", b"exec", b"system", b"popen", b"eval", b"import", b"lipsum",
    b"cycler", b"joiner", b"process", b"require", b"file", b"io.", b"os.", b"alert(", b"new ",
    b"range(", b"|attr", b"|filter", b"|map", b"dump(", b"settings.", b"global", b"payload",
    b"t(java", b"@java", b"freemarker", b"#_", b"#context", b"session", b"ognl", b"phpinfo",
    b"print(", b"include", b"invoke",
];

pub(super) fn judge(value: &[u8]) -> Option<Verdict> {
    for (at, pair) in value.windows(2).enumerate() {
        if !matches!(pair[1], b'{' | b'%' | b'[' | b'(') {
            continue;
        }
        let Some((_, close)) = BRACKETS.iter().find(|(open, _)| *open == pair) else {
            continue;
        };
        let inside = &value[at + 2..value.len().min(at + 2 + LONGEST)];
        let end = inside.windows(close.len()).position(|window| window == *close);
        let closed = end.is_some();
        let expression = &inside[..end.unwrap_or(inside.len())];
        if closed && is_arithmetic(expression) {
            return found("a template is made to compute");
        }
        if pair != b"@(" && pair != b"[[" && is_code(expression, closed) {
            return found("a template is made to run code");
        }
    }
    None
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
    let digits = expression.iter().filter(|byte| byte.is_ascii_digit()).count();
    let operators = expression.iter().filter(|byte| matches!(byte, b'*' | b'+' | b'/' | b'%')).count()
        + usize::from(expression.iter().skip(1).any(|&byte| byte == b'-'));
    digits >= 2
        && operators >= 1
        && expression.iter().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'*' | b'+' | b'/' | b'%' | b'-' | b' ' | b'\'' | b'"' | b'(' | b')' | b'.' | b'{' | b'}')
        })
}

/// A word that reaches into the engine, together with what makes a call or a path of it.
fn is_code(expression: &[u8], closed: bool) -> bool {
    let reaches = expression
        .iter()
        .any(|byte| matches!(byte, b'(' | b'[' | b'.' | b'|' | b'_' | b'@' | b'#'));
    let calls = expression.iter().any(|byte| matches!(byte, b'(' | b'[' | b'|'));
    if !reaches || (!closed && !calls) {
        return false;
    }
    let words = WORDS.iter().filter(|word| {
        expression
            .windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word))
    });
    let words = words.count();
    words >= 2 || (words >= 1 && calls)
}
