use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tenancy_tests::{Postgres, Server, TestDatabase};

/// A running server, and how commands reach the same data.
pub(crate) struct Town {
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
    pub(crate) settings: Vec<(&'static str, String)>,
    pub(crate) database: Option<TestDatabase>,
    /// Removed with the town.
    _folder: TempDir,
}

impl Town {
    /// The embedded mode, with its demonstration shops.
    pub(crate) async fn embedded() -> Self {
        let address = Server::free_address();
        let settings = vec![("TENANCY_LISTEN", address.to_string())];
        Self::start(address, settings, &[], None).await
    }

    /// The same behind a proxy on this machine.
    pub(crate) async fn embedded_behind_a_proxy() -> Self {
        let address = Server::free_address();
        let settings = vec![
            ("TENANCY_LISTEN", address.to_string()),
            ("TENANCY_TRUSTED_PROXIES", "127.0.0.0/8".to_owned()),
        ];
        Self::start(address, settings, &[], None).await
    }

    /// `serve` on SQLite, with no shop.
    pub(crate) async fn on_sqlite() -> Self {
        let address = Server::free_address();
        let settings = vec![("TENANCY_LISTEN", address.to_string())];
        Self::start(address, settings, &["serve"], None).await
    }

    /// `serve` on PostgreSQL, with no shop.
    pub(crate) async fn on_postgres() -> Self {
        Self::on(Postgres::shared().await, &[]).await
    }

    /// The same, on any server and with further settings.
    pub(crate) async fn on(postgres: &Postgres, more: &[(&'static str, &str)]) -> Self {
        let address = Server::free_address();
        let database = Self::database_on(postgres).await;
        let mut settings = vec![
            ("TENANCY_DATABASE_URL", database.app_url().to_owned()),
            ("TENANCY_LISTEN", address.to_string()),
            (
                "TENANCY_SECRET",
                "0123456789abcdef0123456789abcdef".to_owned(),
            ),
        ];
        settings.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        Self::start(address, settings, &["serve"], Some(database)).await
    }

    /// A database with the platform's tables and nothing in them.
    pub(crate) async fn database_on(postgres: &Postgres) -> TestDatabase {
        let migrate = async |owner_url: &str| {
            let settings = [("TENANCY_OWNER_DATABASE_URL", owner_url.to_owned())];
            run(&settings, &["migrate", "--app-role", "tenancy_app"]);
            Ok::<_, Infallible>(())
        };
        postgres.database("platform", migrate).await
    }

    pub(crate) async fn start(
        address: SocketAddr,
        mut settings: Vec<(&'static str, String)>,
        arguments: &[&str],
        database: Option<TestDatabase>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if !settings.iter().any(|(name, _)| *name == "TENANCY_DATA") {
            let data = folder.path().join("data");
            settings.push(("TENANCY_DATA", data.display().to_string()));
        }
        let mut server = Server::builder(Server::built("platform"))
            .args(arguments.iter().copied())
            .ready_when_answering(address);
        for (name, value) in &settings {
            server = server.env(*name, value);
        }
        Self {
            server: server.start().await,
            address,
            settings,
            database,
            _folder: folder,
        }
    }

    /// Another server on the same database, with data of its own.
    pub(crate) async fn beside(&self) -> Self {
        let address = Server::free_address();
        let others = ["TENANCY_LISTEN", "TENANCY_DATA"];
        let settings = self.settings.iter();
        let settings = settings.filter(|(name, _)| !others.contains(name)).cloned();
        let mut settings: Vec<_> = settings.collect();
        settings.push(("TENANCY_LISTEN", address.to_string()));
        Self::start(address, settings, &["serve"], None).await
    }

    /// Where the server keeps its data.
    pub(crate) fn data(&self) -> &str {
        let setting = self
            .settings
            .iter()
            .find(|(name, _)| *name == "TENANCY_DATA");
        &setting.unwrap().1
    }

    /// The status and body of a page.
    pub(crate) async fn get(&self, host: &str, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.address);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(url).header("host", host);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// Waits until a host's front page has a status, and says how long that took.
    pub(crate) async fn until(&self, host: &str, status: u16) -> Duration {
        self.until_at(host, "/", status).await
    }

    /// The same for any page.
    pub(crate) async fn until_at(&self, host: &str, path: &str, status: u16) -> Duration {
        let start = Instant::now();
        while self.get(host, path).await.0 != status {
            assert!(
                start.elapsed() < Duration::from_secs(5),
                "{host}{path} never got {status}"
            );
        }
        start.elapsed()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> serde_json::Value {
        run(&self.settings, arguments)
    }

    /// What a command prints, and how it ends.
    pub(crate) fn try_command(&self, arguments: &[&str]) -> Output {
        let settings = self.settings.iter().map(|(name, value)| (name, value));
        let mut command = Command::new(Server::built("platform"));
        command.envs(settings).args(arguments).output().unwrap()
    }

    /// What a command says that fails, on standard error.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let settings = self.settings.iter().map(|(name, value)| (name, value));
        let mut command = Command::new(Server::built("platform"));
        let done = command.envs(settings).args(arguments).output().unwrap();
        assert!(!done.status.success(), "{arguments:?}");
        String::from_utf8(done.stderr).unwrap()
    }
}

/// What a command that must fail says.
pub(crate) fn refused(settings: &[(&'static str, String)], arguments: &[&str]) -> String {
    let done = Command::new(Server::built("platform"))
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .args(arguments)
        .output()
        .unwrap();
    assert!(!done.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&done.stderr).into_owned()
}

pub(crate) fn run(settings: &[(&'static str, String)], arguments: &[&str]) -> serde_json::Value {
    let done = Command::new(Server::built("platform"))
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .args(arguments)
        .arg("--json")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&done.stdout).unwrap()
}
