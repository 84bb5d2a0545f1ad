use std::str::FromStr;

/// Paths whose requests are let through from anywhere, such as webhooks that prove themselves.
///
/// `/webhooks/stripe` is that path alone; `/webhooks/` is all below it and not `/webhooks`; `{}`
/// stands for one segment of any name, as in `/hooks/{}/paid`. Segments are compared as they were
/// sent, case and all. A path that could be read as another one (`..`, `//`, a percent-encoding, `;`,
/// `\`) is never exempt, whatever the service behind makes of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExemptPath {
    segments: Box<[Segment]>,
    all_below: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Segment {
    Any,
    Named(Box<str>),
}

/// Why a text is no [`ExemptPath`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidExemptPath {
    /// All paths, or all of some depth: then the layer would be of no use.
    #[error("an exemption names at least its first segment")]
    Everything,
    /// No path of plain segments.
    #[error("an exemption is a path of plain segments, such as /webhooks/")]
    Segment,
}

impl ExemptPath {
    /// Whether the path of a request, undecoded, is among them.
    pub fn contains(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else {
            return false;
        };
        let mut sent = path.split('/');
        let named = self.segments.iter().all(|segment| {
            sent.next().is_some_and(|sent| match segment {
                Segment::Any => is_plain(sent),
                Segment::Named(name) => sent == &**name,
            })
        });
        if !named {
            return false;
        }
        let mut below = sent.peekable();
        if below.peek().is_none() {
            return !self.all_below;
        }
        while let Some(segment) = below.next() {
            let closing_slash = segment.is_empty() && below.peek().is_none();
            if !closing_slash && !is_plain(segment) {
                return false;
            }
        }
        self.all_below
    }
}

impl FromStr for ExemptPath {
    type Err = InvalidExemptPath;

    fn from_str(text: &str) -> Result<Self, InvalidExemptPath> {
        let path = text.strip_prefix('/').ok_or(InvalidExemptPath::Segment)?;
        let (path, all_below) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, false),
        };
        if path.is_empty() {
            return Err(InvalidExemptPath::Everything);
        }
        let segments = path.split('/').map(|segment| match segment {
            "{}" => Ok(Segment::Any),
            name if is_plain(name) => Ok(Segment::Named(name.into())),
            _ => Err(InvalidExemptPath::Segment),
        });
        let segments = segments.collect::<Result<Box<[_]>, _>>()?;
        if segments.first() == Some(&Segment::Any) {
            return Err(InvalidExemptPath::Everything);
        }
        Ok(Self {
            segments,
            all_below,
        })
    }
}

/// A segment that everybody reads alike.
fn is_plain(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~@:+,=".contains(&byte);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(exempt: &str, path: &str, expected: bool) {
        let exempt: ExemptPath = exempt.parse().unwrap();
        assert_eq!(exempt.contains(path), expected, "{path} of {exempt:?}");
    }

    #[test]
    fn an_exemption_is_matched_by_whole_segments_as_they_were_sent() {
        check("/webhooks/", "/webhooks/", true);
        check("/webhooks/", "/webhooks/stripe", true);
        check("/webhooks/", "/webhooks/stripe/paid/", true);
        check("/webhooks/", "/webhooks", false);
        check("/webhooks/", "/webhooksx/stripe", false);
        check("/webhooks/", "/x/webhooks/stripe", false);
        check("/webhooks/", "/webhooks/../account", false);
        check("/webhooks/", "/webhooks/./x", false);
        check("/webhooks/", "/webhooks/..", false);
        check("/webhooks/", "/webhooks/..;/account", false);
        check("/webhooks/", "/webhooks/x/../../account", false);
        check("/webhooks/", "/x/../webhooks/x", false);
        check("/webhooks/", "//webhooks/x", false);
        check("/webhooks/", "/webhooks//x", false);
        check("/webhooks/", "/webhooks//", false);
        check("/webhooks/", "/WEBHOOKS/", false);
        check("/webhooks/", "/webhooks%2f..%2faccount", false);
        check("/webhooks/", "/webhooks/..%2faccount", false);
        check("/webhooks/", "/webhooks/%2e%2e/account", false);
        check("/webhooks/", "/webhooks/..\\account", false);
        check("/webhooks/", "/%77ebhooks/x", false);
        check("/webhooks/", "webhooks/x", false);
        check("/webhooks/", "*", false);
        check("/webhooks/", "", false);
    }

    #[test]
    fn an_exact_exemption_has_nothing_below_and_a_wildcard_is_one_segment() {
        check("/hook", "/hook", true);
        check("/hook", "/hook/", false);
        check("/hook", "/hook/x", false);
        check("/only/{}", "/only/123", true);
        check("/only/{}", "/only/123/foo", false);
        check("/only/{}", "/only/", false);
        check("/only/{}", "/only/..", false);
        check("/only/{}/paid/", "/only/123/paid/x", true);
    }

    #[test]
    fn what_would_exempt_everything_is_refused() {
        let check = |text: &str, expected| {
            assert_eq!(text.parse::<ExemptPath>(), Err(expected), "{text}");
        };
        check("/", InvalidExemptPath::Everything);
        check("/{}", InvalidExemptPath::Everything);
        check("/{}/x", InvalidExemptPath::Everything);
        check("", InvalidExemptPath::Segment);
        check("*", InvalidExemptPath::Segment);
        check("/*", InvalidExemptPath::Segment);
        check("//", InvalidExemptPath::Everything);
        check("/a/../b", InvalidExemptPath::Segment);
        check("/a%2fb", InvalidExemptPath::Segment);
        check("webhooks/", InvalidExemptPath::Segment);
    }

    proptest! {
        /// However a service decodes and resolves it.
        #[test]
        fn an_exempt_path_leads_nowhere_else(path in r"(/?(hooks|HOOKS|\.|\.\.|%2e|%2f|%5c|\\|;|a|)){0,8}") {
            let exempt: ExemptPath = "/hooks/".parse().unwrap();
            if exempt.contains(&path) {
                let decoded = path.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
                let mut resolved = Vec::new();
                for segment in decoded.split(['/', '\\']) {
                    match segment.split(';').next() {
                        Some("" | ".") | None => {}
                        Some("..") => drop(resolved.pop()),
                        Some(name) => resolved.push(name),
                    }
                }
                prop_assert_eq!(resolved.first(), Some(&"hooks"), "{}", path);
                prop_assert!(path.starts_with("/hooks/"));
            }
        }
    }
}
