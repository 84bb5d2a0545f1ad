use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use tenancy_core::outbound::{ErrorKind, Outbound};
use tenancy_core::time::Time;
use uuid::Uuid;

/// The longest that a receiver may make a message wait.
const WAIT_MAX: Duration = Duration::from_secs(60 * 60);

/// What came of sending a message. The words are ours: what a receiver says could be anything.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::alert) enum Attempt {
    /// It has arrived.
    Arrived,
    /// It may arrive another time, after so long where the receiver says how long.
    Later {
        says: String,
        after: Option<Duration>,
    },
    /// It will never arrive.
    Never { says: String },
}

/// Sends a request, and reads its status.
pub(super) async fn sent(outbound: &Outbound, request: Request<Bytes>, now: Time) -> Attempt {
    match outbound.send(request).await {
        Ok(answer) => answered(answer.status(), answer.headers(), now),
        Err(error) => {
            // More words than anybody reads, but what they come to is known.
            if let Some(head) = error.head() {
                return answered(head.status(), head.headers(), now);
            }
            let says = error.to_string();
            match error.kind() {
                ErrorKind::InternalAddress | ErrorKind::Invalid => Attempt::Never { says },
                _ => Attempt::Later { says, after: None },
            }
        }
    }
}

fn answered(status: StatusCode, headers: &HeaderMap, now: Time) -> Attempt {
    let says = format!("the receiver answered {}", status.as_u16());
    match status {
        status if status.is_success() => Attempt::Arrived,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Attempt::Later {
                says,
                after: retry_after(headers, now),
            }
        }
        status if status.is_server_error() => Attempt::Later {
            says,
            after: retry_after(headers, now),
        },
        _ => Attempt::Never { says },
    }
}

/// The same request with the message's id, so that a receiver can tell a repetition.
pub(super) fn idempotent(mut request: Request<Bytes>, id: Uuid) -> Request<Bytes> {
    let key = HeaderValue::from_str(&id.to_string()).expect("an id is letters and digits");
    request.headers_mut().insert("idempotency-key", key);
    request
}

/// Seconds or a date.
fn retry_after(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?;
            let until = date.timestamp().as_microsecond() - now.as_microseconds();
            Duration::from_micros(u64::try_from(until).unwrap_or(0))
        }
    };
    Some(wait.min(WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_so_many_seconds_or_until_a_date_and_never_very_long() {
        let now = Time::from("2026-03-01T12:00:00Z".parse::<jiff::Timestamp>().unwrap());
        let check = |text: &'static str, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        };
        check("2", Some(2));
        check("0", Some(0));
        check("999999999", Some(3600));
        check("Sun, 01 Mar 2026 12:00:30 GMT", Some(30));
        check("Sun, 01 Mar 2026 11:00:00 GMT", Some(0));
        check("soon", None);
        check("-1", None);
    }
}
