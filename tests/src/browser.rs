//! A headless Chromium of a test's own.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::StartError;
use crate::port::free_port;
use crate::programs::find_program;
use crate::supervise::{Signal, Supervised, blocking};

const FLAGS: &[&str] = &[
    "--headless",
    "--disable-background-networking",
    "--disable-component-update",
    // A container's /dev/shm is often too small for a page.
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP *.test 127.0.0.1",
];

/// A headless Chromium with a fresh profile, driven through chromedriver.
///
/// Every name under `localhost` and under `test`, which is reserved for tests, leads to loopback:
/// `http://shop.localhost:8080` is a shop, and `http://custom.test:8080` a domain of its own.
/// Dropping the browser ends it and removes its profile, and so does the end of the test process.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    supervised: Supervised,
}

impl Browser {
    /// Starts a browser with a [desktop](Viewport::DESKTOP)'s viewport.
    ///
    /// # Panics
    /// When it cannot be started, for example because Chromium is not installed.
    pub async fn start() -> Self {
        Self::try_start()
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Starts a browser, or says what is missing.
    pub async fn try_start() -> Result<Self, StartError> {
        let (supervised, port) = blocking(start_driver).await?;
        let client = open_session(&supervised, port).await?;
        let browser = Self { client, supervised };
        browser.try_set_viewport(Viewport::DESKTOP).await?;
        Ok(browser)
    }

    /// The connection to the browser, for everything a visitor does.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Chromedriver's process, which has started all the others.
    pub fn pid(&self) -> Option<u32> {
        self.supervised.pid()
    }

    /// The folder of the profile.
    pub fn folder(&self) -> &Path {
        self.supervised.folder()
    }

    /// Sets the size of the page in CSS pixels, for the window that is open.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn set_viewport(&self, viewport: Viewport) {
        self.try_set_viewport(viewport)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
    }

    /// Sends a command of the Chrome DevTools protocol to the page, and returns what it answers.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn devtools(&self, method: &'static str, parameters: Value) -> Value {
        let command = DevTools { method, parameters };
        let answer = self.client.issue_cmd(command).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// What the pages have said on the console since this was last asked for, violations of their
    /// own policy among it.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn console(&self) -> Vec<String> {
        let entries = self.log("browser").await;
        let messages = entries.iter().map(|entry| entry["message"].clone());
        messages
            .filter_map(|message| message.as_str().map(str::to_owned))
            // The browser's own pages speak too, and not of ours.
            .filter(|message| !message.starts_with("chrome://"))
            // A device that this build has not got cannot be used by anybody.
            .filter(|message| !message.contains("Permissions-Policy header: Unrecognized"))
            .collect()
    }

    /// The addresses that the pages have asked for since this was last asked for.
    ///
    /// # Panics
    /// When the browser refuses.
    pub async fn requests(&self) -> Vec<String> {
        let entries = self.log("performance").await;
        let events = entries.iter().filter_map(|entry| {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let event = &event["message"];
            let sent = event["method"] == "Network.requestWillBeSent";
            let url = event["params"]["request"]["url"].as_str()?;
            sent.then(|| url.to_owned())
        });
        events.collect()
    }

    async fn log(&self, kind: &'static str) -> Vec<Value> {
        let entries = self.client.issue_cmd(Log(kind)).await;
        match entries {
            Ok(Value::Array(entries)) => entries,
            Ok(other) => panic!("no log of kind {kind}: {other}"),
            Err(error) => panic!("no log of kind {kind}: {error}"),
        }
    }

    /// Writes what the viewport shows to `file`, as PNG.
    ///
    /// # Panics
    /// When the browser shows nothing, or the file cannot be written.
    pub async fn screenshot(&self, file: impl AsRef<Path>) {
        let file = file.as_ref();
        let image = self
            .client
            .screenshot()
            .await
            .expect("the browser shows a page");
        fs::write(file, image).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    async fn try_set_viewport(&self, viewport: Viewport) -> Result<(), StartError> {
        // A window cannot be as narrow as a phone, but a page inside it can.
        let command = DevTools {
            method: "Emulation.setDeviceMetricsOverride",
            parameters: json!({
                "width": viewport.width,
                "height": viewport.height,
                "deviceScaleFactor": 1,
                "mobile": false,
            }),
        };
        let set = self.client.issue_cmd(command).await;
        set.map(drop)
            .map_err(|error| StartError::new(format!("no viewport {viewport:?}: {error}")))
    }
}

/// The part of a page that is seen, in CSS pixels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Viewport {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl Viewport {
    /// A desktop computer's.
    pub const DESKTOP: Self = Self {
        width: 1280,
        height: 900,
    };
    /// A phone's, held upright.
    pub const PHONE: Self = Self {
        width: 390,
        height: 844,
    };
}

/// A command of the Chrome DevTools protocol, which chromedriver passes on.
#[derive(Debug)]
struct DevTools {
    method: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}

/// Takes the entries of one of chromedriver's logs.
#[derive(Debug)]
struct Log(&'static str);

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": self.0 }).to_string()))
    }
}

/// Starts chromedriver, and tells the port it listens on.
fn start_driver() -> Result<(Supervised, u16), StartError> {
    let driver = find_program(&["chromedriver"], "chromium-driver")?;
    let failed = |error: io::Error| StartError::new(format!("cannot run chromedriver: {error}"));
    let supervised = Supervised::new("browser")?;
    let port = free_port();
    let log = File::create(supervised.folder().join("log")).map_err(failed)?;
    let mut command = supervised.command(&driver);
    command
        .arg(format!("--port={port}"))
        .env("TMPDIR", supervised.folder())
        .env("XDG_CONFIG_HOME", supervised.folder())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log);
    supervised.launch(command, Signal::Kill).map_err(failed)?;
    let listens = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    supervised
        .wait_until(Duration::from_secs(30), listens)
        .map_err(|error| with_log(&supervised, format!("chromedriver {error}")))?;
    Ok((supervised, port))
}

async fn open_session(supervised: &Supervised, port: u16) -> Result<Client, StartError> {
    let programs = ["chromium", "chromium-browser", "google-chrome"];
    let chromium = find_program(&programs, "chromium")?;
    let mut flags: Vec<_> = FLAGS.iter().map(|&flag| flag.to_owned()).collect();
    flags.push(format!(
        "--user-data-dir={}",
        supervised.folder().join("profile").display()
    ));
    // Chromium refuses to run as root inside its sandbox.
    if fs::metadata(supervised.folder()).is_ok_and(|folder| folder.uid() == 0) {
        flags.push("--no-sandbox".to_owned());
    }
    let capabilities = json!({
        "goog:chromeOptions": { "binary": chromium, "args": flags },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    });
    let Value::Object(capabilities) = capabilities else {
        unreachable!("it is written above")
    };
    ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .map_err(|error| with_log(supervised, format!("Chromium does not start: {error}")))
}

fn with_log(supervised: &Supervised, message: String) -> StartError {
    let log = fs::read_to_string(supervised.folder().join("log")).unwrap_or_default();
    StartError::new(message).with_log(&log)
}
