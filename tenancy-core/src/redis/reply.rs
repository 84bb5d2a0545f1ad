use super::address::Address;
use super::value::Value;
use crate::error::{Error, ErrorKind};

/// Refusals of a server that cannot serve now, and of a cluster that is changing its shape.
const TRANSIENT: &[&str] = &[
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
];

/// What came of a command.
pub(super) type Reply = Result<Value, Failure>;

/// Why a command has no answer.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// There is no connection, or it was lost before the answer.
    Away(String),
    /// What Redis said instead.
    Refused(String),
    /// There was no answer in time.
    TimedOut(String),
}

/// Where else Redis says a command must go.
#[derive(Debug, PartialEq)]
pub(super) struct Redirect {
    pub(super) to: Address,
    /// The slot is on its way there, which the next command must say it knows.
    pub(super) is_asking: bool,
}

impl Redirect {
    /// Reads `MOVED 3999 127.0.0.1:6381` and its sibling `ASK`. Without a host the one that was
    /// asked is meant.
    pub(super) fn read(reply: &Reply, asked: &Address) -> Option<Self> {
        let Err(Failure::Refused(text)) = reply else {
            return None;
        };
        let mut words = text.split(' ');
        let is_asking = match words.next()? {
            "ASK" => true,
            "MOVED" => false,
            _ => return None,
        };
        let (host, port) = words.nth(1)?.rsplit_once(':')?;
        let host = if host.is_empty() { &asked.host } else { host };
        let to = Address::new(host, port.parse().ok()?);
        Some(Self { to, is_asking })
    }
}

/// Whether the server has never heard of the script, or has forgotten it.
pub(super) fn is_unknown_script(reply: &Reply) -> bool {
    matches!(reply, Err(Failure::Refused(text)) if text.starts_with("NOSCRIPT"))
}

/// Whether the cluster may have changed its shape.
pub(super) fn is_reshaping(reply: &Reply) -> bool {
    match reply {
        Err(Failure::Away(_) | Failure::TimedOut(_)) => true,
        Err(Failure::Refused(text)) => {
            let word = text.split(' ').next().unwrap_or_default();
            matches!(word, "CLUSTERDOWN" | "MASTERDOWN" | "MOVED" | "READONLY")
        }
        Ok(_) => false,
    }
}

/// The one place where what Redis says gets its meaning.
pub(super) fn error(failure: Failure) -> Error {
    match failure {
        Failure::Away(text) => Error::with_source(ErrorKind::Unavailable, text),
        Failure::TimedOut(text) => Error::with_source(ErrorKind::TimedOut, text),
        Failure::Refused(text) => {
            let word = text.split(' ').next().unwrap_or_default();
            let kind = if TRANSIENT.contains(&word) {
                ErrorKind::Unavailable
            } else {
                ErrorKind::Database
            };
            Error::with_source(kind, text)
        }
    }
}

/// Takes a script's answer out of its wrapping.
pub(super) fn unwrapped(value: Value) -> Result<Value, Error> {
    let mut values = value.into_array()?.into_iter();
    match (values.next(), values.next()) {
        (Some(Value::Integer(1)), value) => Ok(value.unwrap_or(Value::Nil)),
        _ => {
            let text = "a script's answer is not in its wrapping";
            Err(Error::with_source(ErrorKind::Corrupt, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirection_says_where_a_command_must_go() {
        let asked = Address::new("10.0.0.1", 7000);
        let check = |text: &str, expected: Option<(&str, bool)>| {
            let redirect = Redirect::read(&Err(Failure::Refused(text.to_owned())), &asked);
            let read = redirect.map(|redirect| (redirect.to.to_string(), redirect.is_asking));
            let expected = expected.map(|(to, is_asking)| (to.to_owned(), is_asking));
            assert_eq!(read, expected, "{text}");
        };
        check("MOVED 3999 10.0.0.2:6381", Some(("10.0.0.2:6381", false)));
        check("ASK 3999 10.0.0.2:6381", Some(("10.0.0.2:6381", true)));
        check("MOVED 3999 :6381", Some(("10.0.0.1:6381", false)));
        check("MOVED 3999 ::1:6381", Some(("[::1]:6381", false)));
        check("MOVED 3999", None);
        check("ERR unknown command", None);
    }
}
