use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tenancy_core::client_address::ProxyHeader;

/// Networks, as a list or as one text with commas.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "Written", into = "Vec<IpNet>")]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(crate) fn networks(&self) -> &[IpNet] {
        &self.0
    }
}

/// The header in which these proxies name the client, and how it came.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WrittenHeader {
    Forwarded,
    XForwardedFor,
}

impl From<WrittenHeader> for ProxyHeader {
    fn from(header: WrittenHeader) -> Self {
        match header {
            WrittenHeader::Forwarded => Self::Forwarded,
            WrittenHeader::XForwardedFor => Self::XForwardedFor,
        }
    }
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "networks such as 10.0.0.0/8, as a list or with commas between"
)]
enum Written {
    List(Vec<IpNet>),
    #[serde(deserialize_with = "text")]
    Text(Proxies),
}

fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Proxies, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

impl From<Written> for Proxies {
    fn from(written: Written) -> Self {
        match written {
            Written::List(networks) => Self(networks),
            Written::Text(proxies) => proxies,
        }
    }
}

impl From<Proxies> for Vec<IpNet> {
    fn from(proxies: Proxies) -> Self {
        proxies.0
    }
}

impl FromStr for Proxies {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let network = |part: &str| match part.parse::<std::net::IpAddr>() {
            Ok(address) => Ok(IpNet::from(address)),
            Err(_) => part.parse(),
        };
        parts.map(network).collect::<Result<_, _>>().map(Self)
    }
}
