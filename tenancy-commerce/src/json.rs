//! Reading records from JSON, with refusals in the words of JSON.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;

/// Reads a record from JSON, and names the field that is missing or cannot be read.
///
/// # Errors
/// [`Invalid`](crate::ErrorKind::Invalid). The field is `body` where the whole is no object.
pub fn read<T: DeserializeOwned>(json: Value) -> Result<T, Error> {
    if !json.is_object() {
        return Err(Error::invalid("body", "must be an object"));
    }
    serde_path_to_error::deserialize(json).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.into_inner().to_string());
        let (field, message) = describe(&path, &message);
        Error::invalid(field, message)
    })
}

/// The field and the words for a person, of the path and the words of serde, which names a missing
/// or doubled field in its message only.
pub fn describe(path: &str, message: &str) -> (String, String) {
    for (start, words) in [
        ("missing field `", "is required"),
        ("duplicate field `", "is given twice"),
    ] {
        let name = message
            .strip_prefix(start)
            .and_then(|rest| rest.split_once('`'));
        if let Some((name, _)) = name {
            let field = match path {
                "." => name.to_owned(),
                parent if parent == name || parent.ends_with(&format!(".{name}")) => {
                    parent.to_owned()
                }
                parent => format!("{parent}.{name}"),
            };
            return (field, words.to_owned());
        }
    }
    let field = if path == "." { "body" } else { path };
    let message = message.strip_prefix("invalid type: ").map_or_else(
        || message.to_owned(),
        |rest| format!("is of the wrong type: {}", plain(rest)),
    );
    (field.to_owned(), message)
}

/// The types of Rust in the words of JSON.
fn plain(words: &str) -> String {
    let words = words.split(" at line ").next().unwrap_or(words);
    let Some((found, expected)) = words.split_once(", expected ") else {
        return words.to_owned();
    };
    let expected = match expected {
        "i64" | "i32" | "u64" | "u32" => "a whole number",
        "a sequence" => "a list",
        struct_ if struct_.starts_with("struct ") => "an object",
        other => other,
    };
    format!("{found}, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_said_in_the_words_of_json() {
        let check = |path, message, field: &str, said: &str| {
            assert_eq!(describe(path, message), (field.to_owned(), said.to_owned()),);
        };
        check(".", "missing field `name`", "name", "is required");
        check(
            "variants[2]",
            "missing field `price`",
            "variants[2].price",
            "is required",
        );
        check(".", "duplicate field `limit`", "limit", "is given twice");
        check(
            "variants[0].stock",
            "invalid type: floating point `1.5`, expected i64 at line 1 column 4",
            "variants[0].stock",
            "is of the wrong type: floating point `1.5`, expected a whole number",
        );
        check(
            "price",
            "invalid type: integer `3`, expected struct Money",
            "price",
            "is of the wrong type: integer `3`, expected an object",
        );
        check(
            "status",
            "unknown variant `x`, expected `a`",
            "status",
            "unknown variant `x`, expected `a`",
        );
    }
}
