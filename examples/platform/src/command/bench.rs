use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use tenancy_observability::load_test::{
    Caller, Conclusion, Endpoint, InvalidRequirement, InvalidTarget, LoadTest, LoadTestBuilder,
    Model, ProgressLine, Rate, Reach, Report, Requirement, Runner, Target, Timed, interrupted,
    parse_time, run_times,
};
use tenancy_observability::tls::Trust;

use super::Output;
use crate::bench::{BenchShops, Kind, OwnServer, ServerLikeThis, Steps, time_queries};
use crate::config::Config;
use crate::failure::Failure;
use crate::platform::Platform;

/// The exit status of wrong use, as clap has it.
const WRONG_USE: u8 = 2;

/// That of what failed, since 1 says that the server does not keep up.
pub(super) const FAILED: u8 = 4;

/// How long a server may take to hear of shops and keys, which is a second where all is well.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many requests each endpoint has, and how long that may take, unless something is said.
const REQUESTS: NonZeroU64 = NonZeroU64::new(1000).expect("it is not zero");
const DURATION_MAX: Duration = Duration::from_secs(300);

#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// How many users send one request after the other
    #[arg(
        long,
        value_name = "COUNT",
        default_value = "10",
        conflicts_with = "rate"
    )]
    users: NonZeroU32,
    /// How many requests are sent in a second, whatever becomes of them
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<Rate>,
    /// How many requests may be under way at once; what comes on top is dropped, which is a failure
    #[arg(long, value_name = "COUNT", default_value = "512", requires = "rate")]
    in_flight_max: NonZeroU32,
    /// How long a run takes, such as 90s or 5m [default: until all requests were sent, at most 300s]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    duration: Option<Duration>,
    /// How many requests each endpoint has [default: 1000, or as many as there are in --duration]
    #[arg(long, value_name = "COUNT")]
    requests: Option<NonZeroU64>,
    /// What is asked of the shops
    #[arg(long, value_enum, value_delimiter = ',', default_value = "all")]
    endpoints: Vec<Kind>,
    /// How many shops are asked, in turn
    #[arg(long, value_name = "COUNT", default_value = "3", value_parser = clap::value_parser!(u16).range(1..=1000))]
    tenants: u16,
    /// A server on the same data to send requests to, such as http://127.0.0.1:8080 or the proxy before
    /// it; its own limits hold
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// Lets the target be on the internet: you say that it is yours
    #[arg(long, requires = "target")]
    i_own_this: bool,
    /// Trusts the authorities whose certificates are in this PEM file, instead of the system's
    #[arg(long, value_name = "FILE", requires = "target")]
    ca: Option<PathBuf>,
    /// Looks at no certificate; of servers on this machine only
    #[arg(long, requires = "target", conflicts_with = "ca")]
    insecure: bool,
    /// How long an answer is waited for
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_time)]
    time_out: Duration,
    /// How often it is run, for a comparison that can tell a difference from chance
    #[arg(long, value_name = "COUNT", default_value = "1", value_parser = clap::value_parser!(u8).range(1..=50))]
    repeat: u8,
    /// What has to be so, such as 'p95<200ms' [default: mean<=200ms, success_rate>=99%, rps>=100]
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
}

impl Bench {
    pub(crate) async fn run(
        self,
        config: Config,
        like_this: &ServerLikeThis,
        json: bool,
    ) -> Result<ExitCode, Failure> {
        if config.database_url.is_none() && config.owner_database_url.is_some() {
            return Err(Failure::new(
                "a server never works as the database's owner: set TENANCY_DATABASE_URL as well",
            ));
        }
        match self.carry_out(config, like_this).await {
            Ok(report) => {
                self.publish(&report, json)?;
                Ok(ExitCode::from(report.conclusion() as u8))
            }
            Err(Refusal::Failed(failure)) => Err(failure),
            Err(Refusal::Interrupted) => {
                Failure::new("interrupted before anything was sent").print(json);
                Ok(ExitCode::from(Conclusion::Interrupted as u8))
            }
            Err(Refusal::WrongUse(failure)) => {
                failure.print(json);
                Ok(ExitCode::from(WRONG_USE))
            }
        }
    }

    async fn carry_out(
        &self,
        config: Config,
        like_this: &ServerLikeThis,
    ) -> Result<Report, Refusal> {
        let before = self.compare.as_deref().map(Report::load).transpose();
        let before = before.map_err(|error| {
            Refusal::WrongUse(Failure::from(error).context("cannot compare with that report"))
        })?;
        let target = match &self.target {
            Some(url) => Some(self.find(url).await.map_err(Refusal::wrong)?),
            None => None,
        };
        self.check_requirements().map_err(Refusal::wrong)?;
        let platform = Platform::open(config).await?;
        let mut shops = BenchShops::default();
        let steps = Steps::begin();
        let opened = tokio::select! {
            opened = shops.open(&platform, self.tenants.into(), &steps) => {
                opened.map_err(Refusal::from)
            }
            () = interrupted() => Err(Refusal::Interrupted),
        };
        drop(steps);
        let measured = match opened {
            Ok(()) => self.measure(&platform, &shops, target, like_this).await,
            Err(refusal) => Err(refusal),
        };
        let closed = shops.close(&platform, &Steps::begin()).await;
        let mut report = measured?;
        closed?;
        if let Some(before) = &before {
            report.compare(before);
        }
        Ok(report)
    }

    /// Looks for slips before anything is done for the load test.
    fn check_requirements(&self) -> Result<(), InvalidRequirement> {
        let endpoints = Kind::endpoints(&self.endpoints, &BenchShops::default());
        let shops: Vec<String> = (1..=self.tenants.into()).map(BenchShops::slug).collect();
        self.requirements.iter().try_for_each(|requirement| {
            let endpoints = endpoints.iter().map(Endpoint::name);
            requirement.check_names(endpoints, shops.iter().map(String::as_str))
        })
    }

    async fn find(&self, url: &str) -> Result<Target, InvalidTarget> {
        let reach = if self.i_own_this {
            Reach::Anywhere
        } else {
            Reach::Private
        };
        let trust = match &self.ca {
            Some(file) => Trust::Authorities(file.clone()),
            None if self.insecure => Trust::Insecure,
            None => Trust::System,
        };
        Target::find_trusting(url, reach, &trust).await
    }

    async fn measure(
        &self,
        platform: &Platform,
        shops: &BenchShops,
        target: Option<Target>,
        like_this: &ServerLikeThis,
    ) -> Result<Report, Refusal> {
        let prepared = tokio::select! {
            prepared = self.prepare(platform, shops, target, like_this) => prepared?,
            () = interrupted() => return Err(Refusal::Interrupted),
        };
        let Prepared {
            server,
            test,
            requirements,
            timed,
        } = prepared;
        let mut report = self.send(&test, &requirements).await;
        report.timed = timed;
        match server {
            Some(server) => {
                report.remark(
                    "the server was one of this command's own, with the limits of callers out of \
                     reach, on the same machine",
                );
                server.end().await?;
            }
            None => {
                report.remark("the server's own limits held: what they refuse counts as failed");
            }
        }
        Ok(report)
    }

    async fn prepare(
        &self,
        platform: &Platform,
        shops: &BenchShops,
        target: Option<Target>,
        like_this: &ServerLikeThis,
    ) -> Result<Prepared, Refusal> {
        let steps = Steps::begin();
        steps.show("starting a server");
        let (server, target) = match target {
            Some(target) => (None, target),
            None => {
                let server = like_this.start().await?;
                let url = format!("http://{}", server.address);
                let target = Target::find(&url, Reach::Private).await;
                (Some(server), target.map_err(Failure::from)?)
            }
        };
        let test = Arc::new(self.test(platform, shops, target.clone())?);
        let requirements = match &self.requirements {
            none if none.is_empty() => Requirement::defaults(self.model()),
            given => given.clone(),
        };
        steps.show("waiting until the server knows the shops");
        await_shops(platform, shops, target).await?;
        steps.show("timing queries");
        Ok(Prepared {
            server,
            test,
            requirements,
            timed: time_queries(platform, &shops.open[0]).await?,
        })
    }

    async fn send(&self, test: &Arc<LoadTest>, requirements: &[Requirement]) -> Report {
        let times = usize::from(self.repeat);
        let line = ProgressLine::new(test, times);
        let runs = run_times(test, times, interrupted(), |run, progress| {
            line.show(run, &progress);
        });
        Report::new(test, runs.await, requirements)
    }

    fn model(&self) -> Model {
        match self.rate {
            Some(rate) => Model::Open {
                rate,
                in_flight_max: self.in_flight_max,
            },
            None => Model::Closed { users: self.users },
        }
    }

    fn test(
        &self,
        platform: &Platform,
        shops: &BenchShops,
        target: Target,
    ) -> Result<LoadTest, Failure> {
        let (duration, requests) = match (self.duration, self.requests) {
            (Some(duration), requests) => (duration, requests),
            (None, requests) => (DURATION_MAX, Some(requests.unwrap_or(REQUESTS))),
        };
        let mut test = callers(platform, shops, LoadTest::builder(target, self.model()))?
            .duration(duration)
            .time_out(self.time_out);
        if let Some(requests) = requests {
            test = test.requests_per_endpoint(requests);
        }
        for endpoint in Kind::endpoints(&self.endpoints, shops) {
            test = test.endpoint(endpoint);
        }
        Ok(test.build()?)
    }

    fn publish(&self, report: &Report, json: bool) -> Result<(), Failure> {
        if let Some(file) = &self.save {
            let saved = report.save(file).map_err(Failure::from);
            saved
                .map_err(|error| error.context(format_args!("cannot write {}", file.display())))?;
        }
        if let Some(file) = &self.html {
            let saved = report.save_html(file).map_err(Failure::from);
            saved
                .map_err(|error| error.context(format_args!("cannot write {}", file.display())))?;
        }
        Output::text(report, report.to_string())?.print(json)?;
        Ok(())
    }
}

/// All that is there before requests are sent.
struct Prepared {
    server: Option<OwnServer>,
    test: Arc<LoadTest>,
    requirements: Vec<Requirement>,
    timed: Vec<Timed>,
}

/// Why there is no report.
enum Refusal {
    Failed(Failure),
    Interrupted,
    WrongUse(Failure),
}

impl Refusal {
    fn wrong(error: impl std::error::Error) -> Self {
        Self::WrongUse(error.into())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Waits until the server knows every shop and its key.
async fn await_shops(
    platform: &Platform,
    shops: &BenchShops,
    target: Target,
) -> Result<(), Failure> {
    let began = Instant::now();
    let model = Model::Closed {
        users: NonZeroU32::MIN,
    };
    let each = NonZeroU64::new(shops.open.len() as u64).unwrap_or(NonZeroU64::MIN);
    let probe = callers(platform, shops, LoadTest::builder(target, model))?
        .endpoint(Endpoint::get("/api/customers?limit=1"))
        .requests_per_endpoint(each);
    let probe = Arc::new(probe.build()?);
    loop {
        let run = Runner::begin(&probe).run(std::future::pending()).await;
        let all = run.all();
        // What there is to say of a server that is not there, the load test says.
        let is_unreachable = all.unreachable > 0 && all.unreachable == all.ended();
        if all.succeeded == each.get() || is_unreachable {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            let answers = all.statuses.keys().map(u16::to_string);
            let answers: Vec<String> = answers.collect();
            return Err(Failure::new(format!(
                "the server does not know the shops of the load test (it answers {}): it is on \
                 other data, or refuses by its limits",
                answers.join(", ")
            )));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Adds the shops, as each of which requests are sent.
fn callers(
    platform: &Platform,
    shops: &BenchShops,
    mut test: LoadTestBuilder,
) -> Result<LoadTestBuilder, Failure> {
    let base = platform.config().base_domain();
    for shop in &shops.open {
        let host = HeaderValue::from_str(&format!("{}.{base}", shop.slug))?;
        let key = HeaderValue::from_str(&format!("Bearer {}", shop.api_key))?;
        let caller = Caller::new(shop.slug.as_str()).host(host);
        test = test.caller(caller.header(AUTHORIZATION, key));
    }
    Ok(test)
}
