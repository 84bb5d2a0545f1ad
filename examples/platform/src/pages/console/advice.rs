use tenancy_observability::advisor::{Advice, Severity};

use super::table::{Cell, Table};
use crate::advice::Advised;
use crate::pages::language::Language;

/// What would make the database quicker, smaller or safer.
pub(crate) fn advice(language: Language, advised: &[Advised]) -> Table {
    let words = language.choose(&ENGLISH, &GERMAN);
    let rows = advised.iter().flat_map(|Advised { place, report }| {
        report
            .advice
            .iter()
            .map(move |advice| row(words, place, advice))
    });
    Table::new(words.table, &words.columns, rows.collect())
}

fn row(words: &Words, place: &str, advice: &Advice) -> Vec<Cell> {
    let gain = match advice.gain {
        Some(gain) => Cell::Number(format!("{:.0} %", gain * 100.0), gain),
        None => Cell::Number("—".to_owned(), f64::NEG_INFINITY),
    };
    vec![
        Cell::Text(words.severity(advice.severity).to_owned()),
        Cell::Text(advice.message.clone()),
        gain,
        Cell::Code(advice.apply.join("; ")),
        Cell::Text(place.to_owned()),
        Cell::Code(advice.id.clone()),
    ]
}

struct Words {
    table: [&'static str; 3],
    columns: [&'static str; 6],
    severities: [&'static str; 4],
}

impl Words {
    fn severity(&self, severity: Severity) -> &'static str {
        let [info, low, medium, high] = self.severities;
        match severity {
            Severity::Info => info,
            Severity::Low => low,
            Severity::Medium => medium,
            Severity::High => high,
        }
    }
}

static ENGLISH: Words = Words {
    table: [
        "Advice",
        "On the database's indexes and policies, as the role that serves sees them: platform advise tells more, and follows it with --apply.",
        "Nothing to advise.",
    ],
    columns: ["Severity", "What", "Saves", "How", "Where", "Id"],
    severities: ["Info", "Low", "Medium", "High"],
};

static GERMAN: Words = Words {
    table: [
        "Rat",
        "Zu den Indexen und Richtlinien der Datenbank, wie die Rolle des Servers sie sieht: platform advise sagt mehr und befolgt ihn mit --apply.",
        "Nichts zu raten.",
    ],
    columns: ["Schwere", "Was", "Erspart", "Wie", "Wo", "Id"],
    severities: ["Hinweis", "Gering", "Mittel", "Hoch"],
};
