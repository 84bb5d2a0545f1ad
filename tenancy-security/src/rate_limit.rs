//! Limits that are exact, bounded in memory, and never given back by what others do.
//!
//! [`Rules`] say what is allowed: classes of requests, the policies of each, and what plans and
//! tenants have instead. A [`RateLimiter`] decides, and [`RateLimitLayer`] asks it for each request.
//! A request is admitted by all policies of its class or counts for none.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use http::{Request, Response, StatusCode};
//! use http_body_util::Full;
//! use tenancy_security::rate_limit::{Class, Policy, Quota, RateLimitLayer, RateLimiter, Rules};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! let class = Class::new("api")?.policy(Policy::new("api", Quota::per_minute(1))?);
//! let limiter = RateLimiter::new(Rules::new(class));
//! let service = RateLimitLayer::new(&limiter).layer(service_fn(async |_: Request<()>| {
//!     Ok::<_, std::convert::Infallible>(Response::new(Full::<bytes::Bytes>::default()))
//! }));
//!
//! let admitted = service.clone().oneshot(Request::default()).await?;
//! assert_eq!(admitted.headers()["ratelimit"], r#""api";r=0;t=60"#);
//! let refused = service.oneshot(Request::default()).await?;
//! assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
//! assert_eq!(refused.headers()["retry-after"], "60");
//! # Ok(())
//! # }
//! ```
//!
//! # How it counts
//! By the generic cell rate algorithm: see [`Quota`] for what one window may admit. Waiting as long
//! as `Retry-After` says is enough, and a second less is not.
//!
//! In this process, counts lie in a table of fixed size; see
//! [`RateLimiterBuilder::keys`]. With the feature `redis` they lie in Redis or Valkey, whose clock
//! decides, and one script takes all of a request's policies or none. Refusals are remembered here
//! until they end, so whoever goes on asking costs the store nothing. Redis keeps counts for as long
//! as something is owed; if it loses them, in a failover perhaps, they begin anew.
//!
//! While the store is away, each process holds its callers to the quotas by itself, or closes:
//! [`Outage`] says so for each class. It takes no longer than one time-out of the store to see, then
//! no time, and it is over when the store is back.
//!
//! # Whose requests are counted together
//! See [`Dimension`]. Nothing is counted across tenants; requests without a tenant are counted as if
//! they were of one tenant more.
//!
//! # Metrics
//! The counters `tenancy_rate_limit_exceeded_total` (labels `class` and `policy`),
//! `tenancy_rate_limit_placeless_total` and `tenancy_rate_limit_fallbacks_total`.

mod answer;
mod caller;
mod class;
mod clock;
mod current;
mod decision;
mod future;
mod layer;
mod limiter;
mod policy;
mod quota;
mod rules;
mod service;
#[cfg(feature = "redis")]
mod shared;
mod table;

pub use self::caller::Caller;
pub use self::class::{Charge, Class, Outage};
pub use self::decision::{Decision, Outcome, Verdict};
pub use self::future::CountedFuture;
pub use self::layer::RateLimitLayer;
pub use self::limiter::{RateLimiter, RateLimiterBuilder};
pub use self::policy::{Dimension, InvalidName, Name, Policy};
pub use self::quota::{InvalidQuota, Quota};
pub use self::rules::{OwnQuotas, Quotas, Rules};
pub use self::service::RateLimitService;
