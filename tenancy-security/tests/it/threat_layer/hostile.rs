//! Bodies that are made to get past, or to cost much.

use std::time::Duration;

use http::StatusCode;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use super::{multipart, post, quiet, send, url_encoded};

const ATTACKS: [&str; 3] = [
    "<script>alert(1)</script>",
    "1' union select password from users -- ",
    "; cat /etc/passwd",
];

/// Behaviour 20: what stands before an attack does not hide it.
#[tokio::test]
async fn padding_before_an_attack_does_not_get_it_past() {
    let layer = quiet();
    for kibibytes in [16, 64, 128, 1023, 1024] {
        let padding = "x".repeat(kibibytes * 1024);
        // Long bodies take their time, so one of the attacks does.
        for attack in &ATTACKS[..if kibibytes > 128 { 1 } else { 3 }] {
            let url = url_encoded(attack.as_bytes());
            let form = "application/x-www-form-urlencoded";
            let requests = [
                post(
                    "application/json",
                    json!({"a": padding, "b": attack}).to_string(),
                ),
                post(
                    "application/json",
                    json!({"a": format!("{padding} {attack}")}).to_string(),
                ),
                post(
                    "application/json",
                    format!("{}{}", " ".repeat(padding.len()), json!({"b": attack})),
                ),
                post(form, format!("a={padding}&b={url}")),
                post(form, format!("a={padding}+{url}")),
                multipart("", &format!("X-Pad: {padding}\r\n"), attack),
                multipart("", "", format!("{padding} {attack}")),
                post("text/plain", format!("{padding} {attack}")),
            ];
            for (at, request) in requests.into_iter().enumerate() {
                let status = send(&layer, request).await.status();
                let expected = match kibibytes {
                    ..=128 => vec![StatusCode::FORBIDDEN],
                    1024.. => vec![StatusCode::PAYLOAD_TOO_LARGE],
                    _ => vec![StatusCode::FORBIDDEN, StatusCode::PAYLOAD_TOO_LARGE],
                };
                assert!(
                    expected.contains(&status),
                    "{status}: {kibibytes} KiB, {at}, {attack}"
                );
            }
        }
    }
}

/// The processor's time that this thread has had, so that what else runs on the machine counts little.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (time.tv_sec.try_into(), time.tv_nsec.try_into());
    Duration::new(seconds.unwrap(), nanos.unwrap())
}

/// Behaviour 20: no body costs more than its length.
#[tokio::test]
async fn eight_times_the_body_takes_far_less_than_sixty_four_times_the_time() {
    let layer = quiet();
    let types = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "text/plain",
    ];
    let pieces = [
        "((((",
        "\"",
        "\"\",",
        "{\"a\":",
        "[",
        "\\\"",
        "\"\\",
        "\"a\" ",
        "&",
        "a=&",
        "%25",
        "\r\n--a\r\n",
        "\r\n--",
        "--a\r\nA: b\r\n\r\n",
        "--a\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n",
        ";",
        "<a ",
        "'",
    ];
    for content_type in types {
        for piece in pieces {
            let mut ratios = vec![];
            for _ in 0..3 {
                let mut times = vec![];
                for bytes in [16 * 1024, 128 * 1024] {
                    let body = piece.repeat(bytes / piece.len());
                    let before = spent();
                    let _ = send(&layer, post(content_type, body)).await;
                    times.push(spent() - before);
                }
                // A floor keeps the clock's own grain out of it.
                let floor = Duration::from_micros(300);
                ratios.push(times[1].as_secs_f64() / times[0].max(floor).as_secs_f64());
            }
            // A cold cache makes one measurement wrong, and not three.
            let is_linear = ratios.iter().any(|ratio| *ratio < 24.0);
            assert!(is_linear, "{content_type} of {piece:?}: {ratios:?}");
        }
    }
}
