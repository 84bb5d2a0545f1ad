use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// By whose word a server over TLS is believed to be who it says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Trust {
    /// That of the authorities whose certificates are in a PEM file, and of nobody else.
    Authorities(PathBuf),
    /// Nobody's. For servers on this machine only, as which no other can answer.
    Insecure,
    /// That of the authorities which this machine trusts.
    #[default]
    System,
}

type BoxError = Box<dyn StdError + Send + Sync>;

impl Trust {
    /// What connections are made by.
    pub(crate) fn client(&self) -> Result<ClientConfig, BoxError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = self.verifier(provider.clone())?;
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth())
    }

    /// What certificates are looked at by.
    pub(crate) fn verifier(
        &self,
        provider: Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, BoxError> {
        Ok(match self {
            Self::Authorities(file) => {
                let authorities = Arc::new(authorities(file)?);
                WebPkiServerVerifier::builder_with_provider(authorities, provider).build()?
            }
            Self::Insecure => Arc::new(Anybody(provider)),
            Self::System => Arc::new(Verifier::new(provider)?),
        })
    }
}

fn authorities(file: &Path) -> Result<RootCertStore, BoxError> {
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file)? {
        authorities.add(certificate?)?;
    }
    if authorities.is_empty() {
        return Err("there is no certificate in it".into());
    }
    Ok(authorities)
}

/// Takes every certificate whose key the server has.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.0.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
