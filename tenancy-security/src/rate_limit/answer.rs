use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use tenancy_core::problem::Problem;

use super::decision::{Decision, Outcome, Verdict};

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// How long to stay away from a class that is closed while its store is away.
const CLOSED: Duration = Duration::from_secs(1);

impl Decision {
    /// Tells the client how it stands, in whatever response it gets: `RateLimit` and
    /// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers) for all policies, and
    /// `X-RateLimit-Limit`, `-Remaining` and `-Reset` (Unix seconds) for the tightest.
    ///
    /// Policies of a limit further in stay beside these, and the tightest is that of both.
    ///
    /// `q` is what may be used at once, and `q/w` how fast it is refilled; `t` says when all of it
    /// will be there again, or on a refusal when to come back.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        let Some(tightest) = self.tightest() else {
            return;
        };
        let (mut policies, mut limits) = (String::new(), String::new());
        for outcome in self.outcomes() {
            let comma = if policies.is_empty() { "" } else { ", " };
            let (name, quota) = (outcome.policy(), outcome.quota());
            let (amount, window) = (quota.amount(), quota.window_seconds());
            let (left, seconds) = (outcome.left(), whole_seconds(until(&outcome)));
            let _ = write!(policies, "{comma}\"{name}\";q={amount};w={window}");
            let _ = write!(limits, "{comma}\"{name}\";r={left};t={seconds}");
        }
        // Names are of a closed alphabet, so these are header values.
        for (name, text) in [(RATELIMIT_POLICY, policies), (RATELIMIT, limits)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.append(name, value);
            }
        }
        let left_of_other = headers.get(X_REMAINING).and_then(|left| left.to_str().ok());
        let left_of_other = left_of_other.and_then(|left| left.parse().ok());
        if left_of_other.is_some_and(|left: u32| left <= tightest.left()) {
            return;
        }
        headers.insert(X_LIMIT, tightest.quota().amount().into());
        headers.insert(X_REMAINING, tightest.left().into());
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        headers.insert(X_RESET, whole_seconds(now + until(&tightest)).into());
    }

    /// Why the request was refused; `None` if it was admitted.
    pub fn problem(&self) -> Option<Problem> {
        match self.verdict {
            Verdict::Admitted => None,
            Verdict::Exceeded => Some(self.quota_exceeded()),
            Verdict::Unavailable => Some(
                Problem::new(StatusCode::SERVICE_UNAVAILABLE)
                    .kind("https://iana.org/assignments/http-problem-types#temporary-reduced-capacity")
                    .title("Temporarily reduced capacity")
                    .detail("requests of this kind are not served for the moment")
                    .retry_after(SignedDuration::try_from(CLOSED).unwrap_or(SignedDuration::MAX)),
            ),
        }
    }

    fn quota_exceeded(&self) -> Problem {
        let violated: Vec<_> = self
            .exceeded()
            .map(|outcome| outcome.policy().as_str())
            .collect();
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS)
            .kind("https://iana.org/assignments/http-problem-types#quota-exceeded")
            .title("Quota exceeded")
            .detail(format!(
                "no more requests are allowed for now by {}",
                violated.join(", ")
            ))
            .with("violated-policies", violated)
            .with("error", "rate_limit_exceeded");
        let problem = match self.tightest() {
            None => problem,
            Some(outcome) => problem
                .with("limit", outcome.quota().amount())
                .with("window", outcome.quota().window_seconds()),
        };
        // Where it never fits, coming back is no use.
        let Some(wait) = self.retry_after() else {
            return problem;
        };
        let wait = SignedDuration::from_secs(whole_seconds(wait).try_into().unwrap_or(i64::MAX));
        let reset_at = Timestamp::now().checked_add(wait).unwrap_or(Timestamp::MAX);
        problem
            .with("reset_at", reset_at.to_string())
            .retry_after(wait)
    }
}

fn until(outcome: &Outcome<'_>) -> Duration {
    match outcome.wait() {
        Some(wait) if outcome.is_exceeded() => wait,
        _ => outcome.reset(),
    }
}

/// Rounded up, so that whoever waits as long has waited long enough.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
