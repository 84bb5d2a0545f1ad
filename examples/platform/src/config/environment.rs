use std::env;
use std::ffi::OsString;

use figment::value::{Dict, Map, Value};
use figment::{Error, Metadata, Profile, Provider};

use crate::failure::Failure;

const PREFIX: &str = "TENANCY_";

/// The variables that begin with `TENANCY_`, as text: what looks like a number may be a secret.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment(Vec<(String, String)>);

impl Environment {
    pub(super) fn of_process() -> Result<Self, Failure> {
        Self::new(env::vars_os())
    }

    pub(super) fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Failure> {
        let ours = variables.into_iter().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let key = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
            Some(match value.into_string() {
                Ok(value) => Ok((key, value)),
                Err(_) => Err(Failure::new(format!("{name} is not UTF-8"))),
            })
        });
        ours.collect::<Result<_, _>>().map(Self)
    }
}

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment").interpolater(|_, keys| {
            let name = keys.join("__").to_ascii_uppercase();
            format!("{PREFIX}{name}")
        })
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut root = Dict::new();
        for (key, text) in &self.0 {
            insert(&mut root, key, text);
        }
        Ok(Profile::Default.collect(root))
    }
}

fn insert(dict: &mut Dict, key: &str, text: &str) {
    let Some((first, rest)) = key.split_once("__") else {
        dict.insert(key.to_owned(), Value::from(text));
        return;
    };
    let inner = dict
        .entry(first.to_owned())
        .or_insert_with(|| Value::from(Dict::new()));
    match inner {
        Value::Dict(_, inner) => insert(inner, rest, text),
        // Both `a` and `a__b` are set: what is deeper wins, and `a` is wrong anyway.
        other => {
            let mut fresh = Dict::new();
            insert(&mut fresh, rest, text);
            *other = Value::from(fresh);
        }
    }
}
