use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::text;

/// How many tags are parsed. The parser looks through all open elements at each tag, so the time
/// grows with the square of their number: a third of a second for this many, all nested.
const TAGS_MAX: usize = 10_000;

/// How many entities are parsed; the parser's time grows faster than their number, too.
const ENTITIES_MAX: usize = 100_000;

/// How often markup may change under cleaning before it is reduced to text.
const PASSES_MAX: usize = 4;

static POLICY: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut policy = Builder::new();
    policy
        .link_rel(Some("noopener noreferrer nofollow"))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(UrlRelative::PassThrough)
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            ("img", "src") if !is_web_address(value) => None,
            _ => Some(Cow::Borrowed(value)),
        });
    policy
});

/// Cleans until cleaning changes nothing.
pub(super) fn clean(html: &str) -> String {
    if html.is_empty() {
        return String::new();
    }
    if !is_modest(html) {
        return plain(html);
    }
    let mut cleaned = POLICY.clean(html).to_string();
    for _ in 0..PASSES_MAX {
        if !is_modest(&cleaned) {
            return plain(&cleaned);
        }
        let again = POLICY.clean(&cleaned).to_string();
        if again == cleaned {
            return cleaned;
        }
        cleaned = again;
    }
    plain(&text::escape(&text::words(&cleaned)))
}

/// Whether parsing takes little time, now and when the result is cleaned again.
fn is_modest(html: &str) -> bool {
    let count = |wanted| html.bytes().filter(|byte| *byte == wanted).count();
    count(b'<') <= TAGS_MAX && count(b'&') <= ENTITIES_MAX
}

/// What hostile markup is reduced to. Text alone is not rearranged by parsing, so it is stable.
fn plain(html: &str) -> String {
    let text = text::without_tags(html);
    if is_modest(&text) {
        let cleaned = POLICY.clean(&text).to_string();
        if is_modest(&cleaned) {
            return cleaned;
        }
    }
    // Without the characters that are written as entities.
    POLICY
        .clean(&text.replace(['&', '<', '>', '\u{a0}'], " "))
        .to_string()
}

fn is_web_address(value: &str) -> bool {
    let scheme = |name: &str| {
        value
            .get(..name.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(name))
    };
    scheme("http://") || scheme("https://")
}
