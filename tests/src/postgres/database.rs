use std::fmt::Debug;
use std::sync::{Arc, PoisonError};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{Cluster, Postgres};

/// A database for one test, owned by `tenancy_owner`. It lives as long as its server.
#[derive(Debug)]
pub struct TestDatabase {
    cluster: Arc<Cluster>,
    name: String,
}

impl TestDatabase {
    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Connects as `tenancy_owner`, which migrates and grants.
    pub fn owner_url(&self) -> String {
        self.cluster.url("tenancy_owner", &self.name)
    }

    /// Connects as `tenancy_app`, which owns nothing and sees what it was granted.
    pub fn app_url(&self) -> String {
        self.cluster.url("tenancy_app", &self.name)
    }

    /// Connects as the superuser, whom row-level security does not bind.
    pub fn superuser_url(&self) -> String {
        self.cluster.url("postgres", &self.name)
    }

    /// Has the server log every statement that later connections run in this database; see
    /// [`Postgres::log`].
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn log_statements(&self) {
        let name = &self.name;
        self.cluster
            .execute(&[format!("ALTER DATABASE {name} SET log_statement = 'all'")])
            .await;
    }
}

impl Postgres {
    /// A fresh database that `migrate` has prepared.
    ///
    /// `migrate` runs once per `template_key` and server, with the owner's connection string of a
    /// template; every call copies that template. Whoever asks for the same key meanwhile waits.
    /// Connections that `migrate` leaves open are cut.
    ///
    /// # Panics
    /// When `migrate` fails, or the server does not create the database.
    pub async fn database<E: Debug>(
        &self,
        template_key: &str,
        migrate: impl AsyncFnOnce(&str) -> Result<(), E>,
    ) -> TestDatabase {
        let template = {
            // Each critical section is one map operation, so a poisoned map is still whole.
            let mut templates = self
                .cluster
                .templates
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            Arc::clone(templates.entry(template_key.to_owned()).or_default())
        };
        let template = template
            .get_or_init(|| self.build_template(template_key, migrate))
            .await;
        self.copy(template).await
    }

    /// A fresh database with nothing in it.
    ///
    /// # Panics
    /// When the server does not create the database.
    pub async fn empty_database(&self) -> TestDatabase {
        self.copy("template0").await
    }

    /// Builds a template under a private name and renames it when complete, so that the name of a
    /// template always means a whole one.
    async fn build_template<E: Debug>(
        &self,
        key: &str,
        migrate: impl AsyncFnOnce(&str) -> Result<(), E>,
    ) -> String {
        let building = self.copy("template0").await;
        if let Err(error) = migrate(&building.owner_url()).await {
            panic!("cannot prepare the template database {key}: {error:?}");
        }
        let template = self.cluster.unique_name("template");
        let building = building.name();
        let cluster = &self.cluster;
        cluster.execute(&[
            format!("ALTER DATABASE {building} ALLOW_CONNECTIONS false"),
            format!(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{building}'"
            ),
            format!("ALTER DATABASE {building} RENAME TO {template}"),
        ])
        .await;
        template
    }

    async fn copy(&self, template: &str) -> TestDatabase {
        let name = self.cluster.unique_name("test");
        // FILE_COPY takes half as long as WAL_LOG where the server need not wait for the disk.
        let create = format!(
            "CREATE DATABASE {name} OWNER tenancy_owner TEMPLATE {template} STRATEGY FILE_COPY"
        );
        self.cluster.execute(&[create]).await;
        TestDatabase {
            cluster: Arc::clone(&self.cluster),
            name,
        }
    }
}

impl Cluster {
    /// Runs statements as the superuser, each in a transaction of its own.
    async fn execute(&self, statements: &[String]) {
        let run = async || {
            // The caller's runtime may end at any time, so a connection serves one call only.
            let mut connection = PgConnection::connect(&self.url("postgres", "postgres")).await?;
            for statement in statements {
                sqlx::raw_sql(AssertSqlSafe(statement.as_str()))
                    .execute(&mut connection)
                    .await?;
            }
            connection.close().await
        };
        if let Err(error) = run().await {
            panic!("cannot run {statements:?}: {error}");
        }
    }
}
