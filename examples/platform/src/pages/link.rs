use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters that RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// An address that a page may point to: a path on its own host, or another page on the web.
///
/// Nothing else can be built, so a page cannot point to `javascript:` or `data:`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Link(String);

impl Link {
    pub(crate) fn home() -> Self {
        Self("/".to_owned())
    }

    /// A shop's back office.
    pub(crate) fn admin() -> Self {
        Self("/admin".to_owned())
    }

    /// The platform's console.
    pub(crate) fn console() -> Self {
        Self("/platform".to_owned())
    }

    /// A path of the program's own.
    pub(crate) fn within(path: &'static str) -> Self {
        Self(path.to_owned())
    }

    /// Its list of shops from behind one on.
    pub(crate) fn console_after(slug: &str) -> Self {
        Self::within("/platform/shops").with_query(&[("after", slug)])
    }

    pub(crate) fn sign_in() -> Self {
        Self("/login".to_owned())
    }

    /// The platform's list of shops from behind one on.
    pub(crate) fn shops_after(slug: &str) -> Self {
        Self(format!("/?after={}", encode(slug)))
    }

    pub(crate) fn products() -> Self {
        Self("/products".to_owned())
    }

    pub(crate) fn product(slug: &str) -> Self {
        Self(format!("/products/{}", encode(slug)))
    }

    /// The product's page with one of its variants chosen, scrolled to the choice.
    pub(crate) fn variant(slug: &str, sku: &str) -> Self {
        Self(format!(
            "/products/{}?variant={}#choose",
            encode(slug),
            encode(sku)
        ))
    }

    pub(crate) fn categories() -> Self {
        Self("/categories".to_owned())
    }

    pub(crate) fn category(slug: &str) -> Self {
        Self(format!("/categories/{}", encode(slug)))
    }

    /// The drawn picture of a product, see [`pictures`](crate::pictures).
    pub(crate) fn picture(slug: &str, category: &str) -> Self {
        Self(format!(
            "/pictures/{}.svg?in={}",
            encode(slug),
            encode(category)
        ))
    }

    /// A path on the page's own host.
    pub(crate) fn local(path: &str) -> Option<Self> {
        // Browsers read `//host` and `/\host` as another host, and skip tabs and line breaks.
        let escapes =
            path.starts_with("//") || path.contains('\\') || path.contains(char::is_control);
        (path.starts_with('/') && !escapes).then(|| Self(path.to_owned()))
    }

    /// A page on the web, at its full `http` or `https` address.
    pub(crate) fn web(url: &str) -> Option<Self> {
        let uri: http::Uri = url.parse().ok()?;
        let web = matches!(uri.scheme_str(), Some("http" | "https"));
        let plain = uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'));
        (web && plain).then(|| Self(url.to_owned()))
    }

    /// The host of a [`web`](Self::web) link.
    pub(crate) fn host(&self) -> Option<String> {
        self.0.parse::<http::Uri>().ok()?.host().map(str::to_owned)
    }

    /// Adds a query of names and values, all of them encoded.
    pub(crate) fn with_query(&self, pairs: &[(&str, &str)]) -> Self {
        let query: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        if query.is_empty() {
            return self.clone();
        }
        Self(format!("{}?{}", self.0, query.join("&")))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn encode(part: &str) -> String {
    // `.` and `..` would be taken as steps along the path.
    match part {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(part, RESERVED).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Link;

    #[test]
    fn only_a_path_is_local() {
        for path in ["/media/mug.jpg", "/", "/a?b=c"] {
            assert_eq!(
                Link::local(path).map(|link| link.to_string()).as_deref(),
                Some(path)
            );
        }
        for path in [
            "",
            "media",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\0/evil.example",
            "javascript:x",
        ] {
            assert_eq!(Link::local(path), None, "{path:?}");
        }
    }

    #[test]
    fn only_http_is_the_web() {
        let link = Link::web("https://cdn.example/mug.jpg?v=1").unwrap();
        assert_eq!(link.host().as_deref(), Some("cdn.example"));
        for url in [
            "javascript:alert(1)",
            "JavaScript://cdn.example/%0aalert(1)",
            "data:text/html,x",
            "//cdn.example/mug.jpg",
            "/mug.jpg",
            "https://shop.example@evil.example/",
            " https://cdn.example/",
        ] {
            assert_eq!(Link::web(url), None, "{url:?}");
        }
    }

    #[test]
    fn names_are_encoded() {
        assert_eq!(Link::product("a/b?c").to_string(), "/products/a%2Fb%3Fc");
        assert_eq!(Link::category("..").to_string(), "/categories/%2E%2E");
        assert_eq!(
            Link::variant("mug", "A&B#1").to_string(),
            "/products/mug?variant=A%26B%231#choose"
        );
        assert_eq!(
            Link::products()
                .with_query(&[("q", "\"tea\" & cake")])
                .to_string(),
            "/products?q=%22tea%22%20%26%20cake"
        );
    }
}
