//! What a server shows over TLS.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// A certificate to be made, of an authority of its own.
#[derive(Clone, Debug)]
pub struct TestCertificate {
    names: Vec<String>,
    from: SystemTime,
    until: SystemTime,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl TestCertificate {
    /// One for these names, which has been valid for a month and will be for two.
    pub fn of(names: &[&str]) -> Self {
        let now = SystemTime::now();
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            from: now - 30 * DAY,
            until: now + 60 * DAY,
        }
    }

    /// The same, valid between these times.
    #[must_use]
    pub fn valid(self, from: SystemTime, until: SystemTime) -> Self {
        Self {
            from,
            until,
            ..self
        }
    }

    /// Writes `own.pem`, `own.key` and `authority.pem`.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        let mut authority = CertificateParams::new(Vec::<String>::new())?;
        // By default all have one name, and then they seem to have signed themselves.
        let named = |params: &mut CertificateParams, name| {
            params.distinguished_name.push(DnType::CommonName, name);
        };
        named(&mut authority, "The authority of a test");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let certificate = authority.self_signed(&key)?;
        fs::write(folder.join("authority.pem"), certificate.pem())?;
        let issuer = Issuer::new(authority, key);
        let own_key = KeyPair::generate()?;
        let mut own = CertificateParams::new(self.names.clone())?;
        named(&mut own, "A server under test");
        let epoch = date_time_ymd(1970, 1, 1);
        own.not_before = epoch + self.from.duration_since(UNIX_EPOCH)?;
        own.not_after = epoch + self.until.duration_since(UNIX_EPOCH)?;
        let own = own.signed_by(&own_key, &issuer)?;
        fs::write(folder.join("own.pem"), own.pem())?;
        Ok(fs::write(folder.join("own.key"), own_key.serialize_pem())?)
    }
}

impl Default for TestCertificate {
    fn default() -> Self {
        Self::of(&["127.0.0.1", "localhost", "acme.localhost"])
    }
}
