//! Who is told that something is wrong: the rules, the values they are judged by, and the channels.

mod channels;
mod measure;

use tenancy_core::PlatformScope;
use tenancy_core::sql::Database;
use tenancy_observability::alert::{Alerts, HealthMeasure, Level, Rule};
use tenancy_observability::health::Health;
use tokio::sync::watch;

use self::measure::{Reach, ReportMeasure};
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::pages::Room;
use crate::performance::Performance;
use crate::platform::Platform;

/// What the platform looks after.
pub(crate) fn of(
    config: &Config,
    database: &Database,
    scope: &PlatformScope,
    health: &Health,
    performance: &Performance,
) -> Result<Alerts, Failure> {
    let mut rules = Vec::from(rules(config));
    rules.extend(objectives(&config.alerts));
    let reach = reach(&rules);
    let mut alerts = Alerts::builder()
        .database(database, scope)
        .rules(rules)
        .measure(HealthMeasure::new(health, &config.server_name()))
        .measure(ReportMeasure::new(performance.reports(), scope, reach))
        .every(config.alerts.every())
        .link(&format!("{}{}", config.origin(), Room::Alerts.path()));
    for channel in channels::of(&config.alerts, performance.outgoing())? {
        alerts = alerts.channel(channel);
    }
    Ok(alerts.build())
}

/// The usual rules, with the limits that were set. What is about each shop follows from the platform's.
fn rules(config: &Config) -> [Rule; 5] {
    let wanted = &config.alerts;
    let two_minutes = std::time::Duration::from_secs(120);
    let above = |name: &str, metric: &str, limit: u64, share: f64| {
        let limit = limit as f64;
        Rule::above(name, metric, limit).leave(limit * share)
    };
    let rules = [
        Rule::health(),
        above(
            "error-rate",
            "error_rate",
            wanted.error_rate_percent.get(),
            0.8,
        )
        .level(Level::Critical)
        .holds_for(two_minutes)
        .unit("%")
        .inhibited_by("health"),
        above(
            "response-time",
            "response_time_ms",
            wanted.response_milliseconds.get(),
            0.8,
        )
        .holds_for(two_minutes)
        .unit(" ms")
        .inhibited_by("health"),
        above("memory", "memory", wanted.memory_percent.get(), 0.95)
            .holds_for(two_minutes)
            .unit("%")
            .wants_data(),
        above("disk", "disk", wanted.disk_percent.get(), 0.97)
            .unit("%")
            .wants_data(),
    ];
    rules.map(|rule| rule.calm_for(wanted.calm()))
}

/// How fast the allowances of objectives are used up, each by three rules that bear its name.
fn objectives(wanted: &config::Alerts) -> Vec<Rule> {
    let rules = wanted.objectives.iter().flat_map(|(name, objective)| {
        let metric = match objective.shops {
            true => "shop_error_share",
            false => "error_share",
        };
        Rule::burn_rates(name.as_str(), metric, objective.percent.share())
    });
    rules.map(|rule| rule.inhibited_by("health")).collect()
}

/// How far back they look.
fn reach(rules: &[Rule]) -> Reach {
    let longest = |also_of_shops: bool| {
        let rules = rules.iter();
        let rules = rules.filter(|rule| !also_of_shops || rule.metric() != "error_share");
        rules.flat_map(Rule::windows).max().unwrap_or_default()
    };
    Reach {
        platform: longest(false),
        shops: longest(true),
    }
}

/// Looks after rules and sends messages until the end.
pub(crate) async fn keep(platform: Platform, mut ended: watch::Receiver<bool>) {
    tokio::select! {
        () = platform.alerts().run() => {}
        _ = ended.wait_for(|ended| *ended) => {}
    }
}
