use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::text;

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
    let mut cleaned = POLICY.clean(html).to_string();
    for _ in 0..PASSES_MAX {
        let again = POLICY.clean(&cleaned).to_string();
        if again == cleaned {
            return cleaned;
        }
        cleaned = again;
    }
    // Text without markup is not rearranged by parsing, so this one is stable.
    POLICY
        .clean(&text::escape(&text::words(&cleaned)))
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
