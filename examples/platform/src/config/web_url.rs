use http::Uri;
use serde::{Deserialize, Serialize, Serializer};

use crate::secret::Secret;

/// A web address with a host, and no user in it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(crate) struct WebUrl(Uri);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an address to send to begins with http:// or https:// and a host, and names no user")]
pub(crate) struct InvalidWebUrl;

impl WebUrl {
    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether what is sent there crosses a network unencrypted.
    pub(super) fn is_in_the_clear(&self) -> bool {
        let host = self.0.host().unwrap_or_default();
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        self.0.scheme_str() != Some("https") && !is_here
    }
}

/// Whether an address that is a secret itself would cross a network in the clear: anything but TLS, away from
/// here. Mail may also be encrypted once it is connected.
pub(super) fn is_told_in_the_clear(secret: &Secret) -> bool {
    let Ok(uri) = secret.expose().parse::<Uri>() else {
        // Whoever uses it says what is wrong with it.
        return false;
    };
    let host = uri.host().unwrap_or_default();
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let is_encrypted = match uri.scheme_str() {
        Some("https" | "smtps") => true,
        Some("smtp") => uri.query().unwrap_or_default().contains("tls=required"),
        _ => false,
    };
    !is_encrypted && !is_here
}

impl TryFrom<String> for WebUrl {
    type Error = InvalidWebUrl;

    fn try_from(text: String) -> Result<Self, InvalidWebUrl> {
        let uri: Uri = text.parse().map_err(|_| InvalidWebUrl)?;
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if !is_web || authority.is_empty() || authority.contains('@') {
            return Err(InvalidWebUrl);
        }
        Ok(Self(uri))
    }
}

/// Where it leads, without what may be a secret: the path of a hook, or a query.
impl Serialize for WebUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let place = match self.0.path_and_query().map_or("/", |place| place.as_str()) {
            "/" => "/",
            _ => "/(redacted)",
        };
        let scheme = self.0.scheme_str().unwrap_or_default();
        let authority = self
            .0
            .authority()
            .map_or("", |authority| authority.as_str());
        serializer.serialize_str(&format!("{scheme}://{authority}{place}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_an_address_is_no_secret() {
        let check = |text: &str, shown: &str| {
            let url = WebUrl::try_from(text.to_owned()).unwrap();
            assert_eq!(serde_json::to_value(url).unwrap(), shown, "{text}");
        };
        check("https://sink.example", "https://sink.example/");
        check(
            "http://sink.example:9/write?u=a&p=PW",
            "http://sink.example:9/(redacted)",
        );
        check(
            "https://hook.example/T0/SECRET",
            "https://hook.example/(redacted)",
        );
    }

    #[test]
    fn a_secret_address_needs_encryption_away_from_here() {
        let check = |address: &str, expected: bool| {
            let found = is_told_in_the_clear(&Secret::new(address));
            assert_eq!(found, expected, "{address}");
        };
        check("http://hooks.example/SECRET", true);
        check("http://hooks.example/SECRET?tls=required", true);
        check("smtp://name:pw@mail.example", true);
        check("smtp://name:pw@mail.example?tls=required", false);
        check("smtps://name:pw@mail.example", false);
        check("https://hooks.example/SECRET", false);
        check("http://127.0.0.1:9/SECRET", false);
    }
}
