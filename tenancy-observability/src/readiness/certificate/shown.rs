use std::time::Duration;

use jiff::Timestamp;
use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

/// How many of its names are told.
const NAMES_MAX: usize = 5;

/// How much of a name or of its issuer is told, in characters.
const CHARS_MAX: usize = 120;

/// What a certificate says of itself.
pub(super) struct Shown {
    issuer: String,
    /// The first of them.
    names: Vec<String>,
    names_count: usize,
    from: Timestamp,
    until: Timestamp,
}

impl Shown {
    /// `None` where it is not one.
    pub(super) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let alternatives = certificate.subject_alternative_name().ok()?;
        let all = alternatives.map_or(&[][..], |found| &found.value.general_names[..]);
        let names: Vec<&str> = all
            .iter()
            .filter_map(|name| match name {
                GeneralName::DNSName(name) => Some(*name),
                _ => None,
            })
            .collect();
        let validity = certificate.validity();
        Some(Self {
            issuer: printable(&certificate.issuer().to_string()),
            names: names
                .iter()
                .take(NAMES_MAX)
                .map(|name| printable(name))
                .collect(),
            names_count: names.len(),
            from: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
            until: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
        })
    }

    /// How long it is still valid.
    pub(super) fn left(&self, now: Timestamp) -> Duration {
        between(now, self.until)
    }

    /// How long it is valid in all.
    pub(super) fn life(&self) -> Duration {
        between(self.from, self.until)
    }

    /// What it is for, by whom and for how long.
    pub(super) fn told(&self, now: Timestamp) -> String {
        let days = |time: Duration| time.as_secs() / (24 * 60 * 60);
        let lasts = match self.left(now) {
            Duration::ZERO => format!("ended {} days ago", days(between(self.until, now))),
            left => format!("{} days left", days(left)),
        };
        let names = match self.names_count {
            0 => "no name".to_owned(),
            count if count > NAMES_MAX => {
                format!("{} and {} more", self.names.join(", "), count - NAMES_MAX)
            }
            _ => self.names.join(", "),
        };
        format!("for {names}, issued by {}, {lasts}", self.issuer)
    }
}

fn between(one: Timestamp, other: Timestamp) -> Duration {
    Duration::try_from(one.duration_until(other)).unwrap_or_default()
}

/// What others have written, for a terminal: without what would move its cursor.
fn printable(text: &str) -> String {
    let plain = text.chars().take(CHARS_MAX);
    plain
        .map(|letter| match letter.is_control() {
            true => char::REPLACEMENT_CHARACTER,
            false => letter,
        })
        .collect()
}
