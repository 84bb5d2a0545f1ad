use sqlx::PgConnection;
use sqlx::postgres::types::Oid;

use super::finding::{Defect, Finding};

/// The role that the server logs in with, and every role it can become.
#[derive(Debug)]
pub(super) struct Login {
    roles: Vec<Role>,
}

#[derive(Debug, sqlx::FromRow)]
struct Role {
    id: Oid,
    /// Quoted where it needs to be.
    name: String,
    is_login: bool,
    is_superuser: bool,
    bypasses: bool,
    replicates: bool,
    makes_members: bool,
    reaches_files: bool,
    /// Roles of the login's that were made a member of it.
    members: Vec<String>,
}

impl Login {
    pub(super) async fn of(conn: &mut PgConnection) -> Result<Self, sqlx::Error> {
        // Any membership counts: one without SET or INHERIT may come with the right to grant them.
        const ROLES: &str = "
            WITH RECURSIVE own (id) AS (
                SELECT oid FROM pg_roles WHERE rolname = session_user
                UNION SELECT roleid FROM pg_auth_members JOIN own ON member = own.id
            )
            SELECT role.oid AS id, quote_ident(rolname) AS name,
                rolname = session_user AS is_login, rolsuper AS is_superuser,
                rolbypassrls AS bypasses, rolreplication AS replicates,
                rolcreaterole AND current_setting('server_version_num')::int < 160000
                    AS makes_members,
                rolname IN ('pg_execute_server_program', 'pg_read_server_files',
                    'pg_write_server_files') AS reaches_files,
                ARRAY(
                    SELECT quote_ident(pg_get_userbyid(member)) FROM pg_auth_members
                    WHERE roleid = role.oid AND member IN (SELECT own.id FROM own)
                ) AS members
            FROM pg_roles AS role JOIN own ON own.id = role.oid
            ORDER BY is_login DESC, rolname";
        let roles = sqlx::query_as(ROLES).fetch_all(conn).await?;
        Ok(Self { roles })
    }

    pub(super) fn name(&self) -> &str {
        let login = self.roles.iter().find(|role| role.is_login);
        login.map_or("the login", |role| &role.name)
    }

    /// Every role that the login is or can become.
    pub(super) fn ids(&self) -> Vec<Oid> {
        self.roles.iter().map(|role| role.id).collect()
    }

    /// Those whose privileges say something: a superuser has all of them, which is one finding
    /// and not a hundred.
    pub(super) fn bound_ids(&self) -> Vec<Oid> {
        let bound = self.roles.iter().filter(|role| !role.is_superuser);
        bound.map(|role| role.id).collect()
    }

    pub(super) async fn findings(
        &self,
        conn: &mut PgConnection,
        tables: &[Oid],
    ) -> Result<Vec<Finding>, sqlx::Error> {
        const OWNED: &str = "
            SELECT 'database ' || quote_ident(datname) FROM pg_database
            WHERE datname = current_database() AND datdba = $1
            UNION ALL
            SELECT 'schema ' || quote_ident(nspname) FROM pg_namespace
            WHERE nspowner = $1 AND oid IN (SELECT relnamespace FROM pg_class WHERE oid = ANY($2))
            UNION ALL
            (SELECT 'table ' || oid::regclass FROM pg_class
            WHERE relowner = $1 AND oid = ANY($2) ORDER BY oid::regclass::text)";
        let mut findings = Vec::new();
        for role in &self.roles {
            let owned: Vec<String> = sqlx::query_scalar(OWNED)
                .bind(role.id)
                .bind(tables)
                .fetch_all(&mut *conn)
                .await?;
            if role.is_login {
                findings.extend(role.as_login(&owned));
            } else {
                findings.extend(role.as_group(self.name(), &owned));
            }
        }
        Ok(findings)
    }
}

impl Role {
    /// What is wrong with logging in as it.
    fn as_login(&self, owned: &[String]) -> Vec<Finding> {
        const ANOTHER: &str = "let the server log in as a role that owns nothing: CREATE ROLE one \
             with LOGIN, and migrate for it";
        let name = &self.name;
        let mut findings = Vec::new();
        if let Some((why, attribute)) = self.exemption() {
            let fix = attribute.map_or(ANOTHER.to_owned(), |attribute| {
                format!("ALTER ROLE {name} {attribute}")
            });
            let object = format!("role {name}");
            findings.push(Finding::new(Defect::LoginExempt, object, why, fix));
        }
        if !owned.is_empty() && !self.is_superuser {
            findings.push(Finding::new(
                Defect::LoginOwns,
                list(owned),
                format!("can be stripped of row-level security by the login {name}, the owner"),
                format!("{ANOTHER}; or give it to another owner"),
            ));
        }
        findings
    }

    /// What is wrong with `login` being able to become it.
    fn as_group(&self, login: &str, owned: &[String]) -> Option<Finding> {
        let exemption = self.exemption().map(|(why, _)| why.to_owned());
        let owns = (!owned.is_empty()).then(|| format!("owns {}", list(owned)));
        let why: Vec<String> = exemption.into_iter().chain(owns).collect();
        (!why.is_empty()).then(|| {
            Finding::new(
                Defect::LoginMember,
                format!("role {}", self.name),
                format!("{}, and {login} can become it", why.join(" and ")),
                format!("REVOKE {} FROM {}", self.name, self.members.join(", ")),
            )
        })
    }

    /// Why row-level security does not bind it, and the attribute that mends that.
    fn exemption(&self) -> Option<(&'static str, Option<&'static str>)> {
        if self.is_superuser {
            Some(("is a superuser", None))
        } else if self.bypasses {
            Some(("has BYPASSRLS", Some("NOBYPASSRLS")))
        } else if self.replicates {
            let why = "has REPLICATION, which reads all that is written";
            Some((why, Some("NOREPLICATION")))
        } else if self.makes_members {
            let why = "has CREATEROLE, which makes it a member of any role it likes";
            Some((why, Some("NOCREATEROLE")))
        } else if self.reaches_files {
            Some(("reaches the files of the server", None))
        } else {
            None
        }
    }
}

/// The first few, and how many more.
fn list(objects: &[String]) -> String {
    const SHOWN_MAX: usize = 4;
    let shown = objects[..objects.len().min(SHOWN_MAX)].join(", ");
    match objects.len().saturating_sub(SHOWN_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
