use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use jiff::fmt::rfc2822;

use crate::time::Time;

/// How long a server asks to be left alone with `Retry-After`, in seconds or until a date; `None` where it
/// does not say so. It may be very long, so whoever waits needs a limit of its own.
pub fn retry_after(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = rfc2822::parse(text).ok()?.timestamp();
            let until = date.as_microsecond() - now.as_microseconds();
            Some(Duration::from_micros(u64::try_from(until).unwrap_or(0)))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_wait_is_so_many_seconds_or_until_a_date() {
        let now = Time::from("2026-03-01T12:00:00Z".parse::<jiff::Timestamp>().unwrap());
        let check = |text: &'static str, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now), expected, "{text}");
        };
        check("2", Some(2));
        check("0", Some(0));
        check("999999999", Some(999_999_999));
        check("Sun, 01 Mar 2026 12:00:30 GMT", Some(30));
        check("Sun, 01 Mar 2026 11:00:00 GMT", Some(0));
        check("soon", None);
        check("-1", None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
