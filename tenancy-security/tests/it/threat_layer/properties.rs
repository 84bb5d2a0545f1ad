//! What holds for any request.

use http::{Request, StatusCode};
use http_body_util::Full;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{post, quiet, send};

const SCRIPT: &str = "<script>alert(1)</script>";

fn status(request: Request<super::Body>) -> StatusCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(send(&quiet(), request)).status()
}

/// A document in which the attack stands as a value or a key, among harmless ones.
fn document() -> impl Strategy<Value = Value> {
    let attack = prop_oneof![
        Just(json!(SCRIPT)),
        "[a-z\\\\\"\n]{0,4}".prop_map(|before| json!(format!("{before} {SCRIPT}"))),
        Just(json!({ SCRIPT: 1 })),
    ];
    attack.prop_recursive(12, 64, 4, |inner| {
        let harmless = prop_oneof![
            Just(json!(null)),
            any::<f64>().prop_map(|number| json!(number)),
            "[a-zA-Z0-9 \"\\\\\u{e9}\u{1f600}]{0,12}".prop_map(|text| json!(text)),
            Just(json!({"x": ["]", "}", "\"", "\\"]})),
        ];
        let around = prop::collection::vec(harmless, 0..4);
        (inner, around.clone(), around, "[b-y]{0,3}", any::<bool>()).prop_map(
            |(inner, before, after, key, is_object)| {
                if is_object {
                    json!({"a": before, key: inner, "z": after})
                } else {
                    Value::Array([before, vec![inner], after].concat())
                }
            },
        )
    })
}

/// Bytes as they might make a parser stumble.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let pieces = vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        "\\",
        "\\u00",
        "\\ud83d",
        ":",
        ",",
        "&",
        "=",
        "%",
        "%2",
        "+",
        "--a",
        "\r\n",
        "\r\n--a",
        "--",
        "Content-Disposition: form-data; name=",
        "filename*=",
        "filename=\"",
        ";",
        "\u{feff}",
        "\0",
        "1",
        "x",
    ];
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(pieces).prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..64).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn an_attack_is_found_wherever_it_stands_in_a_document(document in document(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            document.to_string()
        };
        prop_assert_eq!(status(post("application/json", text)), StatusCode::FORBIDDEN);
    }

    #[test]
    fn an_attack_is_found_in_a_document_that_breaks_off_behind_it(document in document()) {
        let text = document.to_string();
        let end = text.rfind("</script>").unwrap() + "</script>".len();
        prop_assert_eq!(status(post("application/json", text[..end].to_owned())), StatusCode::FORBIDDEN);
    }

    #[test]
    fn no_request_makes_the_layer_panic(body in hostile(), target in "/[a-z%.?&=/+]{0,20}", header in hostile()) {
        for content_type in [
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=a",
            "multipart/form-data; boundary=\"\"",
            "text/plain",
            "image/png",
            ";;=;charset",
        ] {
            let request = Request::post(&*target).header("content-type", content_type);
            let header: Vec<u8> = header.iter().copied().filter(|byte| *byte >= b' ' && *byte != 127).collect();
            let request = request.header("cookie", &*header).header("x-note", header);
            let Ok(request) = request.body(Full::new(body.clone().into())) else {
                continue;
            };
            let _ = status(request);
        }
    }
}
