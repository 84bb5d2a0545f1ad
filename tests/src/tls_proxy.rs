//! A proxy that ends TLS in front of a server.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::StartError;
use crate::certificate::TestCertificate;
use crate::port::free_port;
use crate::programs::find_program;
use crate::supervise::{Signal, Supervised, blocking};

/// An nginx with a certificate, by default for `127.0.0.1`, `localhost` and `acme.localhost`.
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
        Self::with_certificate(upstream, TestCertificate::default()).await
    }

    /// Starts one that shows another certificate.
    ///
    /// # Panics
    /// As [`before`](Self::before).
    pub async fn with_certificate(upstream: SocketAddr, certificate: TestCertificate) -> Self {
        Self::with(upstream, "ssl", ("$host", "/"), certificate).await
    }

    /// Starts one that speaks HTTP/2 as well, and ends each connection after some requests.
    ///
    /// # Panics
    /// As [`before`](Self::before).
    pub async fn over_http2(upstream: SocketAddr) -> Self {
        let shown = TestCertificate::default();
        Self::with(upstream, "ssl http2", ("$host", "/"), shown).await
    }

    /// Starts one whose root is the upstream's page at `path`, and which takes every host for
    /// `host`; for tools that know neither paths nor names.
    ///
    /// # Panics
    /// As [`before`](Self::before).
    pub async fn showing(upstream: SocketAddr, host: &str, path: &str) -> Self {
        Self::with(upstream, "ssl", (host, path), TestCertificate::default()).await
    }

    async fn with(
        upstream: SocketAddr,
        protocols: &str,
        (host, root): (&str, &str),
        certificate: TestCertificate,
    ) -> Self {
        let settings = CONFIGURATION
            .replace("UPSTREAM", &upstream.to_string())
            .replace("PROTOCOLS", protocols)
            .replace("HOST", host)
            .replace("ROOT", root);
        let started = blocking(move || Self::start(&settings, &certificate)).await;
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

    fn start(settings: &str, certificate: &TestCertificate) -> Result<Self, StartError> {
        // Debian keeps servers from the path of those who do not manage it.
        let program = find_program(&["nginx"], "nginx-light")
            .or_else(|error| found("/usr/sbin/nginx").ok_or(error))?;
        let supervised = Supervised::new("nginx")?;
        let folder = supervised.folder().to_owned();
        let failed = |error: &dyn std::fmt::Display| StartError::new(format!("nginx: {error}"));
        certificate.write(&folder).map_err(|error| failed(&error))?;
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
        ssl_protocols TLSv1.2 TLSv1.3;
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
