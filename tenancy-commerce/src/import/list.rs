//! Several values in one cell: `Blue, Green`, `Clothing > Hoodies, Sale`.
//!
//! A comma that belongs to a value is written `\,`, as WooCommerce does, and a backslash `\\`; in a
//! path `>` is written `\>`. A backslash before anything else stands for itself. Blanks around a
//! value do not count, and empty values are dropped, when reading as well as when writing.

/// The values of a list.
pub(crate) fn split(cell: &str) -> Vec<String> {
    split_at(cell, ',').collect()
}

/// Writes a list.
pub(crate) fn join<'a>(values: impl IntoIterator<Item = &'a str>) -> String {
    join_with(values, ',', ", ")
}

/// The names of a path.
pub(crate) fn split_path(value: &str) -> Vec<String> {
    split_at(value, '>').collect()
}

/// Writes a path.
pub(crate) fn join_path<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    join_with(names, '>', " > ")
}

fn split_at(text: &str, separator: char) -> impl Iterator<Item = String> {
    let mut values = vec![String::new()];
    // Blanks that stand at the very end of a value but were escaped do not exist: only the
    // separator and the backslash can be escaped, so trimming after unescaping is safe.
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character == separator {
            values.push(String::new());
            continue;
        }
        let escaped = match rest.peek() {
            Some(&next) if character == '\\' && (next == separator || next == '\\') => rest.next(),
            _ => None,
        };
        if let Some(value) = values.last_mut() {
            value.push(escaped.unwrap_or(character));
        }
    }
    values
        .into_iter()
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
}

fn join_with<'a>(
    values: impl IntoIterator<Item = &'a str>,
    separator: char,
    between: &str,
) -> String {
    let mut joined = String::new();
    for value in values
        .into_iter()
        .map(str::trim)
        .filter(|value| !value.is_empty())
    {
        if !joined.is_empty() {
            joined.push_str(between);
        }
        for character in value.chars() {
            if character == '\\' || character == separator {
                joined.push('\\');
            }
            joined.push(character);
        }
    }
    joined
}
