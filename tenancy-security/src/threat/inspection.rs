use std::ops::ControlFlow;

use smallvec::SmallVec;

use super::detector::Detector;
use super::event::Found;
use super::exclusion::{Excluded, Exclusion};
use super::finding::{Finding, Place};
use super::known::Known;
use super::mode::Mode;

/// How many findings of one request are kept.
const FOUND_MAX: usize = 16;

/// How many of them may be too weak to refuse the request for, so that others have a place.
const WEAK_MAX: usize = 4;

/// What has been found in a request so far.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) mode: Mode,
    pub(super) found: SmallVec<[Found; 1]>,
    score: u32,
    is_refused: bool,
}

/// Looks at one request's values, one after the other.
///
/// Each look breaks off where nothing further can change what becomes of the request.
#[derive(Debug)]
pub(super) struct Inspection<'a> {
    pub(super) exclusions: &'a [Exclusion],
    pub(super) known: &'a Known,
    pub(super) path: &'a str,
    pub(super) tally: &'a mut Tally,
}

impl Tally {
    pub(super) fn new(mode: Mode) -> Self {
        Self {
            mode,
            found: SmallVec::new(),
            score: 0,
            is_refused: false,
        }
    }

    /// Whether the request is to be refused for what was found.
    pub(super) fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Whether all that was found is too weak to refuse a request for.
    pub(super) fn is_weak(&self) -> bool {
        self.found.iter().all(|found| !found.severity.blocks())
    }

    fn add(&mut self, finding: Finding, name: Option<&[u8]>) -> ControlFlow<()> {
        let is_weak = |found: &&Found| !found.severity.blocks();
        let has_place =
            finding.severity().blocks() || self.found.iter().filter(is_weak).count() < WEAK_MAX;
        if has_place && self.found.len() < FOUND_MAX {
            self.found.push(Found::new(finding, name));
        }
        self.score = self.score.saturating_add(finding.severity().score());
        self.is_refused |= match self.mode {
            Mode::Block => finding.severity().blocks(),
            Mode::Observe | Mode::Off => false,
            Mode::Score(limit) => self.score >= limit,
        };
        if self.is_refused || (!self.mode.refuses() && self.found.len() == FOUND_MAX) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

impl Inspection<'_> {
    /// How much was found so far: what was found in one reading of a text is not counted again in
    /// another one.
    pub(super) fn score(&self) -> u32 {
        self.tally.score
    }

    /// Whether there is anything that a parameter is not judged for.
    pub(super) fn excludes(&self, place: Place, name: &[u8]) -> bool {
        let excluded = Excluded::by(self.exclusions, self.path, place, name);
        excluded != Excluded::Kinds(Vec::new())
    }

    /// Looks at a value without a name: a name itself, a path, a whole body.
    #[inline]
    pub(super) fn unnamed(&mut self, place: Place, value: &[u8]) -> ControlFlow<()> {
        match Detector::new().check(place, value) {
            None => ControlFlow::Continue(()),
            Some(finding) => self.tally.add(finding, None),
        }
    }

    /// Looks at the value of a parameter.
    #[inline]
    pub(super) fn named(&mut self, place: Place, name: &[u8], value: &[u8]) -> ControlFlow<()> {
        match Detector::new().check(place, value) {
            None => ControlFlow::Continue(()),
            Some(finding) => self.weigh(finding, name, value),
        }
    }

    /// Looks at the value of a header that most clients repeat, unless it is known.
    pub(super) fn repeated(&mut self, name: &[u8], value: &[u8]) -> ControlFlow<()> {
        if self.known.holds(value) {
            return ControlFlow::Continue(());
        }
        match Detector::new().check(Place::Header, value) {
            None => {
                self.known.keep(value);
                ControlFlow::Continue(())
            }
            Some(finding) => self.weigh(finding, name, value),
        }
    }

    #[cold]
    fn weigh(&mut self, finding: Finding, name: &[u8], value: &[u8]) -> ControlFlow<()> {
        let place = finding.place();
        let finding = match Excluded::by(self.exclusions, self.path, place, name) {
            Excluded::Everything => None,
            Excluded::Kinds(kinds) if kinds.contains(&finding.kind()) => {
                Detector::new().check_without(&kinds, place, value)
            }
            Excluded::Kinds(_) => Some(finding),
        };
        match finding {
            None => ControlFlow::Continue(()),
            Some(finding) => self.tally.add(finding, Some(name)),
        }
    }
}
