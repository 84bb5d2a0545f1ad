//! Document types and entities, which an XML parser may follow to files and addresses.

use crate::threat::finding::{Severity, ThreatKind, Verdict};

/// Judges the `<` at `at`.
#[inline]
pub(super) fn judge(value: &[u8], at: usize) -> Option<Verdict> {
    let begins = matches!(value.get(at + 1), Some(b'!' | b'?' | b'x' | b'X'));
    begins.then(|| judge_declaration(&value[at + 1..value.len().min(at + 1 + 512)]))?
}

/// Judges what stands behind a `<`.
fn judge_declaration(rest: &[u8]) -> Option<Verdict> {
    let found = |says| Some(Verdict::new(ThreatKind::XmlEntity, Severity::High, says));
    let begins = matches!(
        rest,
        [b'!', b'e' | b'E' | b'd' | b'D', ..] | [b'?' | b'x' | b'X', ..]
    );
    if !begins {
        return None;
    }
    let rest = &rest[..rest
        .iter()
        .position(|&byte| byte == b'<')
        .unwrap_or(rest.len())];
    if starts_with(rest, b"!entity") {
        return found("an entity is declared");
    }
    if let Some(rest) = after(rest, b"!doctype") {
        let inside = &rest[..rest
            .iter()
            .position(|byte| matches!(byte, b'>' | b'['))
            .unwrap_or(rest.len())];
        let has_subset = rest.get(inside.len()) == Some(&b'[');
        let external = contains(inside, b"system") || contains(inside, b"public");
        // XHTML names its document type by a public identifier of the W3C.
        let is_xhtml = contains(inside, b"-//w3c//dtd") || contains(inside, b"about:legacy-compat");
        if has_subset || (external && !is_xhtml) {
            return found("a document type reads another file");
        }
    }
    if starts_with(rest, b"xi:include") {
        return found("a file is included");
    }
    if starts_with(rest, b"?xml-stylesheet")
        || starts_with(rest, b"?import")
        || starts_with(rest, b"?xml:namespace")
        || starts_with(rest, b"xsl:stylesheet")
        || starts_with(rest, b"xsl:template")
    {
        return Some(Verdict::new(
            ThreatKind::CrossSiteScripting,
            Severity::High,
            "a style sheet transforms the document",
        ));
    }
    None
}

fn after<'a>(text: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    starts_with(text, prefix).then(|| &text[prefix.len()..])
}

fn starts_with(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len())
        .any(|window| window.eq_ignore_ascii_case(word))
}
