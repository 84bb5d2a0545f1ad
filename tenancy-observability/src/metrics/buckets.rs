/// Into which sizes a histogram sorts what it is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Buckets {
    /// By a quarter of a kibibyte, and four times as many again and again.
    Bytes,
    /// Numbers of something.
    Numbers,
    /// As OpenTelemetry's conventions have it for requests over HTTP.
    Seconds,
}

/// The bounds of requests' durations, in seconds.
pub(crate) const SECONDS: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The same as durations, for exact comparison.
pub(crate) const NANOSECONDS: [u64; SECONDS.len()] = [
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    75_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    750_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    7_500_000_000,
    10_000_000_000,
];

const BYTES: &[f64] = &[
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
    268_435_456.0,
    1_073_741_824.0,
];

const NUMBERS: &[f64] = &[
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0,
];

impl Buckets {
    /// By the unit that the name of a metric ends in.
    pub(crate) fn of(name: &str) -> Self {
        if name.ends_with("_bytes") {
            Self::Bytes
        } else if name.ends_with("_seconds") {
            Self::Seconds
        } else {
            Self::Numbers
        }
    }

    /// The upper bounds, each of which belongs to its bucket; above the last there is one more.
    pub(crate) fn bounds(self) -> &'static [f64] {
        match self {
            Self::Bytes => BYTES,
            Self::Numbers => NUMBERS,
            Self::Seconds => SECONDS,
        }
    }
}
