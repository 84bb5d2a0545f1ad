use std::collections::HashMap;

use tenancy_core::{Slug, TenantId};

use super::slow_statements::{moment, whose};
use super::table::{Cell, Table};
use crate::blocks::BlockRecord;
use crate::pages::language::Language;

/// Whom the platform and its shops do not serve, and whom they serve all the same.
pub(crate) fn blocks(
    language: Language,
    records: &[BlockRecord],
    slugs: &HashMap<TenantId, Slug>,
) -> Table {
    let words = language.choose(&ENGLISH, &GERMAN);
    let row = |record: &BlockRecord| {
        vec![
            Cell::Code(record.network.to_string()),
            Cell::Text(words.effect(record).to_owned()),
            whose(record.tenant_id, slugs),
            Cell::Text(record.reason.clone()),
            moment(record.created_at),
            record
                .until
                .map_or_else(|| Cell::Text(words.for_ever.to_owned()), moment),
        ]
    };
    Table::new(
        words.table,
        &words.columns,
        records.iter().map(row).collect(),
    )
}

struct Words {
    table: [&'static str; 3],
    columns: [&'static str; 6],
    refused: &'static str,
    served: &'static str,
    for_ever: &'static str,
}

impl Words {
    fn effect(&self, record: &BlockRecord) -> &'static str {
        if record.block().allows() {
            self.served
        } else {
            self.refused
        }
    }
}

static ENGLISH: Words = Words {
    table: [
        "Blocked addresses",
        "Addresses and networks that are refused, or served whatever else is said: platform block add, platform block remove.",
        "Nobody is blocked.",
    ],
    columns: [
        "Network",
        "What happens",
        "Shop",
        "Why",
        "Since (UTC)",
        "Until (UTC)",
    ],
    refused: "Refused",
    served: "Served",
    for_ever: "Removed by hand",
};

static GERMAN: Words = Words {
    table: [
        "Gesperrte Adressen",
        "Adressen und Netze, die abgewiesen oder in jedem Fall bedient werden: platform block add, platform block remove.",
        "Niemand ist gesperrt.",
    ],
    columns: [
        "Netz",
        "Wirkung",
        "Laden",
        "Grund",
        "Seit (UTC)",
        "Bis (UTC)",
    ],
    refused: "Abgewiesen",
    served: "Bedient",
    for_ever: "Von Hand entfernt",
};
