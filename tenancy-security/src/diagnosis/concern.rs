use std::fmt;

/// Something that makes the layers worth less than they seem.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Concern {
    /// `X-Forwarded-For` is believed whoever sends it.
    TrustsEverybody,
    /// A layer that goes by the client's address is not told it.
    NoClientAddress,
    /// No limit stands behind the tenant layer, so tenants and who has signed in are not told apart.
    LimitsOutsideTenants,
    /// CSRF tokens are made before the tenant is known, so one tenant's are good at another's.
    TokensOutsideTenants,
    /// Paths where people sign in or change things are exempt from the CSRF rules.
    ExemptsTooMuch,
    /// Answers lack the headers that keep browsers from harm.
    NoHeaders,
    /// The headers' layer is not the outermost, so what is refused outside goes without.
    HeadersInside,
    /// More than one policy is sent; browsers enforce each, so the strictest of each part holds.
    TwoPolicies,
    /// The policy lets any script run that stands in a page.
    PolicyWithoutEffect,
    /// Browsers are told over plain HTTP to use TLS, by somebody who cannot know whether there is any.
    HstsWithoutTls,
    /// Attacks are not looked for in the request.
    ThreatsOff,
    /// Answers tell what the server is made of.
    IdentifiesItself,
}

impl Concern {
    /// Its name in reports, which does not change.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TrustsEverybody => "trusts-everybody",
            Self::NoClientAddress => "no-client-address",
            Self::LimitsOutsideTenants => "limits-outside-tenants",
            Self::TokensOutsideTenants => "tokens-outside-tenants",
            Self::ExemptsTooMuch => "csrf-exempts-too-much",
            Self::NoHeaders => "no-headers",
            Self::HeadersInside => "headers-inside",
            Self::TwoPolicies => "two-policies",
            Self::PolicyWithoutEffect => "policy-without-effect",
            Self::HstsWithoutTls => "hsts-without-tls",
            Self::ThreatsOff => "threats-off",
            Self::IdentifiesItself => "identifies-itself",
        }
    }

    /// What is wrong and how it is mended, in a sentence for operators.
    pub const fn says(self) -> &'static str {
        match self {
            Self::TrustsEverybody => {
                "a stranger's X-Forwarded-For is believed, so limits and blocks are dodged by \
                 changing it: trust the networks of your own proxies only"
            }
            Self::NoClientAddress => {
                "limits or blocks do not learn the client's address, so all clients are counted \
                 together: put a ClientAddressLayer or a TenantLayer before them, and have the \
                 server note each connection's peer"
            }
            Self::LimitsOutsideTenants => {
                "every rate limit stands before the tenant layer, so plans, tenants and who has \
                 signed in make no difference: put one behind it"
            }
            Self::TokensOutsideTenants => {
                "the CSRF layer with its tokens stands before the tenant layer, so a token of one \
                 tenant is good at another: put it behind"
            }
            Self::ExemptsTooMuch => {
                "the CSRF layer exempts paths where people sign in or change things: name the \
                 webhooks that prove themselves, each by its path"
            }
            Self::NoHeaders => {
                "answers lack X-Content-Type-Options or a Content-Security-Policy: put a \
                 SecurityHeadersLayer outermost"
            }
            Self::HeadersInside => {
                "the layer of the headers is not the outermost, so what is refused before it goes \
                 without: put it around all others"
            }
            Self::TwoPolicies => {
                "answers carry more than one Content-Security-Policy, and browsers enforce each: \
                 leave it to one place"
            }
            Self::PolicyWithoutEffect => {
                "the Content-Security-Policy lets any script in a page run: use nonces or hashes \
                 in place of 'unsafe-inline'"
            }
            Self::HstsWithoutTls => {
                "Strict-Transport-Security is sent without TLS: have the layer learn the scheme \
                 from your proxies, or say that every client comes over TLS"
            }
            Self::ThreatsOff => {
                "the threat layer is switched off for an ordinary page, so attacks reach the \
                 handlers: have it observe at least"
            }
            Self::IdentifiesItself => {
                "answers tell by Server or X-Powered-By what the server is made of: take them away"
            }
        }
    }
}

/// As in `trusts-everybody: a stranger's X-Forwarded-For is believed…`.
impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.says())
    }
}
