//! How PostgreSQL is set, for the login that serves.
//!
//! Whoever has a connection runs [`SETTINGS`] on it and hands the rows over.

use std::collections::HashMap;

use super::Finding;

/// The statement whose rows, of two texts each, [`Settings::new`] takes.
pub const SETTINGS: &str = "\
    select name, setting from pg_settings where name in ('fsync', 'full_page_writes', \
    'synchronous_commit', 'max_connections', 'superuser_reserved_connections', \
    'statement_timeout', 'idle_in_transaction_session_timeout') \
    union all select 'superuser', rolsuper::text from pg_roles where rolname = current_user \
    union all select 'bypasses row-level security', rolbypassrls::text from pg_roles \
    where rolname = current_user \
    union all select 'connections of the role', rolconnlimit::text from pg_roles \
    where rolname = current_user \
    union all select 'owned tables', count(*)::text from pg_class \
    where relkind in ('r', 'p') and relowner = (select oid from pg_roles where rolname = current_user)";

/// What a server has said of itself.
#[derive(Clone, Debug)]
pub struct Settings(HashMap<String, String>);

impl Settings {
    /// Takes the rows of [`SETTINGS`].
    pub fn new(rows: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(rows.into_iter().collect())
    }

    /// Whether a commit that was acknowledged survives a crash.
    pub fn durability(&self) -> Finding {
        let on = ["fsync", "full_page_writes"].map(|name| {
            self.found(name, |setting| match setting {
                "on" => Finding::pass(format!("{name} is on")),
                _ => Finding::fail(
                    format!("{name} is {setting}: a crash of the machine can destroy the database"),
                    format!("ALTER SYSTEM SET {name} = on"),
                ),
            })
        });
        let commits = self.found("synchronous_commit", |setting| match setting {
            "off" => Finding::fail(
                "synchronous_commit is off: a crash loses orders that were confirmed",
                "ALTER SYSTEM SET synchronous_commit = on, and unset it for the role",
            ),
            _ => Finding::pass(format!("synchronous_commit is {setting}")),
        });
        Finding::worst(on.into_iter().chain([commits]))
    }

    /// Whether as many connections as a node may open are to be had, and as many for a second node.
    pub fn connections(&self, of_one_node: u32) -> Finding {
        let number = |name| {
            self.0
                .get(name)
                .and_then(|setting| setting.parse::<i64>().ok())
        };
        let (Some(max), Some(reserved)) = (
            number("max_connections"),
            number("superuser_reserved_connections"),
        ) else {
            return Self::untold("max_connections");
        };
        let of_role = number("connections of the role").filter(|limit| *limit >= 0);
        let free = of_role.unwrap_or(i64::MAX).min(max - reserved);
        let wanted = i64::from(of_one_node);
        let evidence = format!("a node opens up to {wanted} connections, of {free} there are");
        if wanted > free {
            Finding::fail(
                evidence,
                format!(
                    "raise max_connections above {}, or open fewer",
                    wanted + reserved
                ),
            )
        } else if wanted * 2 > free {
            Finding::warn(
                evidence,
                "a second node, or the old one beside the new in a deployment, would find too few: \
                 raise max_connections, put a pooler in between, or open fewer",
            )
        } else {
            Finding::pass(evidence)
        }
    }

    /// Whether a statement or a transaction whose client is gone ends by itself.
    pub fn time_outs(&self) -> Finding {
        let ends = |name: &'static str, what: &str, value: &str| {
            self.found(name, |setting| match setting {
                "0" => Finding::warn(
                    format!("{name} is 0: {what} goes on for ever"),
                    format!("ALTER ROLE … SET {name} = '{value}'"),
                ),
                _ => Finding::pass(format!("{name} is {setting} ms")),
            })
        };
        Finding::worst([
            ends("statement_timeout", "a statement nobody waits for", "30s"),
            ends(
                "idle_in_transaction_session_timeout",
                "a transaction nobody ends",
                "60s",
            ),
        ])
    }

    /// Whether the login can do no more than serve.
    pub fn role(&self) -> Finding {
        let mend = "serve as a role of its own: CREATE ROLE … LOGIN, and grants to it";
        let no = |name: &'static str, well: &str, ill: &str| {
            self.found(name, |setting| match setting {
                "false" => Finding::pass(well),
                _ => Finding::fail(format!("the login that serves {ill}"), mend),
            })
        };
        let owned = self.found("owned tables", |setting| match setting {
            "0" => Finding::pass("it owns no table"),
            _ => Finding::fail(format!("the login that serves owns {setting} tables"), mend),
        });
        Finding::worst([
            no(
                "superuser",
                "it is no superuser",
                "is a superuser, to whom row-level security does not apply",
            ),
            no(
                "bypasses row-level security",
                "it may not bypass row-level security",
                "may bypass row-level security",
            ),
            owned,
        ])
    }

    fn found(&self, name: &str, judge: impl FnOnce(&str) -> Finding) -> Finding {
        self.0
            .get(name)
            .map_or_else(|| Self::untold(name), |setting| judge(setting))
    }

    fn untold(name: &str) -> Finding {
        Finding::unknown(
            format!("the server does not tell {name}"),
            "ask it as an administrator",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readiness::Status;

    fn settings(changes: &[(&str, &str)]) -> Settings {
        let good = [
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
            ("max_connections", "100"),
            ("superuser_reserved_connections", "3"),
            ("statement_timeout", "30000"),
            ("idle_in_transaction_session_timeout", "60000"),
            ("superuser", "false"),
            ("bypasses row-level security", "false"),
            ("connections of the role", "-1"),
            ("owned tables", "0"),
        ];
        let rows = good.iter().chain(changes);
        Settings::new(rows.map(|(name, setting)| ((*name).to_owned(), (*setting).to_owned())))
    }

    #[test]
    fn a_server_as_it_should_be_passes() {
        let good = settings(&[]);
        for finding in [
            good.durability(),
            good.connections(16),
            good.time_outs(),
            good.role(),
        ] {
            assert_eq!(finding.status, Status::Pass, "{finding:?}");
            assert_eq!(finding.mend, None);
        }
    }

    #[test]
    fn each_fault_is_found_with_its_mend() {
        type Judge = fn(&Settings) -> Finding;
        let cases: [(&str, &str, Judge, Status, &str); 10] = [
            (
                "fsync",
                "off",
                Settings::durability,
                Status::Fail,
                "fsync = on",
            ),
            (
                "full_page_writes",
                "off",
                Settings::durability,
                Status::Fail,
                "full_page_writes",
            ),
            (
                "synchronous_commit",
                "off",
                Settings::durability,
                Status::Fail,
                "= on",
            ),
            (
                "max_connections",
                "10",
                |all| all.connections(16),
                Status::Fail,
                "above 19",
            ),
            (
                "max_connections",
                "30",
                |all| all.connections(16),
                Status::Warn,
                "pooler",
            ),
            (
                "connections of the role",
                "8",
                |all| all.connections(16),
                Status::Fail,
                "fewer",
            ),
            (
                "statement_timeout",
                "0",
                Settings::time_outs,
                Status::Warn,
                "'30s'",
            ),
            (
                "superuser",
                "true",
                Settings::role,
                Status::Fail,
                "CREATE ROLE",
            ),
            (
                "bypasses row-level security",
                "true",
                Settings::role,
                Status::Fail,
                "ROLE",
            ),
            ("owned tables", "7", Settings::role, Status::Fail, "ROLE"),
        ];
        for (name, setting, judge, status, mend) in cases {
            let finding = judge(&settings(&[(name, setting)]));
            assert_eq!(finding.status, status, "{name}: {finding:?}");
            assert!(finding.mend.unwrap().contains(mend), "{name}");
        }
    }

    #[test]
    fn what_is_not_told_is_unknown() {
        let nothing = Settings::new([]);
        for finding in [
            nothing.durability(),
            nothing.connections(1),
            nothing.time_outs(),
            nothing.role(),
        ] {
            assert_eq!(finding.status, Status::Unknown, "{finding:?}");
        }
    }
}
