use tenancy_observability::health::{PartReport, Report, Status};

use super::slow_statements::moment;
use super::table::{Cell, Table};
use crate::pages::language::Language;

/// The parts that have something to take.
const QUEUES: [&str; 1] = ["journal"];

/// How the parts of this server are.
pub(crate) fn health(language: Language, report: &Report) -> Table {
    let words = language.choose(&ENGLISH, &GERMAN);
    table(words, words.table, report.parts().iter())
}

/// How far behind those are that take what is written down for them.
pub(crate) fn queues(language: Language, report: &Report) -> Table {
    let words = language.choose(&ENGLISH, &GERMAN);
    let parts = report.parts().iter();
    let is_queue = |part: &&PartReport| QUEUES.contains(&part.part.name());
    table(words, words.queues, parts.filter(is_queue))
}

fn table<'a>(
    words: &Words,
    said: [&'static str; 3],
    parts: impl Iterator<Item = &'a PartReport>,
) -> Table {
    let row = |part: &PartReport| {
        let finding = &part.finding;
        let value = finding
            .value()
            .map(|(value, unit)| format!("{value} {unit}"));
        vec![
            Cell::Text(part.part.name().to_owned()),
            Cell::Text(words.status(finding.status()).to_owned()),
            Cell::Text(finding.says().unwrap_or_default().to_owned()),
            Cell::Text(value.unwrap_or_default()),
            part.looked
                .map_or_else(|| Cell::Text("—".to_owned()), |(at, _)| moment(at)),
        ]
    };
    Table::new(said, &words.columns, parts.map(row).collect())
}

struct Words {
    table: [&'static str; 3],
    queues: [&'static str; 3],
    columns: [&'static str; 5],
    statuses: [&'static str; 4],
}

impl Words {
    fn status(&self, status: Status) -> &'static str {
        let [fails, works, unknown, warns] = self.statuses;
        match status {
            Status::Fail => fails,
            Status::Pass => works,
            Status::Unknown => unknown,
            Status::Warn => warns,
        }
    }
}

static ENGLISH: Words = Words {
    table: [
        "Health",
        "The parts of this server, as they were looked at last.",
        "Nothing was looked at yet.",
    ],
    queues: [
        "Queues",
        "The journal's consumers, and how old the oldest entry is that one of them has not taken.",
        "Nothing was looked at yet.",
    ],
    columns: ["Part", "Is", "Why", "Measured", "Looked at (UTC)"],
    statuses: ["Does not work", "Works", "Not known", "Works, look at it"],
};

static GERMAN: Words = Words {
    table: [
        "Zustand",
        "Die Teile dieses Servers, wie sie zuletzt geprüft wurden.",
        "Noch wurde nichts geprüft.",
    ],
    queues: [
        "Warteschlangen",
        "Die Verbraucher des Journals, und wie alt der älteste Eintrag ist, den einer von ihnen noch nicht hat.",
        "Noch wurde nichts geprüft.",
    ],
    columns: ["Teil", "Zustand", "Grund", "Gemessen", "Geprüft (UTC)"],
    statuses: [
        "Arbeitet nicht",
        "Arbeitet",
        "Nicht bekannt",
        "Arbeitet, mit einer Warnung",
    ],
};
