//! Log4j's lookups: `${jndi:ldap://…}`, however its letters are put together.

use crate::threat::finding::{Severity, ThreatKind, Verdict};

const LOOKUPS: &[&[u8]] = &[
    b"jndi",
    b"lower",
    b"upper",
    b"env",
    b"sys",
    b"java",
    b"date",
    b"ctx",
    b"main",
    b"map",
    b"sd",
    b"log4j",
    b"docker",
    b"k8s",
    b"kubernetes",
    b"spring",
    b"web",
    b"bundle",
    b"marker",
    b"event",
    b"script",
    b"dns",
    b"url",
    b"urldecoder",
    b"base64decoder",
    b"base64encoder",
    b"const",
    b"file",
    b"resourcebundle",
    b"xml",
];

/// Judges the brace at `at`.
#[inline]
pub(super) fn judge(value: &[u8], at: usize) -> Option<Verdict> {
    is_lookup(value, at).then_some(Verdict::new(
        ThreatKind::JndiLookup,
        Severity::Critical,
        "a lookup of Log4j is started",
    ))
}

/// Whether the brace at `at` opens one.
fn is_lookup(value: &[u8], at: usize) -> bool {
    if !matches!(value[..at].last(), Some(b'$' | b'#')) {
        return false;
    }
    let rest = &value[at + 1..value.len().min(at + 33)];
    let end = rest
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'-'))
        .unwrap_or(rest.len());
    let name = &rest[..end];
    // ${VARIABLE:-default} is a shell's; ${::-j} and ${-:-j} nobody's but an attacker's.
    let is_known = || {
        LOOKUPS.iter().any(|known| name.eq_ignore_ascii_case(known))
            || name.iter().all(|byte| *byte == b'-')
            || has_default(&rest[end + 1..])
    };
    rest.get(end) == Some(&b':')
        && rest
            .get(end + 1)
            .is_some_and(|byte| !matches!(byte, b' ' | b'='))
        && is_known()
}

/// Whether a key with a default follows, which makes any name before it do: `${any:thing:-j}`.
fn has_default(key: &[u8]) -> bool {
    let end = key.iter().position(|byte| *byte == b'}');
    let key = &key[..end.unwrap_or(key.len())];
    let at = key.windows(2).position(|two| two == b":-");
    at.is_some_and(|at| at > 0)
}
