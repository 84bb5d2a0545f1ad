use tenancy_observability::advisor::{Advice, Confidence, Rule, Severity};

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
    let share = |share: Option<f64>| match share {
        Some(share) => Cell::Number(format!("{:.0} %", share * 100.0), share),
        None => Cell::Number("—".to_owned(), f64::NEG_INFINITY),
    };
    let [verified, estimated] = words.confidences;
    let confidence = match (advice.rule, advice.confidence) {
        (Rule::MissingIndex, Confidence::Verified) => verified,
        (Rule::MissingIndex, Confidence::Estimated) => estimated,
        _ => "",
    };
    vec![
        Cell::Text(words.severity(advice.severity).to_owned()),
        Cell::Text(advice.message.clone()),
        Cell::Text(confidence.to_owned()),
        share(advice.gain),
        share(advice.write_price),
        Cell::Text(advice.evidence.join("; ")),
        Cell::Code(advice.apply.join("; ")),
        Cell::Text(place.to_owned()),
        Cell::Code(advice.id.clone()),
    ]
}

struct Words {
    table: [&'static str; 3],
    columns: [&'static str; 9],
    confidences: [&'static str; 2],
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
    columns: [
        "Severity",
        "What",
        "Proof",
        "Saves",
        "Writes take back",
        "Evidence",
        "How",
        "Where",
        "Id",
    ],
    confidences: ["Verified", "Estimated"],
    severities: ["Info", "Low", "Medium", "High"],
};

static GERMAN: Words = Words {
    table: [
        "Rat",
        "Zu den Indexen und Richtlinien der Datenbank, wie die Rolle des Servers sie sieht: platform advise sagt mehr und befolgt ihn mit --apply.",
        "Nichts zu raten.",
    ],
    columns: [
        "Schwere",
        "Was",
        "Beweis",
        "Erspart",
        "Schreiben kostet davon",
        "Belege",
        "Wie",
        "Wo",
        "Id",
    ],
    confidences: ["Geprüft", "Geschätzt"],
    severities: ["Hinweis", "Gering", "Mittel", "Hoch"],
};
