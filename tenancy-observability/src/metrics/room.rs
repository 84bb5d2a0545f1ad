use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::buckets::NANOSECONDS;
use super::name::HELP_BYTES_MAX;
use super::registry::{Kind, Labels};
use crate::party::Party;

/// How long a number and a bucket's bound are written at the most.
const NUMBER_BYTES: usize = 20;
const BOUND_BYTES: usize = r#",le="1073741824.0""#.len();

/// What a line has beside its names and values.
const LINE_BYTES: usize = r#"_bucket{environment="",tenant=""} "#.len() + 1;

/// What the two lines above a metric have beside its name and what it says.
const HEAD_BYTES: usize = "# HELP  \n# TYPE  histogram\n".len();

/// How long the longest text may become that a sink makes of all points: Prometheus'.
///
/// Half of it is for the named tenants, evenly; an eighth for the four parties that stand beside them; the
/// rest for what is no tenant's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    environment_bytes: usize,
    named_max: usize,
    text_bytes_max: usize,
}

/// Which points of a party are told by themselves: those that were there first, as many as there is
/// room for. One that was told is told again, or its count would seem to fall.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Points>); // std's: never held across an await

#[derive(Debug, Default)]
struct Points {
    cells: HashSet<usize>,
    bytes: usize,
}

impl Room {
    pub(super) fn new(environment: &str, named_max: usize, text_bytes_max: usize) -> Self {
        Self {
            environment_bytes: escaped(environment),
            named_max,
            text_bytes_max,
        }
    }

    /// The room for what is no tenant's, and for the heads of all metrics.
    pub(super) fn of_nobody(self) -> usize {
        self.text_bytes_max / 8 * 3
    }

    pub(super) fn of_named_tenant(self) -> usize {
        self.text_bytes_max / 2 / self.named_max.max(1)
    }

    /// The room for each of the four that stand beside the named tenants.
    pub(super) fn of_others(self) -> usize {
        self.text_bytes_max / 32
    }

    pub(super) fn head(name: &str) -> usize {
        HEAD_BYTES + 2 * name.len() + HELP_BYTES_MAX
    }

    /// How long a point is written, without its tenant.
    pub(super) fn point(self, name: &str, kind: Kind, labels: &Labels) -> usize {
        let labels = labels
            .iter()
            .map(|(key, value)| key.len() + escaped(value) + r#",="""#.len());
        let line = name.len() + self.environment_bytes + labels.sum::<usize>();
        let line = line + LINE_BYTES + NUMBER_BYTES;
        match lines(kind) {
            1 => line,
            lines => lines * (line + BOUND_BYTES),
        }
    }

    /// The same of a point that is no tenant's; of a tenants' metric there is none.
    pub(super) fn point_of_nobody(self, name: &str, kind: Kind, labels: &Labels) -> usize {
        match kind.is_of_tenants() {
            true => 0,
            false => self.point(name, kind, labels) + lines(kind) * Party::Platform.name().len(),
        }
    }
}

impl Told {
    /// Whether the point in this cell is told by itself, now and from now on.
    pub(super) fn admits(&self, cell: usize, bytes: usize, room: usize) -> bool {
        // Each change is whole.
        let mut points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if points.cells.contains(&cell) {
            return true;
        }
        let fits = points.bytes + bytes <= room;
        if fits {
            points.cells.insert(cell);
            points.bytes += bytes;
        }
        fits
    }
}

/// How many lines a point is.
pub(super) fn lines(kind: Kind) -> usize {
    match kind {
        Kind::Histogram(buckets) => buckets.bounds().len() + 3,
        Kind::TenantHistogram => NANOSECONDS.len() + 3,
        Kind::Counter | Kind::Gauge | Kind::TenantCounter | Kind::TenantGauge => 1,
    }
}

/// The length of a value as it is written.
fn escaped(value: &str) -> usize {
    let is_escaped = |letter: &u8| matches!(letter, b'\\' | b'\n' | b'"');
    value.len() + value.bytes().filter(|letter| is_escaped(letter)).count()
}
