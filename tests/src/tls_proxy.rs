//! A proxy that ends TLS in front of a server.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::StartError;
use crate::port::free_port;
use crate::programs::find_program;
use crate::supervise::{Signal, Supervised, blocking};

/// An nginx with a certificate for `127.0.0.1`, `localhost` and `acme.localhost`.
///
/// It passes on what the guide to the platform has it pass on: `Host`, and who and how the client is.
/// Dropping the last clone ends it and removes its files, and so does the end of the test process.
#[derive(Clone, Debug)]
pub struct TlsProxy {
    supervised: Supervised,
    port: u16,
}

impl TlsProxy {
    /// Starts a proxy before the server at `upstream`.
    ///
    /// # Panics
    /// When it cannot be started, for example because nginx is not installed.
    pub async fn before(upstream: SocketAddr) -> Self {
        Self::with(upstream, "ssl", "$host", "/").await
    }

    /// Starts one that speaks HTTP/2 as well, and ends each connection after some requests.
    ///
    /// # Panics
    /// As [`before`](Self::before).
    pub async fn over_http2(upstream: SocketAddr) -> Self {
        Self::with(upstream, "ssl http2", "$host", "/").await
    }

    /// Starts one whose root is the upstream's page at `path`, and which takes every host for
    /// `host`; for tools that know neither paths nor names.
    ///
    /// # Panics
    /// As [`before`](Self::before).
    pub async fn showing(upstream: SocketAddr, host: &str, path: &str) -> Self {
        Self::with(upstream, "ssl", host, path).await
    }

    async fn with(upstream: SocketAddr, protocols: &str, host: &str, root: &str) -> Self {
        let settings = CONFIGURATION
            .replace("UPSTREAM", &upstream.to_string())
            .replace("PROTOCOLS", protocols)
            .replace("HOST", host)
            .replace("ROOT", root);
        let started = blocking(move || Self::start(&settings)).await;
        started.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The loopback port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate of the authority that its own is from, in PEM.
    pub fn authority(&self) -> PathBuf {
        self.supervised.folder().join("authority.pem")
    }

    fn start(settings: &str) -> Result<Self, StartError> {
        // Debian keeps servers from the path of those who do not manage it.
        let program = find_program(&["nginx"], "nginx-light")
            .or_else(|error| found("/usr/sbin/nginx").ok_or(error))?;
        let supervised = Supervised::new("nginx")?;
        let folder = supervised.folder().to_owned();
        let failed = |error: &dyn std::fmt::Display| StartError::new(format!("nginx: {error}"));
        certify(&folder).map_err(|error| failed(&error))?;
        let port = free_port();
        let settings = settings.replace("PORT", &port.to_string());
        fs::write(folder.join("nginx.conf"), settings).map_err(|error| failed(&error))?;
        let log = File::create(folder.join("log")).map_err(|error| failed(&error))?;
        let mut nginx = supervised.command(&program);
        nginx
            .arg("-p")
            .arg(&folder)
            .args(["-c", "nginx.conf", "-e", "stderr"])
            .stderr(log);
        supervised
            .launch(nginx, Signal::Kill)
            .map_err(|error| failed(&error))?;
        let listens = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        supervised
            .wait_until(Duration::from_secs(30), listens)
            .map_err(|error| {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                failed(&error).with_log(&log)
            })?;
        Ok(Self { supervised, port })
    }
}

const CONFIGURATION: &str = r#"
daemon off;
master_process off;
pid nginx.pid;
events {}
http {
    access_log off;
    server_tokens off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen 127.0.0.1:PORT PROTOCOLS;
        keepalive_requests 100;
        ssl_certificate own.pem;
        # Who comes without TLS is sent to where it is.
        error_page 497 =301 https://$http_host$request_uri;
        ssl_certificate_key own.key;
        proxy_set_header Host HOST;
        proxy_set_header X-Forwarded-Host HOST;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Forwarded "";
        location = / { proxy_pass http://UPSTREAMROOT; }
        location / { proxy_pass http://UPSTREAM; }
    }
}
"#;

fn found(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(path);
    path.is_file().then_some(path)
}

/// Makes an authority, and a certificate of it for this machine.
fn certify(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
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
    let names = ["127.0.0.1", "localhost", "acme.localhost"].map(str::to_owned);
    let own_key = KeyPair::generate()?;
    let mut own = CertificateParams::new(names)?;
    named(&mut own, "A server under test");
    let own = own.signed_by(&own_key, &issuer)?;
    fs::write(folder.join("own.pem"), own.pem())?;
    Ok(fs::write(folder.join("own.key"), own_key.serialize_pem())?)
}
