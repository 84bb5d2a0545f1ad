//! Whether visitors can trust what a server shows them over TLS, by a connection to it.

mod shown;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{self, CertificateError, ProtocolVersion};

use self::shown::Shown;
use super::Finding;
use crate::tls::{Trust, addresses};

/// How long it may take, from the look-up of the name on.
const TIME_OUT: Duration = Duration::from_secs(10);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// With less than this, nobody has renewed it when it was time.
const LEFT_USUAL: Duration = DAY.saturating_mul(21);

/// With less than this, nobody may get to it before it ends.
const LEFT_MIN: Duration = DAY.saturating_mul(3);

/// The same in parts of its whole life, where that is less: some live for six days.
const LEFT_USUAL_PART: u32 = 4;
const LEFT_MIN_PART: u32 = 30;

/// Whether a server is there for `name`, under that name and at `port`, and shows a certificate for it that
/// `trust` vouches for, and that lasts.
///
/// It is a warning with less than 21 days left, or a quarter of the certificate's whole life where that is
/// shorter, and a failure with less than three days, or a thirtieth. Nothing is sent but the greeting; it
/// takes ten seconds at the longest, and of several addresses the first that answers is looked at. With
/// [`Trust::Insecure`], only who issued it is not looked at. What the certificate says of itself is part of
/// the evidence, shortened.
pub async fn judge(name: &str, port: u16, trust: &Trust) -> Finding {
    let greeted = timeout(TIME_OUT, greet(name, port, trust)).await;
    match greeted {
        Ok(Ok(greeting)) => greeting.judge(name, Timestamp::now()),
        Ok(Err(finding)) => finding,
        Err(_) => Finding::fail(
            format!("{name} does not answer at port {port} within {TIME_OUT:?}"),
            LISTEN,
        ),
    }
}

const LISTEN: &str =
    "see that what ends TLS runs, listens there, and is let through by what is before it";

const RENEW: &str = "have it renewed, and find out why nothing does so by itself";

/// What a server has shown.
struct Greeting {
    version: Option<ProtocolVersion>,
    certificate: CertificateDer<'static>,
    /// What is wrong with it, but for how long it lasts.
    refused: Option<rustls::Error>,
}

async fn greet(name: &str, port: u16, trust: &Trust) -> Result<Greeting, Finding> {
    let untold = |error: &dyn Error| {
        Finding::unknown(
            format!("the authorities to trust cannot be read: {error}"),
            "give a file with their certificates in PEM, or install the system's (ca-certificates)",
        )
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = trust.verifier(provider).map_err(|error| untold(&*error))?;
    // Whatever it shows is wanted, so it is looked at afterwards; nothing is said to it.
    let client = Trust::Insecure.client().map_err(|error| untold(&*error))?;
    let host = ServerName::try_from(name.to_owned()).map_err(|_| {
        let evidence = format!("{name} is no name that a certificate can be for");
        Finding::fail(evidence, "give the server a host name")
    })?;
    let found = addresses(name, port).await.map_err(|error| {
        Finding::fail(
            format!("{name} cannot be found: {error}"),
            "enter its address in the DNS",
        )
    })?;
    let stream = TcpStream::connect(&found[..]).await.map_err(|error| {
        Finding::fail(
            format!("nobody answers for {name} at port {port}: {error}"),
            LISTEN,
        )
    })?;
    let connector = TlsConnector::from(Arc::new(client));
    let stream = connector.connect(host.clone(), stream).await;
    let stream = stream.map_err(|error| {
        Finding::fail(
            format!("{name} does not speak TLS 1.2 or 1.3 at port {port}: {error}"),
            "see that TLS ends there, and that it has a certificate for this name",
        )
    })?;
    let (_, connection) = stream.get_ref();
    let chain = connection.peer_certificates().unwrap_or_default();
    let Some((certificate, others)) = chain.split_first() else {
        return Err(Finding::fail(
            format!("{name} shows no certificate"),
            "give what ends TLS there a certificate",
        ));
    };
    let now = UnixTime::now();
    let looked_at = verifier.verify_server_cert(certificate, others, &host, &[], now);
    // Whoever trusts anybody wants to know at least whom.
    let looked_at = looked_at
        .and_then(|_| ParsedCertificate::try_from(certificate))
        .and_then(|parsed| verify_server_name(&parsed, &host));
    Ok(Greeting {
        version: connection.protocol_version(),
        certificate: certificate.clone().into_owned(),
        refused: looked_at.err(),
    })
}

impl Greeting {
    fn judge(&self, name: &str, now: Timestamp) -> Finding {
        let Some(shown) = Shown::read(&self.certificate) else {
            return Finding::fail(
                format!("the certificate of {name} cannot be read"),
                "have another one made",
            );
        };
        let version = match self.version {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS 1.2",
        };
        let told = format!("{name} over {version}: {}", shown.told(now));
        if let Some(refused) = &self.refused {
            let (why, mend) = why(refused, name);
            return Finding::fail(format!("{why}; {told}"), mend);
        }
        let left = shown.left(now);
        let life = shown.life();
        if left < LEFT_MIN.min(life / LEFT_MIN_PART) {
            Finding::fail(told, RENEW)
        } else if left < LEFT_USUAL.min(life / LEFT_USUAL_PART) {
            Finding::warn(told, RENEW)
        } else {
            Finding::pass(told)
        }
    }
}

/// Why visitors do not trust it, and what would make them.
fn why(refused: &rustls::Error, name: &str) -> (String, String) {
    use CertificateError as Fault;

    let rustls::Error::InvalidCertificate(fault) = refused else {
        return (refused.to_string(), "have another one made".to_owned());
    };
    let (why, mend) = match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => ("it has expired", RENEW.to_owned()),
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => (
            "it is not valid yet",
            "see that this machine's clock is right (`timedatectl`), and wait or have another one made"
                .to_owned(),
        ),
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => (
            "it is for others",
            format!("have one made for {name}, or for all names of its kind (`*.`)"),
        ),
        // The latter of an authority that has the name of one that is trusted.
        Fault::UnknownIssuer | Fault::BadSignature => (
            "nobody trusts who issued it",
            "have one made by an authority that browsers trust, and serve it with all between the two \
             (the full chain)"
                .to_owned(),
        ),
        Fault::Revoked => ("it was revoked", "have another one made".to_owned()),
        other => {
            return (
                format!("it is not accepted: {other}"),
                "have another one made".to_owned(),
            );
        }
    };
    (why.to_owned(), mend)
}
