use std::collections::HashMap;

use tenancy_observability::advisor::{Statement, Workload};

/// A schema with rows, a workload, and what is expected of the advisor.
#[derive(Clone, Debug, Default)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) is_held_out: bool,
    /// The fixture, which cases share.
    pub(super) fixture: String,
    pub(super) fixture_sql: String,
    pub(super) setup: String,
    pub(super) superuser: String,
    pub(super) options: Vec<String>,
    pub(super) statements: Vec<(u64, String)>,
    /// Rule, table and index, as one line.
    pub(super) expected: Vec<String>,
    /// Table and reason.
    pub(super) refused: Vec<String>,
}

impl Case {
    pub(super) fn workload(&self) -> Workload {
        let statements = self.statements.iter();
        statements
            .map(|(calls, sql)| Statement::new(sql.trim()).calls(*calls))
            .collect()
    }

    pub(super) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|other| other == option)
    }
}

/// Where lines of SQL go until the next mark.
enum Into {
    Fixture(String),
    Nowhere,
    Setup,
    Statement,
    Superuser,
}

/// Reads a file of cases.
pub(super) fn read(text: &str) -> Vec<Case> {
    let mut fixtures: HashMap<String, String> = HashMap::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut into = Into::Nowhere;
    for line in text.lines() {
        let Some(mark) = line.strip_prefix("--- ") else {
            let sql = match &into {
                Into::Nowhere => continue,
                Into::Fixture(name) => fixtures.entry(name.clone()).or_default(),
                Into::Setup => &mut cases.last_mut().unwrap().setup,
                Into::Superuser => &mut cases.last_mut().unwrap().superuser,
                Into::Statement => &mut cases.last_mut().unwrap().statements.last_mut().unwrap().1,
            };
            *sql += line;
            *sql += "\n";
            continue;
        };
        let (word, rest) = mark.split_once(' ').unwrap_or((mark, ""));
        let rest = rest.to_owned();
        into = Into::Nowhere;
        match word {
            "fixture" => into = Into::Fixture(rest),
            "case" => cases.push(Case {
                name: rest,
                ..Case::default()
            }),
            "setup" => into = Into::Setup,
            "superuser" => into = Into::Superuser,
            _ => {
                let case = cases.last_mut().unwrap();
                match word {
                    "origin" => {}
                    "held" => case.is_held_out = true,
                    "use" => case.fixture = rest,
                    "option" => case.options.push(rest),
                    "expect" => case.expected.push(rest),
                    "refuse" => case.refused.push(rest),
                    "statement" => {
                        case.statements.push((rest.parse().unwrap(), String::new()));
                        into = Into::Statement;
                    }
                    _ => panic!("{line}"),
                }
            }
        }
    }
    for case in &mut cases {
        case.fixture_sql = fixtures.get(&case.fixture).cloned().unwrap_or_default();
    }
    cases
}

/// One case of a file, by its name.
pub(super) fn named(text: &str, name: &str) -> Case {
    read(text)
        .into_iter()
        .find(|case| case.name == name)
        .unwrap()
}
