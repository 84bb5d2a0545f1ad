use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::FORWARDED;

pub(super) const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The addresses of all `X-Forwarded-For` lines, in order; `None` for one that cannot be read.
///
/// The whole is `None` when no line exists.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    headers.contains_key(X_FORWARDED_FOR).then(|| {
        let lines = headers.get_all(X_FORWARDED_FOR).iter();
        let elements = lines.flat_map(|line| match line.to_str() {
            Ok(line) => line.split(',').map(str::trim).collect(),
            Err(_) => vec![""],
        });
        elements.map(node).collect()
    })
}

/// The `for` parameters of all `Forwarded` lines (RFC 7239, section 4), in the same form.
pub(super) fn forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    headers.contains_key(FORWARDED).then(|| {
        let lines = headers.get_all(FORWARDED).iter();
        let elements = lines.flat_map(|line| match line.to_str() {
            Ok(line) => split_outside_quotes(line, ','),
            Err(_) => vec![""],
        });
        elements.map(for_parameter).collect()
    })
}

fn for_parameter(element: &str) -> Option<IpAddr> {
    let mut found = split_outside_quotes(element, ';')
        .into_iter()
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let (_, value) = found.next()?;
    // A parameter occurs once in an element.
    found.next().is_none().then(|| node(value.trim()))?
}

/// An address with or without a port, brackets and quotes. Whatever else a node may be called
/// (`unknown`, `_hidden`) names nobody.
fn node(text: &str) -> Option<IpAddr> {
    let unquoted = text
        .strip_prefix('"')
        .map_or(Some(text), |rest| rest.strip_suffix('"'))?;
    let bare = unquoted
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(unquoted);
    let address = bare
        .parse::<IpAddr>()
        .or_else(|_| unquoted.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()?;
    Some(address.to_canonical())
}

/// Splits at `separator` where it is outside a quoted string.
fn split_outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(|character| {
        let inside = quoted;
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        character == separator && !inside
    })
    .map(str::trim)
    .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn every_written_form_of_an_address_is_read_and_nothing_else() {
        let check = |line: &str, expected: &[Option<&str>]| {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED, HeaderValue::from_str(line).unwrap());
            let expected: Vec<_> = expected
                .iter()
                .map(|text| text.map(|text| text.parse::<IpAddr>().unwrap()))
                .collect();
            assert_eq!(forwarded_for(&headers), Some(expected), "{line}");
        };
        check("for=192.0.2.43", &[Some("192.0.2.43")]);
        check(
            r#"For="[2001:db8:cafe::17]:4711""#,
            &[Some("2001:db8:cafe::17")],
        );
        check(
            "for=192.0.2.60;proto=http;by=203.0.113.43",
            &[Some("192.0.2.60")],
        );
        check(
            "for=192.0.2.43, for=198.51.100.17",
            &[Some("192.0.2.43"), Some("198.51.100.17")],
        );
        check(r#"for="a,b;for=6.6.6.6", for=::1"#, &[None, Some("::1")]);
        check(r#"for="a\",for=6.6.6.6", for=::1"#, &[None, Some("::1")]);
        check(r#"for="::ffff:192.0.2.1""#, &[Some("192.0.2.1")]);
        check("for=unknown", &[None]);
        check("for=_hidden", &[None]);
        check("by=192.0.2.1", &[None]);
        check("for=1.1.1.1;for=2.2.2.2", &[None]);
        check(r#"for="1.1.1.1"#, &[None]);
        check("", &[None]);
    }
}
