//! JSON that is nothing else, whatever a browser takes it for.
//!
//! `<`, `>` and `&` stand in it as escapes, and so do the two line separators that JSON allows and old
//! scripts do not. So text from strangers opens no tag where an answer is taken for a page, or is put
//! into one; whoever reads it as JSON reads the same.
//!
//! ```
//! let json = tenancy_core::json::to_vec(&["</script>", "R&D"])?;
//! assert_eq!(json, br#"["\u003c/script\u003e","R\u0026D"]"#);
//! assert_eq!(serde_json::from_slice::<Vec<String>>(&json)?, ["</script>", "R&D"]);
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::Serialize;

/// How much is looked at in one step; what the compiler makes of a step takes no branch.
const STEP: usize = 32;

/// A value as JSON.
///
/// # Errors
/// Those of the value's own implementation, and maps whose keys are no text.
pub fn to_vec(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(value).map(escape)
}

/// An answer of 200 in JSON.
#[cfg(feature = "axum")]
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Json<T>(pub T);

#[cfg(feature = "axum")]
impl<T: Serialize> axum::response::IntoResponse for Json<T> {
    fn into_response(self) -> axum::response::Response {
        use http::header::{CONTENT_TYPE, HeaderValue};
        match to_vec(&self.0) {
            Ok(json) => {
                let kind = HeaderValue::from_static("application/json");
                ([(CONTENT_TYPE, kind)], json).into_response()
            }
            Err(error) => {
                tracing::error!(%error, "an answer cannot be said in JSON");
                http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// Escapes the whole at once: outside of its texts JSON has none of these characters. To do it text by
/// text costs as much again as writing the JSON, and this a twentieth.
fn escape(json: Vec<u8>) -> Vec<u8> {
    if is_plain(&json) {
        return json;
    }
    let mut escaped = Vec::with_capacity(json.len() + json.len() / 4);
    let mut copied = 0;
    for (at, &byte) in json.iter().enumerate() {
        if !SUSPECT[usize::from(byte)] {
            continue;
        }
        let (bytes, escape) = match json[at..] {
            [b'&', ..] => (1, b"\\u0026"),
            [b'<', ..] => (1, b"\\u003c"),
            [b'>', ..] => (1, b"\\u003e"),
            [0xE2, 0x80, 0xA8, ..] => (3, b"\\u2028"),
            [0xE2, 0x80, 0xA9, ..] => (3, b"\\u2029"),
            _ => continue,
        };
        escaped.extend_from_slice(&json[copied..at]);
        escaped.extend_from_slice(escape);
        copied = at + bytes;
    }
    escaped.extend_from_slice(&json[copied..]);
    escaped
}

/// Bytes that an escaped character may begin with. The line separators share theirs with dashes and the
/// like, which stay.
const SUSPECTS: [u8; 4] = [b'&', b'<', b'>', 0xE2];

/// The same as a table.
const SUSPECT: [bool; 256] = {
    let mut table = [false; 256];
    let mut index = 0;
    while index < SUSPECTS.len() {
        table[SUSPECTS[index] as usize] = true;
        index += 1;
    }
    table
};

fn is_plain(json: &[u8]) -> bool {
    // Numbers and no truth values, which the compiler would test one by one.
    let any = |bytes: &[u8]| {
        let suspect = |byte: u8| {
            SUSPECTS
                .iter()
                .fold(0, |any, &one| any | u8::from(byte == one))
        };
        bytes.iter().fold(0, |any, &byte| any | suspect(byte))
    };
    let (steps, rest) = json.as_chunks::<STEP>();
    steps.iter().all(|step| any(step) == 0) && any(rest) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_reads_as_what_it_was_and_opens_no_tag(
            texts in proptest::collection::vec("[a-z<>&\u{2028}\u{2029}\u{2030}\"\\\\é\n]{0,70}", 0..4),
        ) {
            let json = to_vec(&texts).unwrap();
            let text = std::str::from_utf8(&json).unwrap();
            let is_bare = text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']);
            prop_assert!(!is_bare);
            prop_assert_eq!(serde_json::from_slice::<Vec<String>>(&json).unwrap(), texts);
        }
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        let plain = [
            "Tee für zwei – 50 % …",
            "a".repeat(100).as_str(),
            "\u{2030}",
        ]
        .map(str::to_owned);
        assert_eq!(to_vec(&plain).unwrap(), serde_json::to_vec(&plain).unwrap());
        let named = serde_json::json!({"<b>": "<i>"});
        assert_eq!(
            to_vec(&named).unwrap(),
            br#"{"\u003cb\u003e":"\u003ci\u003e"}"#
        );
    }
}
