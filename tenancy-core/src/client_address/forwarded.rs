use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue};

pub(super) const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";

/// The addresses of all `X-Forwarded-For` lines, in order; `None` for one that cannot be read.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(X_FORWARDED_FOR).iter();
    let elements = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    elements.map(|element| node(text(element))).collect()
}

/// The `for` parameters of all `Forwarded` lines (RFC 7239, section 4), in the same form.
pub(super) fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(FORWARDED).iter();
    lines.flat_map(elements).map(for_parameter).collect()
}

/// The scheme that every line of `X-Forwarded-Proto` says.
pub(super) fn x_forwarded_proto(headers: &HeaderMap) -> Option<Scheme> {
    let lines = headers.get_all(X_FORWARDED_PROTO).iter();
    let elements = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    agreed(elements.map(|element| scheme(text(element))))
}

/// The scheme that every `proto` parameter of `Forwarded` says.
pub(super) fn forwarded_proto(headers: &HeaderMap) -> Option<Scheme> {
    let lines = headers.get_all(FORWARDED).iter();
    let said = lines.flat_map(elements).flat_map(|element| {
        let said = parameters(element, "proto").map(scheme);
        said.collect::<Vec<_>>()
    });
    agreed(said)
}

fn agreed(mut said: impl Iterator<Item = Option<Scheme>>) -> Option<Scheme> {
    let first = said.next()??;
    said.all(|other| other.as_ref() == Some(&first))
        .then_some(first)
}

fn scheme(text: &str) -> Option<Scheme> {
    let text = text.trim_matches('"');
    [Scheme::HTTP, Scheme::HTTPS]
        .into_iter()
        .find(|scheme| text.eq_ignore_ascii_case(scheme.as_str()))
}

/// The elements of a line of `Forwarded`, found from its end: what proxies appended there is well formed,
/// and must not become a part of the client's element by a quote that the client left open.
fn elements(line: &HeaderValue) -> Vec<&str> {
    let line = line.as_bytes();
    let (mut elements, mut end, mut quoted) = (Vec::new(), line.len(), false);
    for (at, byte) in line.iter().enumerate().rev() {
        match byte {
            b'"' if !ends_in_escape(&line[..at]) => quoted = !quoted,
            b',' if !quoted => {
                elements.push(text(&line[at + 1..end]));
                end = at;
            }
            _ => {}
        }
    }
    elements.push(text(&line[..end]));
    elements.reverse();
    elements
}

fn ends_in_escape(before: &[u8]) -> bool {
    let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 1
}

/// Nothing where it is no text, which is what names nobody. Only this element must not be read then: one
/// byte of a client's would hide what a proxy appends to its line.
fn text(element: &[u8]) -> &str {
    std::str::from_utf8(element.trim_ascii()).unwrap_or_default()
}

fn for_parameter(element: &str) -> Option<IpAddr> {
    let mut found = parameters(element, "for");
    let value = found.next()?;
    // A parameter occurs once in an element.
    found.next().is_none().then(|| node(value))?
}

fn parameters<'a>(element: &'a str, wanted: &'a str) -> impl Iterator<Item = &'a str> {
    split_outside_quotes(element, ';')
        .into_iter()
        .filter_map(|pair| pair.split_once('='))
        .filter(move |(name, _)| name.trim().eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.trim())
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
    let mut quotes = Quotes::default();
    text.split(|character| {
        let inside = quotes.open;
        quotes.pass(character);
        character == separator && !inside
    })
    .map(str::trim)
    .collect()
}

/// Whether the characters passed so far leave a quoted string open.
#[derive(Debug, Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    fn pass(&mut self, character: char) {
        match character {
            _ if self.escaped => self.escaped = false,
            '\\' if self.open => self.escaped = true,
            '"' => self.open = !self.open,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
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
            assert_eq!(forwarded_for(&headers), expected, "{line}");
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
        check(r#"for=", for=192.0.2.1"#, &[None, Some("192.0.2.1")]);
        check(r#"for="\", for="[::1]""#, &[None, Some("::1")]);
        check(r#"for="\\", for=::1"#, &[None, Some("::1")]);
        check(r#"for="6.6.6.6,b", for="[::1]""#, &[None, Some("::1")]);
        check("for=\u{e9}, for=::1", &[None, Some("::1")]);
        check("", &[None]);
    }

    #[test]
    fn a_scheme_counts_where_all_that_is_said_of_it_agrees() {
        let check = |lines: &[(&'static str, &str)], expected: Option<Scheme>| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            let found = match lines {
                [("forwarded", _), ..] => forwarded_proto(&headers),
                _ => x_forwarded_proto(&headers),
            };
            assert_eq!(found, expected, "{lines:?}");
        };
        let (https, http) = (Some(Scheme::HTTPS), Some(Scheme::HTTP));
        let (proto, forwarded) = ("x-forwarded-proto", "forwarded");
        check(&[(proto, "https")], https.clone());
        check(&[(proto, "HTTPS, https")], https.clone());
        check(&[(proto, "http")], http);
        check(&[(proto, "https, http")], None);
        check(&[(proto, "https"), (proto, "http")], None);
        check(&[(proto, "wss")], None);
        check(&[(proto, "")], None);
        check(&[(proto, "é"), (proto, "https")], None);
        check(&[(forwarded, "for=1.1.1.1;Proto=https")], https.clone());
        check(
            &[(forwarded, r#"for=1.1.1.1;proto="https""#)],
            https.clone(),
        );
        check(
            &[(forwarded, "for=1.1.1.1, for=10.0.0.1;proto=https")],
            https,
        );
        check(&[(forwarded, "proto=https, proto=http")], None);
        check(&[(forwarded, "for=\"a;proto=https\"")], None);
        check(&[(forwarded, "proto=\", proto=http")], None);
        check(&[(forwarded, "for=1.1.1.1"), (proto, "https")], None);
        check(&[], None);
    }
}
