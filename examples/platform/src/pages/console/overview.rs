mod words;

use std::cmp::Reverse;
use std::time::Duration;

use askama::Template;
use tenancy_core::meter::SpanKind;
use tenancy_core::time::Time;
use tenancy_observability::layer::{SlowRequest, SlowSpan};
use tenancy_observability::outgoing::SlowServer;
use tenancy_observability::report::{CachePerformance, EndpointReport, Load, Part, Report};

use self::words::{ENGLISH, GERMAN, Words};
use super::plot::Plot;
use super::servers::servers;
use super::slow_statements::moment;
use super::table::{Cell, Sorting, Table};
use super::{Console, Room};
use crate::pages::frame::{Frame, Section};
use crate::pages::language::Language;
use crate::pages::link::Link;
use crate::servers::Server;

/// What requests take, of all shops or of one: now, and how it was.
#[derive(Debug, Template)]
#[template(path = "console/overview.html")]
pub(crate) struct OverviewPage {
    pub(crate) console: Console,
    pub(crate) view: OverviewView,
    pub(crate) overview: Overview,
    /// What the form suggests.
    pub(crate) shops: Vec<String>,
}

/// Which part of it somebody looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct OverviewView {
    pub(crate) hours: u32,
    /// One shop instead of all.
    pub(crate) shop: Option<String>,
    pub(crate) sorting: Option<Sorting>,
}

/// The part of the page that changes while somebody looks at it.
#[derive(Debug, Template)]
#[template(path = "console/_overview.html")]
pub(crate) struct Overview {
    updated: String,
    /// What the numbers may lack.
    incomplete: Option<String>,
    figures: Vec<(&'static str, String)>,
    plots: Vec<Plot>,
    tables: Vec<Table>,
}

/// What an overview is made of.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) at: Time,
    pub(crate) report: Report,
    pub(crate) course: Vec<Part>,
    /// Requests that took long, on this server.
    pub(crate) slow: Vec<SlowRequest>,
    /// Slow and repeated statements, as their own room shows them.
    pub(crate) statements: Vec<Table>,
    /// Unless one shop is looked at.
    pub(crate) of_platform: Option<OfPlatform>,
}

/// What is the platform's own, and no shop's.
#[derive(Debug)]
pub(crate) struct OfPlatform {
    pub(crate) busy: Vec<(String, Load)>,
    /// Other servers that took long, or gave no answer, to this one.
    pub(crate) outgoing: Vec<SlowServer>,
    /// How far behind queues are.
    pub(crate) queues: Table,
    /// Those that share the database.
    pub(crate) servers: Vec<Server>,
}

/// How many rows each table has.
pub(crate) const ROWS: usize = 10;

/// What can be looked at: an hour, six, a day, a week.
pub(crate) const HOURS: [u32; 4] = [1, 6, 24, 168];

impl OverviewPage {
    fn words(&self) -> &'static Words {
        self.console.language.choose(&ENGLISH, &GERMAN)
    }

    fn frame(&self) -> Frame<'_> {
        self.console.frame()
    }

    fn periods(&self) -> Vec<(u32, &'static str, bool)> {
        let names = self.words().periods;
        let periods = HOURS.into_iter().zip(names);
        periods
            .map(|(hours, name)| (hours, name, hours == self.view.hours))
            .collect()
    }

    /// Where a script hears of what changes.
    fn source(&self) -> Link {
        self.view
            .link(&Link::within("/platform/live"), self.view.sorting)
    }
}

impl OverviewView {
    fn link(&self, page: &Link, sorting: Option<Sorting>) -> Link {
        let (hours, sorting) = (
            self.hours.to_string(),
            sorting.map(|sorting| sorting.to_string()),
        );
        let shop = self.shop.as_deref().map(|shop| ("shop", shop));
        let sorting = sorting.as_deref().map(|sorting| ("sort", sorting));
        let pairs: Vec<_> = [Some(("hours", &*hours)), shop, sorting]
            .into_iter()
            .flatten()
            .collect();
        page.with_query(&pairs)
    }
}

impl Overview {
    pub(crate) fn new(language: Language, view: &OverviewView, measured: Measured) -> Self {
        let words = language.choose(&ENGLISH, &GERMAN);
        let (report, course) = (&measured.report, &measured.course);
        let requests: Vec<_> = course
            .iter()
            .map(|part| Some(part.requests as f64))
            .collect();
        let p95: Vec<_> = course
            .iter()
            .map(|part| Some(part.response_time?.p95))
            .collect();
        let errors: Vec<_> = course.iter().map(|part| Some(part.errors as f64)).collect();
        let mut operation_columns = words.endpoint_columns;
        operation_columns[..2].copy_from_slice(&words.operation_columns);
        let mut tables = vec![
            Table::new(
                words.endpoints,
                &words.endpoint_columns,
                endpoints(&report.slow_endpoints),
            ),
            Table::new(
                words.failing,
                &words.failing_columns,
                failing(&report.slow_endpoints),
            ),
            Table::new(words.requests, &words.request_columns, slow(&measured.slow)),
            Table::new(
                words.operations,
                &operation_columns,
                endpoints(&report.operations),
            ),
        ];
        if let Some(OfPlatform { busy: shops, .. }) = &measured.of_platform {
            tables.push(Table::new(words.busy, &words.busy_columns, busy(shops)));
        }
        tables.extend(measured.statements);
        if let Some(of_platform) = measured.of_platform {
            let servers_away = outgoing(&of_platform.outgoing);
            tables.push(Table::new(
                words.outgoing,
                &words.outgoing_columns,
                servers_away,
            ));
            tables.push(of_platform.queues);
            tables.push(servers(language, &of_platform.servers, measured.at));
        }
        for (number, table) in tables.iter_mut().enumerate() {
            table.arrange(view.sorting, number, |sorting| {
                view.link(&Room::Overview.link(), Some(sorting))
            });
            // Whatever it is sorted by, its first rows are the first of all.
            table.rows.truncate(ROWS);
        }
        Self {
            updated: words
                .updated
                .replace("{}", &moment(measured.at).to_string()),
            incomplete: report.incomplete.then(|| {
                let number = report.not_told_apart.to_string();
                words.incomplete.replace("{}", &number)
            }),
            figures: figures(words, report),
            plots: vec![
                Plot::new(
                    words.plot_requests,
                    &requests,
                    |value| format!("{value:.0}"),
                    &words.plot,
                ),
                Plot::new(words.plot_p95, &p95, milliseconds, &words.plot),
                Plot::new(
                    words.plot_errors,
                    &errors,
                    |value| format!("{value:.0}"),
                    &words.plot,
                ),
            ],
            tables,
        }
    }
}

fn figures(words: &Words, report: &Report) -> Vec<(&'static str, String)> {
    let times = report.response_time;
    let database = report.database_performance;
    let split = report.time_split;
    let values = [
        Some(report.requests.to_string()),
        report.error_rate.map(percent),
        times.map(|times| milliseconds(times.p50)),
        times.map(|times| milliseconds(times.p95)),
        times.map(|times| milliseconds(times.p99)),
        split.map(|split| percent(split.cpu)),
        split.and_then(|split| split.database).map(percent),
        split.and_then(|split| split.cache).map(percent),
        database.map(|database| format!("{:.1}", database.queries_per_request)),
        report.cache_performance.and_then(cache_hits),
        report
            .memory_usage
            .map(|memory| bytes(memory.average_bytes)),
    ];
    let or_nothing = |value: Option<String>| value.unwrap_or_else(|| "—".to_owned());
    words
        .figures
        .into_iter()
        .zip(values.map(or_nothing))
        .collect()
}

fn endpoints(endpoints: &[EndpointReport]) -> Vec<Vec<Cell>> {
    let row = |endpoint: &EndpointReport| {
        let times = endpoint.response_time;
        let database = endpoint.database_performance;
        let split = endpoint.time_split;
        vec![
            Cell::Code(endpoint.endpoint.clone()),
            number(endpoint.requests),
            maybe(Some(endpoint.share), percent),
            maybe(endpoint.average_response_time, milliseconds),
            maybe(times.map(|times| times.p50), milliseconds),
            maybe(times.map(|times| times.p95), milliseconds),
            maybe(times.map(|times| times.p99), milliseconds),
            maybe(
                database.map(|database| database.queries_per_request),
                |value| format!("{value:.1}"),
            ),
            maybe(split.map(|split| split.cpu), percent),
            maybe(split.and_then(|split| split.database), percent),
            maybe(split.and_then(|split| split.cache), percent),
            maybe(endpoint.cache_hit_ratio, percent),
        ]
    };
    endpoints.iter().map(row).collect()
}

fn failing(endpoints: &[EndpointReport]) -> Vec<Vec<Cell>> {
    let fails = |endpoint: &&EndpointReport| endpoint.errors + endpoint.cancelled > 0;
    let mut failing: Vec<_> = endpoints.iter().filter(fails).collect();
    failing.sort_by_key(|endpoint| Reverse((endpoint.errors, endpoint.cancelled)));
    let row = |endpoint: &EndpointReport| {
        vec![
            Cell::Code(endpoint.endpoint.clone()),
            number(endpoint.errors),
            maybe(endpoint.error_rate, percent),
            number(endpoint.cancelled),
        ]
    };
    failing.into_iter().map(row).collect()
}

fn slow(requests: &[SlowRequest]) -> Vec<Vec<Cell>> {
    let row = |request: &SlowRequest| {
        let spent = &request.spent;
        let time =
            |time: Option<Duration>| maybe(time.map(|time| time.as_secs_f64() * 1e3), milliseconds);
        vec![
            moment(request.at),
            Cell::Code(format!("{} {}", request.method, request.route)),
            Cell::Text(request.party.clone()),
            request.status.map_or_else(
                || Cell::Text("—".to_owned()),
                |status| number(status.into()),
            ),
            time(Some(spent.total)),
            time(spent.database.map(|database| database.wall_time)),
            time(spent.cache_time),
            time(Some(spent.cpu)),
            time(Some(spent.wait())),
            Cell::Code(longest(&request.spans)),
            Cell::Code(request.request_id.clone().unwrap_or_default()),
        ]
    };
    requests.iter().map(row).collect()
}

/// What a request waited for the longest, and for how long.
fn longest(spans: &[SlowSpan]) -> String {
    let longest = spans
        .iter()
        .max_by(|one, other| one.took.total_cmp(&other.took));
    let Some(longest) = longest else {
        return String::new();
    };
    let kind = match longest.kind {
        SpanKind::Cache => "cache",
        SpanKind::Statement => "statement",
        SpanKind::Transaction => "transaction",
    };
    let what = longest.location.as_deref().unwrap_or(kind);
    format!("{what} {}", milliseconds(longest.took))
}

/// Which share of all values was there, and how many of how many.
fn cache_hits(cache: CachePerformance) -> Option<String> {
    let all = cache.hits + cache.misses;
    let share = (all > 0).then(|| percent(cache.hits as f64 / all as f64))?;
    Some(format!("{share} ({} / {all})", cache.hits))
}

fn busy(shops: &[(String, Load)]) -> Vec<Vec<Cell>> {
    let row = |(shop, load): &(String, Load)| {
        let link = Room::Overview.link().with_query(&[("shop", shop)]);
        vec![
            Cell::Link(shop.clone(), link),
            number(load.requests),
            number(load.slow),
            number(load.errors),
            number(load.operations),
            maybe(Some(load.time.as_secs_f64()), |seconds| {
                format!("{seconds:.1} s")
            }),
        ]
    };
    shops.iter().map(row).collect()
}

fn outgoing(servers: &[SlowServer]) -> Vec<Vec<Cell>> {
    let time = |time: Duration| maybe(Some(time.as_secs_f64() * 1e3), milliseconds);
    let row = |server: &SlowServer| {
        vec![
            Cell::Code(format!("{} {}", server.method, server.host)),
            number(server.slow),
            number(server.failures),
            time(server.total),
            time(server.longest),
            server.status.map_or_else(
                || Cell::Text("—".to_owned()),
                |status| number(status.into()),
            ),
            moment(server.last_at),
        ]
    };
    servers.iter().map(row).collect()
}

fn number(number: u64) -> Cell {
    Cell::Number(number.to_string(), number as f64)
}

/// A number that may not be known; it is sorted before all others.
pub(super) fn maybe(value: Option<f64>, written: impl Fn(f64) -> String) -> Cell {
    match value {
        Some(value) => Cell::Number(written(value), value),
        None => Cell::Number("—".to_owned(), f64::NEG_INFINITY),
    }
}

fn milliseconds(value: f64) -> String {
    format!("{value:.1} ms")
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

pub(super) fn bytes(bytes: f64) -> String {
    if bytes < 1024.0 * 1024.0 {
        format!("{:.1} KiB", bytes / 1024.0)
    } else {
        format!("{:.1} MiB", bytes / (1024.0 * 1024.0))
    }
}

pub(super) fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests;
