//! One pass over a value's signs, for all judges that look at them.

use super::finding::{ThreatKind, Verdict};
use super::markup::{self, Markup};
use super::probe::{self, Probe};
use super::scan::{Bytes, Scan};
use super::shell::{self, Shell};

/// What the signs of a value gave away, by judge.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signs {
    pub(super) markup: Option<Verdict>,
    pub(super) probe: Option<Verdict>,
    pub(super) shell: Option<Verdict>,
}

impl Signs {
    /// Looks at the signs, but for what is of `kinds`, up to the first piece of markup that runs.
    pub(super) fn of(scan: &Scan<'_>, kinds: &[ThreatKind]) -> Self {
        let bytes = scan.bytes();
        let of_markup = markup::signs(bytes);
        let mut of_probes = probe::signs(bytes);
        let mut of_shell = shell::signs(bytes);
        let mut seen = Self::default();
        let all = of_markup.or(of_probes).or(of_shell);
        if !bytes.has_any(all) {
            return seen;
        }
        let (mut markup, mut probe, mut shell) =
            (Markup::of(scan), Probe::of(scan), Shell::of(scan));
        for (at, byte) in scan.signs(all) {
            let sign = Bytes::of_byte(byte);
            if sign.has_any(of_markup)
                && let Some(verdict) = markup.see(at, byte)
                && note(&mut seen.markup, verdict, kinds)
            {
                break;
            }
            if sign.has_any(of_probes)
                && let Some(verdict) = probe.see(at, byte)
                && note(&mut seen.probe, verdict, kinds)
            {
                of_probes = Bytes::default();
            }
            if sign.has_any(of_shell)
                && let Some(verdict) = shell.see(at, byte)
                && note(&mut seen.shell, verdict, kinds)
            {
                of_shell = Bytes::default();
            }
        }
        seen
    }
}

/// Takes a verdict down, unless it is of `kinds`, and says whether it is to be refused.
#[cold]
fn note(noted: &mut Option<Verdict>, verdict: Verdict, kinds: &[ThreatKind]) -> bool {
    if kinds.contains(&verdict.kind) {
        return false;
    }
    let blocks = verdict.severity.blocks();
    if blocks || noted.is_none() {
        *noted = Some(verdict);
    }
    blocks
}
