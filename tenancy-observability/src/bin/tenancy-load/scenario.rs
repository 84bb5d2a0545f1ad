use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request};
use serde::Deserialize;
use serde_json::Value;
use tenancy_observability::load_test::{Call, Caller, Endpoint};

/// Endpoints and tenants, as a file has them.
///
/// In paths, headers and bodies `{{number}}` is a number that no other request has, and `{{tenant}}` the
/// tenant's name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    endpoints: Vec<Written>,
    #[serde(default)]
    tenants: Vec<Tenant>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// Method and path unless it is given.
    name: Option<String>,
    #[serde(default = "get")]
    method: String,
    path: String,
    #[serde(default = "once")]
    weight: NonZeroU32,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// A text is sent as it is, anything else as JSON.
    body: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tenant {
    name: String,
    host: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// A text with places for what differs from request to request.
#[derive(Debug)]
struct Template(String);

impl Scenario {
    pub(crate) fn read(file: &Path) -> Result<Self, Box<dyn Error>> {
        let failed = |error: &dyn Error| format!("the scenario {}: {error}", file.display());
        let text = fs::read(file).map_err(|error| failed(&error))?;
        let scenario: Self = serde_json::from_slice(&text).map_err(|error| failed(&error))?;
        for tenant in &scenario.tenants {
            // It becomes part of paths and of JSON.
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
            if tenant.name.is_empty() || !tenant.name.bytes().all(is_plain) {
                let name = &tenant.name;
                return Err(format!(
                    "the tenant's name {name:?} has more than letters, digits and -._~:"
                )
                .into());
            }
        }
        Ok(scenario)
    }

    /// Endpoints written as on the command line: `GET /api/products 3`.
    pub(crate) fn of(endpoints: &[String]) -> Result<Self, Box<dyn Error>> {
        let written = endpoints.iter().map(|text| Written::parse(text));
        let mut endpoints = written.collect::<Result<Vec<Written>, _>>()?;
        if endpoints.is_empty() {
            endpoints.push(Written::parse("GET /")?);
        }
        Ok(Self {
            endpoints,
            tenants: vec![],
        })
    }

    pub(crate) fn parts(self) -> Result<(Vec<Endpoint>, Vec<Caller>), Box<dyn Error>> {
        let endpoints = self.endpoints.into_iter().map(Written::endpoint);
        let callers = self.tenants.into_iter().map(Tenant::caller);
        Ok((
            endpoints.collect::<Result<_, _>>()?,
            callers.collect::<Result<_, _>>()?,
        ))
    }
}

impl Written {
    fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let (method, path) = (words.next(), words.next());
        let weight = words.next().map_or(Ok(NonZeroU32::MIN), str::parse);
        match (method, path, weight, words.next()) {
            (Some(method), Some(path), Ok(weight), None) if path.starts_with('/') => Ok(Self {
                name: None,
                method: method.to_owned(),
                path: path.to_owned(),
                weight,
                headers: BTreeMap::new(),
                body: None,
            }),
            _ => Err(format!(
                "{text:?} is no endpoint such as 'GET /api/products 3'"
            )),
        }
    }

    fn endpoint(self) -> Result<Endpoint, Box<dyn Error>> {
        let name = self
            .name
            .unwrap_or_else(|| format!("{} {}", self.method, self.path));
        let method: Method = self.method.parse()?;
        if !self.path.starts_with('/') {
            return Err(format!("the path {:?} does not begin with /", self.path).into());
        }
        let path = Template(self.path);
        let headers = self.headers.into_iter().map(|(name, value)| {
            let name: HeaderName = name.parse()?;
            Ok::<_, Box<dyn Error>>((name, Template(value)))
        });
        let mut headers: Vec<(HeaderName, Template)> = headers.collect::<Result<_, _>>()?;
        let body = match self.body {
            None => None,
            Some(Value::String(text)) => Some(Template(text)),
            Some(json) => {
                if headers.iter().all(|(name, _)| *name != CONTENT_TYPE) {
                    headers.push((CONTENT_TYPE, Template("application/json".to_owned())));
                }
                Some(Template(json.to_string()))
            }
        };
        let build = move |call: &Call<'_>| {
            let mut request = Request::builder()
                .method(method.clone())
                .uri(path.fill(call));
            for (name, value) in &headers {
                request = request.header(name, value.fill(call));
            }
            let body = body.as_ref().map(|body| Bytes::from(body.fill(call)));
            request.body(body.unwrap_or_default())
        };
        Ok(Endpoint::new(name, build).weight(self.weight))
    }
}

impl Tenant {
    fn caller(self) -> Result<Caller, Box<dyn Error>> {
        let mut caller = Caller::new(self.name);
        if let Some(host) = self.host {
            caller = caller.host(HeaderValue::from_str(&host)?);
        }
        for (name, value) in self.headers {
            caller = caller.header(name.parse()?, HeaderValue::from_str(&value)?);
        }
        Ok(caller)
    }
}

impl Template {
    fn fill(&self, call: &Call<'_>) -> String {
        let number = call.number.to_string();
        let filled = self.0.replace("{{number}}", &number);
        filled.replace("{{tenant}}", call.caller.name())
    }
}

fn get() -> String {
    "GET".to_owned()
}

fn once() -> NonZeroU32 {
    NonZeroU32::MIN
}
