use tenancy_core::time::Time;

use super::overview::{bytes, duration, maybe, percent};
use super::slow_statements::moment;
use super::table::{Cell, Table};
use crate::pages::language::Language;
use crate::servers::Server;

/// The servers that share the database.
pub(super) fn servers(language: Language, servers: &[Server], now: Time) -> Table {
    let row = |Server { seen_at, figures }: &Server| {
        let runs_for = figures.began_at.map(|began| {
            let microseconds = now.as_microseconds() - began.as_microseconds();
            u64::try_from(microseconds).unwrap_or(0) / 1_000_000
        });
        vec![
            Cell::Text(figures.name.clone()),
            Cell::Text(figures.version.clone()),
            maybe(figures.processors, percent),
            maybe(figures.memory, percent),
            maybe(figures.memory_bytes.map(|held| held as f64), bytes),
            maybe(figures.disk, percent),
            maybe(figures.measuring, percent),
            match runs_for {
                Some(seconds) => Cell::Number(duration(seconds), seconds as f64),
                None => Cell::Number("—".to_owned(), f64::NEG_INFINITY),
            },
            moment(*seen_at),
        ]
    };
    let (texts, columns) = language.choose(&ENGLISH, &GERMAN);
    Table::new(*texts, columns, servers.iter().map(row).collect())
}

type Words = ([&'static str; 3], [&'static str; 9]);

static ENGLISH: Words = (
    [
        "Servers",
        "Those that share the database. Each tells of itself four times a minute; one that fell silent stays here for ten minutes.",
        "No server has told of itself yet.",
    ],
    [
        "Server",
        "Version",
        "Processors",
        "Memory used",
        "Holds itself",
        "Disk used",
        "Measuring takes",
        "Runs for",
        "Last heard of (UTC)",
    ],
);

static GERMAN: Words = (
    [
        "Server",
        "Alle, die sich die Datenbank teilen. Jeder meldet sich viermal in der Minute; einer, der verstummt ist, steht noch zehn Minuten hier.",
        "Noch hat sich kein Server gemeldet.",
    ],
    [
        "Server",
        "Version",
        "Prozessoren",
        "Speicher belegt",
        "Davon selbst",
        "Platte belegt",
        "Das Messen nimmt",
        "Läuft seit",
        "Zuletzt gemeldet (UTC)",
    ],
);
