use super::id::{SpanId, TraceId};

/// What `traceparent` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Parent {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) is_sampled: bool,
}

/// `00-<32 digits>-<16 digits>-<2 digits>`.
const BYTES: usize = 55;

const SAMPLED: u8 = 0b1;

impl Parent {
    /// A later version may have more to say after what this one knows.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (known, more) = text.split_at_checked(BYTES)?;
        let mut parts = known.split(|byte| *byte == b'-');
        let version = u8::try_from(hex(parts.next()?, 2)?).ok()?;
        let is_whole = match version {
            0 => more.is_empty(),
            u8::MAX => false,
            _ => more.first().is_none_or(|byte| *byte == b'-'),
        };
        let trace_id = TraceId::new(hex(parts.next()?, 32)?)?;
        let span_id = SpanId::new(u64::try_from(hex(parts.next()?, 16)?).ok()?)?;
        let flags = u8::try_from(hex(parts.next()?, 2)?).ok()?;
        (is_whole && parts.next().is_none()).then_some(Self {
            trace_id,
            span_id,
            is_sampled: flags & SAMPLED != 0,
        })
    }

    pub(super) fn text(&self) -> String {
        let Self {
            trace_id, span_id, ..
        } = self;
        let flags = u8::from(self.is_sampled) * SAMPLED;
        format!("00-{trace_id}-{span_id}-{flags:02x}")
    }
}

/// So many digits, of which the letters are small.
fn hex(text: &[u8], digits: usize) -> Option<u128> {
    if text.len() != digits {
        return None;
    }
    text.iter().try_fold(0, |number, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    #[test]
    fn a_parent_is_read_to_the_letter_of_the_specification() {
        let check = |text: String, expected: Option<bool>| {
            let parsed = Parent::parse(text.as_bytes());
            let sampled = parsed.as_ref().map(|parent| parent.is_sampled);
            assert_eq!(sampled, expected, "{text:?}");
            if let Some(parent) = parsed {
                assert_eq!(parent.trace_id.to_string(), TRACE);
                assert_eq!(parent.span_id.to_string(), SPAN);
            }
        };
        check(format!("00-{TRACE}-{SPAN}-01"), Some(true));
        check(format!("00-{TRACE}-{SPAN}-00"), Some(false));
        check(format!("00-{TRACE}-{SPAN}-ff"), Some(true));
        check(format!("01-{TRACE}-{SPAN}-01"), Some(true));
        check(format!("cc-{TRACE}-{SPAN}-01-what-comes"), Some(true));
        check(format!("cc-{TRACE}-{SPAN}-01.what-comes"), None);
        check(format!("00-{TRACE}-{SPAN}-01-what-comes"), None);
        check(format!("ff-{TRACE}-{SPAN}-01"), None);
        check(format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), None);
        check(format!("00-{}-{SPAN}-01", "0".repeat(32)), None);
        check(format!("00-{TRACE}-{}-01", "0".repeat(16)), None);
        check(format!("0-{TRACE}-{SPAN}-01"), None);
        check(format!("00-{TRACE}-{SPAN}-1"), None);
        check(format!("00-{TRACE}-{SPAN}-0-"), None);
        check(format!("00_{TRACE}_{SPAN}_01"), None);
        check(format!(" 00-{TRACE}-{SPAN}-01"), None);
        check(format!("00-{TRACE}-{SPAN}-0\u{e9}"), None);
        check(format!("00-{TRACE}{SPAN}-01"), None);
        check(String::new(), None);
    }
}
