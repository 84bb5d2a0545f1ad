use std::fmt;
use std::str::FromStr;

use http::Uri;
use serde::{Deserialize, Serialize};
use tenancy_core::resolve::Host;

/// Where something is found on the web: scheme, host and port, without a path.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Origin {
    encrypted: bool,
    host: Host,
    /// `None` for the scheme's own.
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an address is http:// or https://, a host name and perhaps a port, without a path")]
pub(crate) struct InvalidOrigin;

impl Origin {
    /// `http://host:port`.
    ///
    /// # Panics
    /// When `host` is no host name.
    pub(crate) fn plain(host: &str, port: u16) -> Self {
        Self {
            encrypted: false,
            host: host.parse().expect("callers give a host name"),
            port: (port != 80).then_some(port),
        }
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(standard_port(self.encrypted))
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether only this machine can mean it.
    pub(crate) fn is_loopback(&self) -> bool {
        let localhost = Self::plain("localhost", 80).host;
        self.host == localhost || self.host.label_under(&localhost).is_some()
    }

    /// The same with another host.
    pub(crate) fn with_host(&self, host: Host) -> Self {
        Self {
            host,
            ..self.clone()
        }
    }
}

fn standard_port(encrypted: bool) -> u16 {
    if encrypted { 443 } else { 80 }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let uri: Uri = text.parse().map_err(|_| InvalidOrigin)?;
        let encrypted = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(InvalidOrigin),
        };
        let authority = uri.authority().ok_or(InvalidOrigin)?;
        let standard = standard_port(encrypted);
        let bare = uri.path() == "/" && uri.query().is_none();
        if !bare || authority.as_str().contains('@') {
            return Err(InvalidOrigin);
        }
        Ok(Self {
            encrypted,
            host: Host::from_authority(authority.as_str()).map_err(|_| InvalidOrigin)?,
            port: authority.port_u16().filter(|port| *port != standard),
        })
    }
}

impl TryFrom<String> for Origin {
    type Error = InvalidOrigin;

    fn try_from(text: String) -> Result<Self, InvalidOrigin> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.to_string()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encrypted { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_form() {
        let check = |text: &str, expected: Option<&str>| {
            let origin = text.parse::<Origin>().ok().map(|origin| origin.to_string());
            assert_eq!(origin.as_deref(), expected, "{text}");
        };
        check("https://Shops.Example/", Some("https://shops.example"));
        check("https://shops.example:443", Some("https://shops.example"));
        check("http://localhost:8080", Some("http://localhost:8080"));
        check("ftp://shops.example", None);
        check("https://shops.example/a", None);
        check("https://me@shops.example", None);
        check("shops.example", None);
        check("https://127.0.0.1", None);
    }

    #[test]
    fn loopback_is_localhost_and_below() {
        let check = |text: &str, expected: bool| {
            let origin: Origin = text.parse().unwrap();
            assert_eq!(origin.is_loopback(), expected, "{text}");
        };
        check("http://localhost", true);
        check("http://acme.localhost:8080", true);
        check("http://localhost.example", false);
        check("http://notlocalhost", false);
    }
}
