use http::HeaderValue;

/// The most members of a list.
const MEMBERS_MAX: usize = 32;

/// As much as everybody has to pass on.
const BYTES_MAX: usize = 512;

/// Longer members go first where there is too much.
const LONG_BYTES: usize = 128;

/// What other vendors' systems pass on to themselves, as `tracestate` says it. A list that breaks
/// the rules is none.
pub(super) fn read<'h>(values: impl Iterator<Item = &'h HeaderValue>) -> Option<String> {
    let mut members: Vec<&str> = Vec::new();
    for value in values {
        for member in value.to_str().ok()?.split(',') {
            let member = member.trim_matches([' ', '\t']);
            if member.is_empty() {
                continue;
            }
            let key = key_of(member)?;
            let is_known = members.iter().any(|known| key_of(known) == Some(key));
            if is_known || members.len() == MEMBERS_MAX {
                return None;
            }
            members.push(member);
        }
    }
    shorten(&mut members);
    (!members.is_empty()).then(|| members.join(","))
}

/// Leaves out whole members until what is left is not too long, long ones and last ones first.
fn shorten(members: &mut Vec<&str>) {
    let is_too_long = |members: &[&str]| {
        let bytes: usize = members.iter().map(|member| member.len() + 1).sum();
        bytes > BYTES_MAX + 1
    };
    while is_too_long(members) {
        let long = members.iter().rposition(|member| member.len() > LONG_BYTES);
        members.remove(long.unwrap_or(members.len() - 1));
    }
}

/// The key of a member that follows the rules.
fn key_of(member: &str) -> Option<&str> {
    let (key, value) = member.split_once('=')?;
    let is_key = match key.split_once('@') {
        None => is_name(key, 256, false),
        Some((tenant, system)) => is_name(tenant, 241, true) && is_name(system, 14, false),
    };
    let is_value = (1..=256).contains(&value.len())
        && value
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b'=');
    (is_key && is_value).then_some(key)
}

fn is_name(name: &str, bytes_max: usize, may_begin_with_digit: bool) -> bool {
    let begins_well = match name.as_bytes().first() {
        Some(b'a'..=b'z') => true,
        Some(b'0'..=b'9') => may_begin_with_digit,
        _ => false,
    };
    let is_allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/');
    begins_well && name.len() <= bytes_max && name.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_passed_on_as_it_came_or_not_at_all() {
        let check = |lines: &[&str], expected: Option<&str>| {
            let values: Vec<HeaderValue> = lines.iter().map(|l| l.parse().unwrap()).collect();
            assert_eq!(read(values.iter()).as_deref(), expected, "{lines:?}");
        };
        check(&["rojo=00f067aa0ba902b7"], Some("rojo=00f067aa0ba902b7"));
        check(&["a=1 , b=2\t", ",", "c=3"], Some("a=1,b=2,c=3"));
        check(
            &["fw529a3039@dt=FfAB", "0t@s=1"],
            Some("fw529a3039@dt=FfAB,0t@s=1"),
        );
        check(&[], None);
        check(&[""], None);
        check(&["a=1", "a=2"], None);
        check(&["A=1"], None);
        check(&["0a=1"], None);
        check(&["a@0s=1"], None);
        check(&["a@b@c=1"], None);
        check(&["a=1=2"], None);
        check(&["a="], None);
        check(&["a"], None);
        let long_key = format!("{}=1", "k".repeat(256));
        check(&[&long_key], Some(&long_key));
        check(&[&format!("{}=1", "k".repeat(257))], None);
        check(&[&format!("a={}", "v".repeat(257))], None);
        let many: Vec<String> = (0..33).map(|number| format!("k{number}=v")).collect();
        check(&[&many[..32].join(",")], Some(&many[..32].join(",")));
        check(&[&many.join(",")], None);
    }

    #[test]
    fn what_is_too_long_loses_whole_members_the_long_ones_first() {
        let long = format!("long={}", "v".repeat(200));
        let short = |number: usize| format!("k{number}={}", "v".repeat(90));
        let list = [short(1), long, short(2), short(3), short(4), short(5)].join(",");
        let expected = [short(1), short(2), short(3), short(4), short(5)].join(",");
        let value: HeaderValue = list.parse().unwrap();
        assert_eq!(read([&value].into_iter()), Some(expected));
        let six: Vec<String> = (0..6).map(short).collect();
        let value: HeaderValue = six.join(",").parse().unwrap();
        assert_eq!(read([&value].into_iter()), Some(six[..5].join(",")));
    }
}
