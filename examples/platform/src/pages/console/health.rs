use tenancy_core::time::Time;
use tenancy_observability::alert::Delivery;
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

/// Messages of alerts that are not where they should be.
#[derive(Debug)]
pub(crate) struct Messages {
    pub(crate) waiting: Vec<Delivery>,
    pub(crate) dead: Vec<Delivery>,
}

/// How far behind those are that take what is written down for them.
pub(crate) fn queues(language: Language, report: &Report, messages: &Messages, now: Time) -> Table {
    let words = language.choose(&ENGLISH, &GERMAN);
    let parts = report.parts().iter();
    let is_queue = |part: &&PartReport| QUEUES.contains(&part.part.name());
    let mut table = table(words, words.queues, parts.filter(is_queue));
    table.rows.push(messages.row(words, now));
    table
}

impl Messages {
    fn row(&self, words: &Words, now: Time) -> Vec<Cell> {
        let [name, waiting, dead] = words.messages;
        let status = match self.dead.is_empty() {
            true => Status::Pass,
            false => Status::Warn,
        };
        let says = [(waiting, &self.waiting), (dead, &self.dead)];
        let says = says.iter().filter(|(_, messages)| !messages.is_empty());
        let says: Vec<_> = says
            .map(|(says, messages)| says.replace("{}", &messages.len().to_string()))
            .collect();
        let oldest = self.waiting.iter().map(|message| message.created_at).min();
        let age = oldest.map(|oldest| {
            let microseconds = now.as_microseconds() - oldest.as_microseconds();
            format!("{} s", microseconds.max(0) / 1_000_000)
        });
        vec![
            Cell::Text(name.to_owned()),
            Cell::Text(words.status(status).to_owned()),
            Cell::Text(says.join(", ")),
            Cell::Text(age.unwrap_or_default()),
            moment(now),
        ]
    }
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
    messages: [&'static str; 3],
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
        "The journal's consumers and the messages of alerts, and how old the oldest is that waits.",
        "Nothing was looked at yet.",
    ],
    messages: ["alert messages", "{} wait", "{} were given up"],
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
        "Die Verbraucher des Journals und die Meldungen der Alarme, und wie alt ist, was am längsten wartet.",
        "Noch wurde nichts geprüft.",
    ],
    messages: ["Alarmmeldungen", "{} warten", "{} wurden aufgegeben"],
    columns: ["Teil", "Zustand", "Grund", "Gemessen", "Geprüft (UTC)"],
    statuses: [
        "Arbeitet nicht",
        "Arbeitet",
        "Nicht bekannt",
        "Arbeitet, mit einer Warnung",
    ],
};
