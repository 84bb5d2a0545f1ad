use http::header::COOKIE;
use http::request::Parts;

/// Says which session a request belongs to, so that a token of another is worth nothing.
///
/// It has to look where the sign-in looks, and to name something that changes when somebody signs in.
/// A closure `Fn(&Parts) -> Option<Vec<u8>>` is one.
pub trait SessionOf: Send + Sync + 'static {
    /// What tells the session from all others; `None` for a request without one, which needs no
    /// token.
    fn session(&self, request: &Parts) -> Option<Vec<u8>>;
}

impl<F> SessionOf for F
where
    F: Fn(&Parts) -> Option<Vec<u8>> + Send + Sync + 'static,
{
    fn session(&self, request: &Parts) -> Option<Vec<u8>> {
        self(request)
    }
}

/// The session is what the cookie of this name holds.
///
/// Name it `__Host-…`: browsers then take it from this host over TLS alone, so that no sibling plants
/// one. Where a second cookie of the name was planted all the same, no token fits.
#[derive(Clone, Debug)]
pub struct SessionCookie(Box<str>);

impl SessionCookie {
    /// The cookie of this name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }
}

impl SessionOf for SessionCookie {
    fn session(&self, request: &Parts) -> Option<Vec<u8>> {
        let mut session = None;
        for line in request.headers.get_all(COOKIE) {
            for pair in line.as_bytes().split(|byte| *byte == b';') {
                let pair = pair.trim_ascii();
                let Some(rest) = pair.strip_prefix(self.0.as_bytes()) else {
                    continue;
                };
                if let Some(value) = rest.strip_prefix(b"=") {
                    let session = session.get_or_insert_with(Vec::new);
                    session.extend_from_slice(value);
                    session.push(b';'); // stands in no value, so two are never taken for one
                }
            }
        }
        session
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn the_session_is_what_its_cookies_hold() {
        let check = |lines: &[&str], expected: Option<&str>| {
            let mut request = Request::get("/");
            for line in lines {
                request = request.header(COOKIE, *line);
            }
            let (request, ()) = request.body(()).unwrap().into_parts();
            let session = SessionCookie::new("__Host-session").session(&request);
            let expected = expected.map(|text| text.as_bytes().to_vec());
            assert_eq!(session, expected, "{lines:?}");
        };
        check(&["__Host-session=a"], Some("a;"));
        check(&["x=1; __Host-session=a=b; y=2"], Some("a=b;"));
        check(&["x=1", "__Host-session=a"], Some("a;"));
        check(&["__Host-session=a; __Host-session=b"], Some("a;b;"));
        check(&["__Host-session="], Some(";"));
        check(
            &["__host-session=a; __Host-session2=a; x__Host-session=a"],
            None,
        );
        check(&[], None);
    }
}
