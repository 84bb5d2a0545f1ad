use http::header::{COOKIE, HeaderName};
use http::{HeaderMap, HeaderValue};

use super::id::SessionId;

/// The name of the cookie. Browsers take what begins with `__Host-` from the host itself alone, and over
/// TLS or from a loopback host.
pub const COOKIE_NAME: &str = "__Host-session";

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

impl SessionId {
    /// The id in a request's cookie. A second cookie of the name was planted, and then neither counts.
    pub fn sent(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(COOKIE).iter();
        let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
        let mut values = pairs.filter_map(|pair| {
            let rest = pair.trim_ascii().strip_prefix(COOKIE_NAME.as_bytes())?;
            rest.strip_prefix(b"=")
        });
        match (values.next(), values.next()) {
            (Some(value), None) => str::from_utf8(value).ok()?.parse().ok(),
            _ => None,
        }
    }

    /// `Set-Cookie` with the id, for the answer to a sign-in.
    pub fn set_cookie(&self) -> HeaderValue {
        let (name, id) = (COOKIE_NAME, self.expose());
        let cookie = format!("{name}={id}; Path=/; Secure; HttpOnly; SameSite=Lax");
        let mut cookie = HeaderValue::try_from(cookie).expect("an id is plain ASCII");
        cookie.set_sensitive(true);
        cookie
    }
}

/// `Set-Cookie` that takes the cookie back, for the answer to a sign-out.
pub fn clear_cookie() -> HeaderValue {
    HeaderValue::from_static("__Host-session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}

/// `Clear-Site-Data`, for the answer to a sign-out: what the browser keeps of the pages goes.
///
/// Cookies are left out, for browsers would clear those of all hosts under the registered domain,
/// and sign people out of other tenants: [`clear_cookie`] takes back this host's.
pub fn clear_site_data() -> (HeaderName, HeaderValue) {
    let kinds = HeaderValue::from_static("\"cache\", \"storage\"");
    (CLEAR_SITE_DATA, kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_cookie_of_the_name_is_read() {
        let (id, other) = (SessionId::generate(), SessionId::generate());
        let (text, other) = (id.expose(), other.expose());
        let check = |lines: &[&str], expected: bool| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
            }
            let sent = SessionId::sent(&headers).map(|sent| sent.digest());
            assert_eq!(sent, expected.then(|| id.digest()), "{lines:?}");
        };
        check(&[&format!("__Host-session={text}")], true);
        check(&[&format!("a=b;  __Host-session={text} ;c=d")], true);
        check(&["a=b", &format!("__Host-session={text}")], true);
        check(
            &[&format!("__Host-session={text}; __Host-session={other}")],
            false,
        );
        check(
            &[&format!("__Host-session={text}; __Host-session={text}")],
            false,
        );
        check(&[&format!("session={text}")], false);
        check(&[&format!("__host-session={text}")], false);
        check(&["__Host-session=", "__Host-session"], false);
        check(&[], false);
    }

    #[test]
    fn the_cookie_has_every_guard_a_cookie_can_have() {
        let id = SessionId::generate();
        let flags = "; Path=/; Secure; HttpOnly; SameSite=Lax";
        let set = format!("__Host-session={}{flags}", id.expose());
        assert_eq!(id.set_cookie(), set.as_str());
        assert!(id.set_cookie().is_sensitive());
    }
}
