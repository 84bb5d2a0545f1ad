use std::error::Error;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use http::{HeaderName, HeaderValue};
use tenancy_observability::load_test::{
    Caller, Connections, LoadTest, Model, Rate, Reach, Report, Requirement, Target, parse_time,
};
use tenancy_observability::tls::Trust;

use crate::scenario::Scenario;

/// Sends requests to a server of yours, and says whether it keeps up.
///
/// With --rate, requests are sent at times set beforehand, and times of responses count from then: a
/// server that stalls cannot hide it by being asked less. With --users, each sends its next request when
/// the last was answered, and what others would have waited is estimated beside.
///
/// Exit status: 0 all requirements are met; 1 one is not, or the server is slower than in the report
/// compared with; 2 wrong use, and nothing was sent; 3 no connection was ever made; 4 a report could
/// not be written; 130 interrupted, with what there was written down all the same.
#[derive(Debug, Parser)]
#[command(name = "tenancy-load", version)]
pub(crate) struct Cli {
    /// The server, such as http://127.0.0.1:8080 or `https://shop.example`; every name under `localhost` is
    /// this machine
    url: String,

    /// How many users send one request after the other [default: 10]
    #[arg(long, value_name = "COUNT", conflicts_with = "rate")]
    users: Option<NonZeroU32>,

    /// How many requests are sent in a second, whatever becomes of them
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<Rate>,

    /// How many requests may be under way at once; what comes on top is dropped, which is a failure
    #[arg(long, value_name = "COUNT", default_value = "512", requires = "rate")]
    in_flight_max: NonZeroU32,

    /// How long a run takes at most, such as 90s or 5m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    duration: Duration,

    /// Ends a run when each endpoint has had so many requests
    #[arg(long, value_name = "COUNT")]
    requests: Option<NonZeroU64>,

    /// How long an answer is waited for
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    time_out: Duration,

    /// How often it is run, for a comparison that can tell a difference from chance
    #[arg(long, value_name = "COUNT", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=50))]
    repeat: u8,

    /// Uses a new connection for each request
    #[arg(long)]
    new_connections: bool,

    /// Speaks HTTP/2 and nothing else [default: HTTP/1.1, and over TLS what the server prefers]
    #[arg(long)]
    http2: bool,

    /// Trusts the authorities whose certificates are in this PEM file, instead of the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,

    /// Looks at no certificate; of servers on this machine only
    #[arg(long, conflicts_with = "ca")]
    insecure: bool,

    /// What is requested: a method, a path and a weight of 1 unless it is given, such as
    /// 'GET /api/products 3' [default: GET /]
    #[arg(
        long = "endpoint",
        value_name = "ENDPOINT",
        conflicts_with = "scenario"
    )]
    endpoints: Vec<String>,

    /// File of endpoints with bodies and headers, and of tenants with credentials; see the guide
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// Host of a tenant, in turn with others; the requests go to the server all the same
    #[arg(long = "tenant", value_name = "HOST", conflicts_with = "scenario")]
    tenants: Vec<HeaderValue>,

    /// Header of each request, such as 'Accept-Language: de'
    #[arg(long = "header", value_name = "HEADER", value_parser = header)]
    headers: Vec<(HeaderName, HeaderValue)>,

    /// What has to be so, such as 'p95<200ms' or 'error_rate{endpoint:GET /}<1%' [default: mean<=200ms,
    /// success_rate>=99%, rps>=100]
    #[arg(long = "require", value_name = "REQUIREMENT")]
    requirements: Vec<Requirement>,

    /// Writes the report down, to be compared with later
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,

    /// Writes a page with plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Compares with a report that was saved
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,

    /// Prints the report as one JSON document on standard output
    #[arg(long)]
    json: bool,

    /// Lets the server be on the internet: you say that it is yours
    #[arg(long)]
    i_own_this: bool,
}

/// What is to be done, looked at before the first request.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) test: Arc<LoadTest>,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) repeat: usize,
    pub(crate) before: Option<Report>,
    pub(crate) save: Option<PathBuf>,
    pub(crate) html: Option<PathBuf>,
    pub(crate) json: bool,
}

impl Cli {
    pub(crate) async fn order(self) -> Result<Order, Box<dyn Error>> {
        let reach = if self.i_own_this {
            Reach::Anywhere
        } else {
            Reach::Private
        };
        let trust = match self.ca {
            Some(file) => Trust::Authorities(file),
            None if self.insecure => Trust::Insecure,
            None => Trust::System,
        };
        let target = Target::find_trusting(&self.url, reach, &trust).await?;
        let model = match self.rate {
            Some(rate) => Model::Open {
                rate,
                in_flight_max: self.in_flight_max,
            },
            None => Model::Closed {
                users: self.users.unwrap_or(USERS),
            },
        };
        let scenario = match &self.scenario {
            Some(file) => Scenario::read(file)?,
            None => Scenario::of(&self.endpoints)?,
        };
        let (endpoints, mut callers) = scenario.parts()?;
        for host in self.tenants {
            let name = host.to_str()?.to_owned();
            callers.push(Caller::new(name).host(host));
        }
        if callers.is_empty() {
            callers.push(Caller::new("anybody"));
        }
        let connections = if self.new_connections {
            Connections::New
        } else {
            Connections::Kept
        };
        let mut test = LoadTest::builder(target, model)
            .duration(self.duration)
            .time_out(self.time_out)
            .connections(connections);
        if self.http2 {
            test = test.http2();
        }
        if let Some(requests) = self.requests {
            test = test.requests_per_endpoint(requests);
        }
        for endpoint in endpoints {
            test = test.endpoint(endpoint);
        }
        for caller in callers {
            let with_all = |caller: Caller, (name, value): &(HeaderName, HeaderValue)| {
                caller.or_header(name.clone(), value.clone())
            };
            test = test.caller(self.headers.iter().fold(caller, with_all));
        }
        let test = test.build()?;
        let requirements = match self.requirements {
            none if none.is_empty() => Requirement::defaults(model),
            given => given,
        };
        for requirement in &requirements {
            requirement.check(&test)?;
        }
        let before = self.compare.as_deref().map(|file| {
            let read = Report::load(file);
            read.map_err(|error| {
                format!("cannot compare with {}: {}", file.display(), told(&error))
            })
        });
        Ok(Order {
            test: Arc::new(test),
            requirements,
            repeat: self.repeat.into(),
            before: before.transpose()?,
            save: self.save,
            html: self.html,
            json: self.json,
        })
    }
}

const USERS: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = || "a header is such as 'Accept-Language: de'".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = name.trim().parse().map_err(|_| wrong())?;
    Ok((name, value.trim().parse().map_err(|_| wrong())?))
}

/// An error with everything beneath it.
pub(crate) fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
