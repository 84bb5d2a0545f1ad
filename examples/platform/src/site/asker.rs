use std::convert::Infallible;

use axum::extract::{FromRequestParts, Request};
use http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use crate::pages::Language;

/// Who asked, as far as it decides the form of a refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asker {
    /// Somebody who reads this language best.
    Person(Language),
    Program,
}

impl Asker {
    pub(super) fn of(request: &Request) -> Self {
        let headers = request.headers();
        let path = request.uri().path();
        if is_for_programs(path) || headers.contains_key(AUTHORIZATION) || wants_json(headers) {
            return Self::Program;
        }
        Self::Person(language(headers))
    }
}

/// The language that whoever asked reads best.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reads(pub(super) Language);

impl<S: Sync> FromRequestParts<S> for Reads {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(language(&parts.headers)))
    }
}

fn language(headers: &HeaderMap) -> Language {
    Language::preferred(&joined(headers, ACCEPT_LANGUAGE))
}

fn is_for_programs(path: &str) -> bool {
    let below = |prefix: &str| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    below("/api") || below("/platform/api") || matches!(path, "/livez" | "/readyz")
}

/// Whether JSON is asked for by name. Browsers ask for HTML by name wherever people look.
fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = joined(headers, ACCEPT).to_ascii_lowercase();
    let names = |kind: &str| {
        accepted.split(',').any(|range| {
            range
                .split(';')
                .next()
                .is_some_and(|name| name.trim().ends_with(kind))
        })
    };
    (names("/json") || names("+json")) && !names("/html")
}

fn joined(headers: &HeaderMap, name: HeaderName) -> String {
    let values = headers.get_all(name).iter();
    let texts: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn programs_are_known_by_address_credential_or_what_they_accept() {
        let check = |path: &str, headers: &[(&str, &str)], program: bool| {
            let mut request = Request::builder().uri(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let asker = Asker::of(&request.body(Body::empty()).unwrap());
            assert_eq!(asker == Asker::Program, program, "{path} {headers:?}");
        };
        check("/api/products", &[], true);
        check("/api", &[], true);
        check("/platform/api/tenants", &[], true);
        check("/apiary", &[], false);
        check("/products", &[], false);
        check("/products", &[("accept", "*/*")], false);
        check("/products", &[("authorization", "Bearer x")], true);
        check("/products", &[("accept", "application/json")], true);
        check(
            "/products",
            &[("accept", "Application/Problem+JSON; q=0.5, */*")],
            true,
        );
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        check("/products", &[("accept", browser)], false);
        check(
            "/products",
            &[("accept", "text/html, application/json")],
            false,
        );
    }

    #[test]
    fn a_person_is_answered_in_a_language_they_read() {
        let request = Request::builder()
            .header("accept-language", "fr;q=0.9, de-CH;q=0.8, en;q=0.1")
            .body(Body::empty())
            .unwrap();
        assert_eq!(Asker::of(&request), Asker::Person(Language::German));
    }
}
