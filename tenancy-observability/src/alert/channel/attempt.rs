use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use tenancy_core::outbound::{ErrorKind, Outbound, retry_after};
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
                after: wait(headers, now),
            }
        }
        status if status.is_server_error() => Attempt::Later {
            says,
            after: wait(headers, now),
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

fn wait(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let wait = retry_after(headers, now)?;
    Some(wait.min(WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;

    use super::*;

    #[test]
    fn a_receiver_makes_a_message_wait_for_as_long_as_it_says_and_never_very_long() {
        for (text, expected) in [("2", 2), ("999999999", 3600)] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            let expected = Duration::from_secs(expected);
            assert_eq!(wait(&headers, Time::now()), Some(expected), "{text}");
        }
    }
}
