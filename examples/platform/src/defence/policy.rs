use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use quick_cache::sync::Cache;
use tenancy_core::log_throttle::LogThrottle;
use tenancy_core::registry::TenantRegistry as _;
use tenancy_core::{Error, TenantId, TenantScope};
use tenancy_security::headers::csp::{
    Additions, CspReport, CspReports, Directive, OwnAdditions, Policy, ReportSink, Source,
};

use crate::platform::Platform;

/// Where browsers send what a policy refused.
pub(crate) const REPORT_PATH: &str = "/csp-reports";

/// How many tenants' sources are remembered.
const TENANTS_MAX: usize = 10_000;

/// The strictest policy under which every page works: no script at all.
pub(super) fn of_pages() -> Policy {
    let own = [Source::SelfOrigin];
    let path = REPORT_PATH.parse().expect("it is a plain path");
    Policy::nothing()
        .set(Directive::StyleSrc, own.clone())
        .set(Directive::ImgSrc, own.clone())
        .set(Directive::FormAction, own)
        .report_to(path)
}

/// The same for a page of the console that keeps itself as things are now.
pub(crate) fn of_console() -> Policy {
    of_pages()
        .set(Directive::ScriptSrc, [Source::SelfOrigin])
        .set(Directive::ConnectSrc, [Source::SelfOrigin])
}

/// What browsers report goes to the log, a line in ten seconds.
pub(crate) fn reports() -> CspReports<impl ReportSink> {
    static OFTEN: LogThrottle = LogThrottle::new(Duration::from_secs(10));
    CspReports::new(|report: CspReport| {
        if let Some(left_out) = OFTEN.admit() {
            tracing::warn!(
                ?report,
                left_out,
                "a page tried to load what its policy refuses"
            );
        }
    })
}

/// What pages of tenants may load and be framed by beyond the platform's policy: what their settings
/// say, and their own domains. Remembered until a tenant's revision changes.
#[derive(Clone)]
pub(crate) struct KnownSources(Arc<Cache<TenantId, (u64, Arc<Additions>)>>);

impl fmt::Debug for KnownSources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KnownSources").finish_non_exhaustive()
    }
}

impl Default for KnownSources {
    fn default() -> Self {
        Self(Arc::new(Cache::new(TENANTS_MAX)))
    }
}

impl KnownSources {
    async fn of(&self, platform: &Platform, scope: &TenantScope) -> Result<Arc<Additions>, Error> {
        let tenant = scope.tenant();
        if let Some((revision, additions)) = self.0.get(&tenant.id)
            && revision == tenant.revision
        {
            return Ok(additions);
        }
        let own = tenant.settings.get::<OwnAdditions>();
        let domains = platform.registry().domains(tenant.id).await?;
        // A tenant with more domains than a policy has room for has the first ones in it.
        let additions = domains.iter().fold(own, |additions, domain| {
            let with = additions
                .clone()
                .allow(Directive::ImgSrc, (&domain.host).into());
            let with = with.and_then(|with| with.framed_by((&domain.host).into()));
            with.unwrap_or(additions)
        });
        let additions = Arc::new(additions);
        self.0
            .insert(tenant.id, (tenant.revision, additions.clone()));
        Ok(additions)
    }
}

/// Names what a tenant's pages may load, for the layer that writes the policy.
pub(crate) async fn name_sources(
    State(platform): State<Platform>,
    scope: Option<TenantScope>,
    request: Request,
    next: Next,
) -> Response {
    let known = platform.known_sources();
    let additions = match &scope {
        Some(scope) => Some(known.of(&platform, scope).await),
        None => None,
    };
    let mut response = next.run(request).await;
    match additions {
        Some(Ok(additions)) if !additions.is_empty() => {
            response.extensions_mut().insert(additions);
        }
        Some(Err(error)) => {
            // The stricter policy holds meanwhile.
            tracing::debug!(%error, "a tenant's domains could not be read for its policy");
        }
        _ => {}
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_only_what_the_pages_need() {
        let policy = of_pages().to_string();
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        let gives_up = policy.contains("unsafe") || policy.contains("script-src");
        assert!(!gives_up, "{policy}");
    }
}
