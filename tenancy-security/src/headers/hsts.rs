use std::time::Duration;

use http::HeaderValue;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// For how long browsers use nothing but TLS after an answer that came over it.
///
/// By default two years, for all names below the host's as well. Where tenants bring domains of their
/// own, whose other names are not the platform's to speak for, take
/// [`without_subdomains`](Self::without_subdomains).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub struct Hsts {
    max_age: Duration,
    subdomains: bool,
    preload: bool,
}

impl Default for Hsts {
    fn default() -> Self {
        Self {
            max_age: 2 * YEAR,
            subdomains: true,
            preload: false,
        }
    }
}

impl Hsts {
    /// How long browsers remember, in whole seconds. Default: two years.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Leaves the names below the host alone, which also rules out preloading.
    pub fn without_subdomains(mut self) -> Self {
        self.subdomains = false;
        self.preload = false;
        self
    }

    /// Agrees to a place in browsers' built-in lists, which takes months to leave again. It speaks
    /// for all subdomains.
    pub fn preload(mut self) -> Self {
        self.subdomains = true;
        self.preload = true;
        self
    }

    pub(super) fn value(self) -> HeaderValue {
        let subdomains = if self.subdomains {
            "; includeSubDomains"
        } else {
            ""
        };
        let preload = if self.preload { "; preload" } else { "" };
        let seconds = self.max_age.as_secs();
        HeaderValue::try_from(format!("max-age={seconds}{subdomains}{preload}"))
            .expect("digits and words are visible ASCII")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_what_was_chosen() {
        let check = |hsts: Hsts, expected: &str| assert_eq!(hsts.value(), expected);
        check(Hsts::default(), "max-age=63072000; includeSubDomains");
        check(Hsts::default().without_subdomains(), "max-age=63072000");
        let preload = "max-age=63072000; includeSubDomains; preload";
        check(Hsts::default().without_subdomains().preload(), preload);
        check(
            Hsts::default().preload().without_subdomains(),
            "max-age=63072000",
        );
        let day = Duration::from_secs(86_400);
        check(
            Hsts::default().max_age(day),
            "max-age=86400; includeSubDomains",
        );
    }
}
