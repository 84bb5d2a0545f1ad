use std::fmt;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::error::{Error, ErrorKind};

/// Where one server listens.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Address {
    pub(super) host: Arc<str>,
    pub(super) port: u16,
}

impl Address {
    pub(super) fn new(host: &str, port: u16) -> Self {
        let host = host.trim_start_matches('[').trim_end_matches(']').into();
        Self { host, port }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// What a connection string says.
#[derive(Clone)]
pub(super) struct Target {
    /// One server, or the cluster's nodes to begin with.
    pub(super) addresses: Vec<Address>,
    pub(super) is_cluster: bool,
    pub(super) is_tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<u8>,
}

impl Target {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let url = Url::parse(text).map_err(|error| invalid(&format!("not a URL: {error}")))?;
        let (is_cluster, is_tls) = match url.scheme() {
            "redis" | "valkey" => (false, false),
            "rediss" | "valkeys" => (false, true),
            "redis-cluster" | "valkey-cluster" => (true, false),
            "rediss-cluster" | "valkeys-cluster" => (true, true),
            other => {
                return Err(invalid(&format!(
                    "the scheme {other} is none of redis, rediss, redis-cluster and rediss-cluster"
                )));
            }
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| invalid("a host is missing"))?;
        let mut addresses = vec![Address::new(host, url.port().unwrap_or(6379))];
        for (name, value) in url.query_pairs() {
            if !is_cluster || name != "node" {
                return Err(invalid(&format!("the parameter {name} is unknown")));
            }
            addresses.push(node(&value)?);
        }
        let database = match url.path().trim_start_matches('/') {
            "" => None,
            _ if is_cluster => return Err(invalid("a cluster has no databases")),
            number => Some(number.parse().map_err(|_| {
                invalid(&format!("the database {number} is not a number up to 255"))
            })?),
        };
        Ok(Self {
            addresses,
            is_cluster,
            is_tls,
            user: decoded(url.username())?.filter(|user| !user.is_empty()),
            password: url.password().map_or(Ok(None), decoded)?,
            database,
        })
    }

    /// The name that a server's certificate must bear. Clusters tend to announce addresses, for
    /// which certificates are rarely made out; then it is the name that the configuration gives.
    pub(super) fn tls_name(&self, address: &Address) -> Arc<str> {
        let is_name = address.host.parse::<std::net::IpAddr>().is_err();
        match self.addresses.first() {
            Some(seed) if !is_name => seed.host.clone(),
            _ => address.host.clone(),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("addresses", &self.addresses)
            .field("is_cluster", &self.is_cluster)
            .field("is_tls", &self.is_tls)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

fn node(text: &str) -> Result<Address, Error> {
    let parsed = text
        .rsplit_once(':')
        .and_then(|(host, port)| Some(Address::new(host, port.parse().ok()?)));
    parsed.ok_or_else(|| invalid(&format!("the node {text} is not HOST:PORT")))
}

fn decoded(text: &str) -> Result<Option<String>, Error> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| invalid("the credentials are not UTF-8"))?;
    Ok(Some(decoded.into_owned()))
}

/// The text never holds the connection string, which can hold a password.
fn invalid(why: &str) -> Error {
    Error::with_source(
        ErrorKind::InvalidInput,
        format!("in the connection string of Redis, {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn a_connection_string_says_where_and_as_whom() {
        let check = |url: &str, expected: &str| {
            let target = Target::parse(url).unwrap();
            let addresses: Vec<_> = target.addresses.iter().map(Address::to_string).collect();
            let told = format!(
                "{} cluster={} tls={} {:?} {:?} {:?}",
                addresses.join(" "),
                target.is_cluster,
                target.is_tls,
                target.user,
                target.password,
                target.database
            );
            assert_eq!(told, expected, "{url}");
        };
        check(
            "redis://localhost",
            "localhost:6379 cluster=false tls=false None None None",
        );
        check(
            "rediss://ann:p%40ss@cache.example:6380/3",
            r#"cache.example:6380 cluster=false tls=true Some("ann") Some("p@ss") Some(3)"#,
        );
        check(
            "redis-cluster://:secret@[::1]:7000?node=127.0.0.1:7001",
            r#"[::1]:7000 127.0.0.1:7001 cluster=true tls=false None Some("secret") None"#,
        );
    }

    #[test]
    fn a_bad_connection_string_is_refused_without_its_password() {
        let check = |url: &str, expected: &str| {
            let error = Target::parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}");
            let why = error.source().unwrap().to_string();
            let why = why.strip_prefix("in the connection string of Redis, ");
            assert_eq!(why, Some(expected), "{url}");
        };
        check("redis:", "a host is missing");
        check("secret", "not a URL: relative URL without a base");
        check(
            "http://:secret@host",
            "the scheme http is none of redis, rediss, redis-cluster and rediss-cluster",
        );
        check("redis://:secret@host?tls=1", "the parameter tls is unknown");
        check(
            "redis://:secret@host/many",
            "the database many is not a number up to 255",
        );
        check("redis-cluster://host/1", "a cluster has no databases");
        check(
            "redis-cluster://host?node=other",
            "the node other is not HOST:PORT",
        );
    }
}
