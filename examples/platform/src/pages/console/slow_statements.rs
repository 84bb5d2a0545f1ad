use std::collections::HashMap;
use std::time::Duration;

use tenancy_core::time::Time;
use tenancy_core::{Slug, TenantId};
use tenancy_observability::slow_query::{Caller, Findings, RepeatedQuery, SlowQuery};

use super::table::{Cell, Table};
use crate::pages::language::Language;

/// What takes long in the database, and what is asked for over and over, since some time.
pub(crate) fn slow_statements(
    language: Language,
    findings: &Findings,
    slugs: &HashMap<TenantId, Slug>,
    from: Time,
) -> Vec<Table> {
    let slow = findings.slow.iter().map(|query| slow_row(query, slugs));
    let repeated = findings
        .repeated
        .iter()
        .map(|query| repeated_row(query, slugs));
    let words = language.choose(&ENGLISH, &GERMAN);
    let [heading, explanation, none] = words.slow;
    let explanation = explanation.replace("{}", &moment(from).to_string());
    vec![
        Table {
            explanation: explanation.into(),
            ..Table::new([heading, "", none], &words.slow_columns, slow.collect())
        },
        Table::new(words.repeated, &words.repeated_columns, repeated.collect()),
    ]
}

fn slow_row(query: &SlowQuery, slugs: &HashMap<TenantId, Slug>) -> Vec<Cell> {
    vec![
        Cell::Code(query.statement.text().to_owned()),
        whose(query.tenant_id, slugs),
        count(query.calls),
        time(query.total),
        time(query.longest),
        count(query.rows),
        Cell::Code(place(query.caller.as_ref())),
        moment(query.last_at),
    ]
}

fn repeated_row(query: &RepeatedQuery, slugs: &HashMap<TenantId, Slug>) -> Vec<Cell> {
    vec![
        Cell::Code(place(Some(&query.caller))),
        Cell::Code(query.operation.to_string()),
        whose(query.tenant_id, slugs),
        count(query.most),
        count(query.requests),
        moment(query.last_at),
    ]
}

/// The shop, by the name that commands know it by; the platform's own work has none.
pub(super) fn whose(tenant_id: Option<TenantId>, slugs: &HashMap<TenantId, Slug>) -> Cell {
    Cell::Text(match tenant_id {
        Some(id) => slugs
            .get(&id)
            .map_or_else(|| id.to_string(), Slug::to_string),
        None => "—".to_owned(),
    })
}

pub(super) fn moment(time: Time) -> Cell {
    Cell::Text(
        time.to_timestamp()
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string(),
    )
}

#[allow(
    clippy::cast_precision_loss,
    reason = "it is sorted by, and exact below 2^53"
)]
fn count(number: u64) -> Cell {
    Cell::Number(number.to_string(), number as f64)
}

fn time(time: Duration) -> Cell {
    let milliseconds = time.as_secs_f64() * 1e3;
    Cell::Number(format!("{milliseconds:.1} ms"), milliseconds)
}

fn place(caller: Option<&Caller>) -> String {
    caller.map_or_else(|| "—".to_owned(), Caller::to_string)
}

struct Words {
    slow: [&'static str; 3],
    slow_columns: [&'static str; 8],
    repeated: [&'static str; 3],
    repeated_columns: [&'static str; 6],
}

static ENGLISH: Words = Words {
    slow: [
        "Slow statements",
        "Since {} UTC, without their values; what took the most time together comes first.",
        "No statement was slow.",
    ],
    slow_columns: [
        "Statement",
        "Shop",
        "Calls",
        "Together",
        "Longest",
        "Rows",
        "From",
        "Last (UTC)",
    ],
    repeated: [
        "Repeated statements",
        "Lines of the program that sent many statements for one request.",
        "No line sent more than it should.",
    ],
    repeated_columns: [
        "From",
        "Operation",
        "Shop",
        "Most at once",
        "Requests",
        "Last (UTC)",
    ],
};

static GERMAN: Words = Words {
    slow: [
        "Langsame Abfragen",
        "Seit {} UTC, ohne ihre Werte; zuerst, was zusammen am längsten gedauert hat.",
        "Keine Abfrage war langsam.",
    ],
    slow_columns: [
        "Abfrage",
        "Laden",
        "Anzahl",
        "Zusammen",
        "Längste",
        "Zeilen",
        "Woher",
        "Zuletzt (UTC)",
    ],
    repeated: [
        "Wiederholte Abfragen",
        "Zeilen des Programms, die für eine Anfrage viele Abfragen gesendet haben.",
        "Keine Zeile hat zu viele gesendet.",
    ],
    repeated_columns: [
        "Woher",
        "Vorgang",
        "Laden",
        "Höchstens",
        "Anfragen",
        "Zuletzt (UTC)",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_is_the_one_that_was_asked_for() {
        let from: jiff::Timestamp = "2026-03-01T10:05:00Z".parse().unwrap();
        let check = |language: Language, expected: &str| {
            let tables =
                slow_statements(language, &Findings::default(), &HashMap::new(), from.into());
            let says = &tables[0].explanation;
            assert!(says.starts_with(expected), "{says}");
        };
        check(Language::English, "Since 2026-03-01 10:05:00 UTC, ");
        check(Language::German, "Seit 2026-03-01 10:05:00 UTC, ");
    }
}
