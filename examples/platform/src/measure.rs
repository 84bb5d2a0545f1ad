//! What the server counts, and where it goes: `/metrics` and whoever is pushed to.

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use tenancy_cache::PlatformCache;
use tenancy_observability::metrics::Metrics;
use tenancy_observability::sink::otlp::Temporality;
use tenancy_observability::sink::push::{Pusher, PusherBuilder, Target};
use tokio::sync::watch;

use crate::config::{self, Config};
use crate::failure::Failure;
use crate::platform::Platform;
use crate::secret::Secret;

/// Begins to count whatever any crate counts from now on, if anybody wants to know it.
pub(crate) fn begin(config: &Config) -> Result<Metrics, Failure> {
    if !config.metrics.enabled && !config.push.is_configured() {
        return Ok(Metrics::off());
    }
    let wanted = &config.metrics;
    let mut metrics = Metrics::builder(&*wanted.environment)
        .named_tenants(wanted.named_tenants.count())
        .series_max(wanted.series_max.count())
        .text_bytes_max(wanted.text_bytes_max.count())
        .window(wanted.window());
    if let Some(writer) = &wanted.writer {
        metrics = metrics.writer(&**writer);
    }
    let metrics = metrics.build();
    metrics.install()?;
    let (sets, shops) = (wanted.series_max.get(), wanted.named_tenants.get());
    tracing::info!(
        sets,
        shops,
        "counts, for so many sets of labels, and by name so many shops"
    );
    Ok(metrics)
}

/// Has what the cache holds looked up whenever what was counted is asked for or sent.
pub(crate) fn count_cached(metrics: &Metrics, cache: PlatformCache) {
    metrics.before_snapshot(move |metrics| cache.record_usage(|tenant| metrics.named(tenant)));
}

/// Those that send what was counted, to each address that is configured.
pub(crate) fn pushers(platform: &Platform) -> Result<Vec<PusherBuilder>, Failure> {
    let (push, metrics) = (&platform.config().push, platform.metrics());
    let mut targets = vec![];
    if let Some(url) = &push.influx.url {
        let mut target = Target::line_protocol(url.uri().clone());
        if let Some(token) = &push.influx.token {
            let token = HeaderValue::try_from(format!("Token {}", token.expose()));
            let token = token.map_err(|_| Failure::new("push.influx.token is no token"))?;
            target = target.header(AUTHORIZATION, token);
        }
        targets.push(target);
    }
    let otlp = &push.otlp;
    if let Some(url) = &otlp.url {
        let temporality = match otlp.temporality {
            config::Temporality::Cumulative => Temporality::Cumulative,
            config::Temporality::Delta => Temporality::Delta,
        };
        let mut target = Target::otlp(url.uri().clone(), &otlp.service, temporality);
        for (name, value) in headers(otlp.headers.as_ref())? {
            target = target.header(name, value);
        }
        targets.push(target);
    }
    let pushers = targets.into_iter().map(|target| {
        let pusher = Pusher::builder(metrics.clone(), target)
            .every(push.every())
            .time_out(push.time_out())
            .queue_max(push.queue_max.not_zero())
            .outgoing(platform.performance().outgoing());
        // Whether it can be made is to be known before the server serves.
        pusher.clone().build()?;
        Ok(pusher)
    });
    pushers.collect()
}

/// Sends until the end, and what is left then.
pub(crate) async fn push(pusher: PusherBuilder, mut ended: watch::Receiver<bool>) {
    match pusher.build() {
        Ok(pusher) => {
            let end = async { drop(ended.wait_for(|ended| *ended).await) };
            pusher.run(end).await;
        }
        Err(error) => tracing::error!(%error, "metrics cannot be pushed"),
    }
}

/// `name=value,name=value`, with `%` for what cannot stand there.
fn headers(given: Option<&Secret>) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    let given = given.map_or("", Secret::expose);
    let pairs = given.split(',').filter(|pair| !pair.trim().is_empty());
    let headers = pairs.map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        let name = HeaderName::try_from(name.trim()).ok()?;
        Some((name, HeaderValue::try_from(&*value).ok()?))
    });
    let headers: Option<Vec<_>> = headers.collect();
    headers.ok_or_else(|| Failure::new("push.otlp.headers is not name=value,name=value"))
}
