use http::HeaderMap;
use http::header::{CACHE_CONTROL, ETAG, HeaderName, HeaderValue, LAST_MODIFIED};

const FOR_SHARED_CACHES: [HeaderName; 2] = [
    HeaderName::from_static("cdn-cache-control"),
    HeaderName::from_static("surrogate-control"),
];

/// Keeps a page with a nonce from being shown again with another header: no shared cache stores it,
/// and without a validator nobody is told that an old page is still good.
pub(super) fn keep_to_one_client(headers: &mut HeaderMap) {
    if !is_kept_to_one_client(headers) {
        let no_store = HeaderValue::from_static("no-store, max-age=0");
        headers.insert(CACHE_CONTROL, no_store);
    }
    headers.remove(ETAG);
    headers.remove(LAST_MODIFIED);
    for name in FOR_SHARED_CACHES {
        headers.remove(name);
    }
}

fn is_kept_to_one_client(headers: &HeaderMap) -> bool {
    let (mut kept, mut shared) = (false, false);
    for line in headers.get_all(CACHE_CONTROL) {
        for directive in line.as_bytes().split(|byte| *byte == b',') {
            let directive = directive.trim_ascii().to_ascii_lowercase();
            kept |= matches!(&*directive, b"no-store" | b"private");
            shared |= directive == b"public" || directive.starts_with(b"s-maxage");
        }
    }
    kept && !shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shared_cache_could_keep_is_replaced() {
        let check = |lines: &[&'static str], expected: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CACHE_CONTROL, HeaderValue::from_static(line));
            }
            headers.insert(ETAG, HeaderValue::from_static("\"1\""));
            keep_to_one_client(&mut headers);
            let left: Vec<_> = headers.get_all(CACHE_CONTROL).iter().collect();
            assert_eq!(left, expected, "{lines:?}");
            assert_eq!(headers.get(ETAG), None);
        };
        let replaced = &["no-store, max-age=0"][..];
        check(&[], replaced);
        check(&["public, max-age=60"], replaced);
        check(&["no-cache"], replaced);
        check(&["private, s-maxage=60"], replaced);
        check(&["private", "public"], replaced);
        check(&["private=\"set-cookie\""], replaced);
        check(&["no-store"], &["no-store"]);
        check(&["Private, max-age=60"], &["Private, max-age=60"]);
        check(&["max-age=60", "no-store"], &["max-age=60", "no-store"]);
    }
}
