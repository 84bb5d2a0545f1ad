//! Judges a value for everything but some kinds, where a first look found something.

use super::decode;
use super::finding::{Finding, Place, ThreatKind, Verdict};
use super::scan::Bytes;
use super::{markup, probe, shell, sql, traversal};

/// How many layers of encoding are undone, as by the detector.
const LAYERS: usize = 3;

type Judge = fn(Place, &[u8], Bytes) -> Option<Verdict>;

const JUDGES: [(Bytes, Judge); 5] = [
    (markup::SIGNS, markup::judge),
    (probe::SIGNS, probe::judge),
    (sql::SIGNS, sql::judge),
    (traversal::SIGNS, traversal::judge),
    (shell::SIGNS, shell::judge),
];

/// What [`Detector::check`](super::Detector::check) would say if there were no such kinds.
pub(super) fn check_without(kinds: &[ThreatKind], place: Place, value: &[u8]) -> Option<Finding> {
    let mut gravest = None;
    let mut judged = |value: &[u8]| {
        let found = judge(kinds, place, value);
        if let Some(verdict) = found
            && gravest.is_none_or(|known: Verdict| known.severity < verdict.severity)
        {
            gravest = found;
        }
        gravest.is_some_and(|verdict| verdict.severity.blocks())
    };
    if !judged(value) {
        if let Some(text) = decode::base64(value) {
            judged(&text);
        }
        let mut layer = decode::peel(value, Bytes::of(value));
        for _ in 0..LAYERS {
            let Some(text) = layer else { break };
            if judged(&text) {
                break;
            }
            layer = decode::peel(&text, Bytes::of(&text));
        }
    }
    gravest.map(|verdict| Finding {
        kind: verdict.kind,
        severity: verdict.severity,
        place,
        description: verdict.says,
    })
}

fn judge(kinds: &[ThreatKind], place: Place, value: &[u8]) -> Option<Verdict> {
    let bytes = Bytes::of(value);
    let asked = JUDGES.iter().filter(|(signs, _)| bytes.has_any(*signs));
    let verdicts = asked.filter_map(|(_, judge)| judge(place, value, bytes));
    verdicts
        .filter(|verdict| !kinds.contains(&verdict.kind))
        .max_by_key(|verdict| verdict.severity)
}
