use super::finding::{Finding, Place, ThreatKind, Verdict};
use super::scan::{Bytes, Scan};
use super::signs::Signs;
use super::{decode, probe, shell, sql, traversal};

/// How many layers of encoding are undone: URL encoding twice, and what it may have hidden.
const LAYERS: usize = 3;

/// Finds attacks in the values of a request.
///
/// It holds no state and no tables of its own: one serves every thread. Its work is linear in the
/// value's length, and a harmless value costs no allocation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detector(());

impl Detector {
    /// A detector of everything in [`ThreatKind`].
    pub const fn new() -> Self {
        Self(())
    }

    /// The gravest thing that `value` holds, or the first that is to be refused.
    ///
    /// The value is one parameter's, as the handler will see it: decoded once where the place is a
    /// query or a form. What is still encoded is decoded here, within bounds.
    pub fn check(&self, place: Place, value: &[u8]) -> Option<Finding> {
        self.check_without(&[], place, value)
    }

    /// What [`check`](Self::check) would say if there were no such kinds.
    pub fn check_without(
        &self,
        kinds: &[ThreatKind],
        place: Place,
        value: &[u8],
    ) -> Option<Finding> {
        let scan = Scan::of(value);
        if scan.bytes().is_plain() && !decode::base64_starts(value) {
            return None;
        }
        let mut gravest = None;
        let mut judged = |scan: &Scan<'_>| {
            if let Some(verdict) = judge(kinds, place, scan)
                && gravest.is_none_or(|known: Verdict| known.severity < verdict.severity)
            {
                gravest = Some(verdict);
            }
            gravest.is_some_and(|verdict| verdict.severity.blocks())
        };
        if !judged(&scan) {
            if scan.bytes().may_be_base64()
                && let Some(text) = decode::base64(value)
            {
                judged(&Scan::of(&text));
            }
            let mut layer = decode::peel(value, scan.bytes());
            for _ in 1..=LAYERS {
                let Some(text) = layer else { break };
                let scan = Scan::of(&text);
                if judged(&scan) {
                    break;
                }
                layer = decode::peel(&text, scan.bytes());
            }
        }
        gravest.map(|verdict| Finding {
            kind: verdict.kind,
            severity: verdict.severity,
            place,
            description: verdict.says,
        })
    }
}

/// Asks each judge whose attacks the value's bytes allow.
fn judge(kinds: &[ThreatKind], place: Place, scan: &Scan<'_>) -> Option<Verdict> {
    let bytes = scan.bytes();
    if bytes.is_plain() {
        return None;
    }
    let looked = Looked {
        place,
        scan,
        signs: Signs::of(scan, kinds),
    };
    let judges = [
        (Bytes::SIGNS, (|looked| looked.signs.markup) as Judge),
        (probe::SIGNS, |looked| probe::begins(looked.scan)),
        (Bytes::SIGNS, |looked| looked.signs.probe),
        (probe::SIGNS, |looked| probe::phrase(looked.scan)),
        (sql::SIGNS, |looked| sql::judge(looked.scan)),
        (traversal::SIGNS, |looked| {
            traversal::judge(looked.place, looked.scan)
        }),
        (shell::SIGNS, |looked| shell::begins(looked.scan)),
        (Bytes::SIGNS, |looked| looked.signs.shell),
    ];
    let asked = judges.iter().filter(|(signs, _)| bytes.has_any(*signs));
    let verdicts = asked.filter_map(|(_, judge)| judge(&looked));
    Verdict::gravest(verdicts.filter(|verdict| !kinds.contains(&verdict.kind)))
}

/// A value that was looked at, sign by sign.
struct Looked<'a> {
    place: Place,
    scan: &'a Scan<'a>,
    signs: Signs,
}

type Judge = fn(&Looked<'_>) -> Option<Verdict>;
