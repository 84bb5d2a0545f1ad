//! The threat detector and its decoders: an attack is one in whatever encoding it comes.
#![no_main]

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use tenancy_security::threat::{Detector, Place};

const PLACES: [Place; 8] = [
    Place::Query,
    Place::Path,
    Place::Header,
    Place::Cookie,
    Place::Json,
    Place::Form,
    Place::Multipart,
    Place::Body,
];

fuzz_target!(|data: &[u8]| {
    let Some((&choice, value)) = data.split_first() else {
        return;
    };
    let place = PLACES[usize::from(choice) % PLACES.len()];
    let detector = Detector::new();
    let Some(finding) = detector.check(place, value) else {
        return;
    };
    assert_eq!(finding.place(), place);
    assert!(!finding.description().is_empty());
    // What is encoded itself, or might be, takes one layer more than the detector undoes.
    let is_bare = |byte: &u8| byte.is_ascii() && !matches!(byte, b'%' | b'&' | b'\\' | b'+');
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_,/=".contains(byte);
    if !value.iter().all(is_bare) || value.iter().all(is_base64) {
        return;
    }
    let url = encode(value, |text, byte| write!(text, "%{byte:02X}"));
    let twice = encode(value, |text, byte| write!(text, "%25{byte:02x}"));
    let entities = encode(value, |text, byte| write!(text, "&#x{byte:x};"));
    let escapes = encode(value, |text, byte| write!(text, "\\u{byte:04x}"));
    for encoded in [url, twice, entities, escapes] {
        assert!(
            detector.check(place, encoded.as_bytes()).is_some(),
            "{encoded}"
        );
    }
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    if value.len() >= 6 && value.iter().all(is_text) {
        let encoded = STANDARD.encode(value);
        assert!(
            detector.check(place, encoded.as_bytes()).is_some(),
            "{encoded}"
        );
    }
});

fn encode(value: &[u8], write: impl Fn(&mut String, u8) -> std::fmt::Result) -> String {
    let mut text = String::new();
    for &byte in value {
        let _ = write(&mut text, byte);
    }
    text
}
