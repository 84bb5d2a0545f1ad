use std::collections::HashMap;

use tenancy_core::journal::PlatformEntry;
use tenancy_core::{Slug, TenantId};

use super::slow_statements::{moment, whose};
use super::table::{Cell, Table};
use crate::pages::language::Language;

/// What was done to the platform, by whom.
pub(crate) fn journal(
    language: Language,
    entries: &[PlatformEntry],
    slugs: &HashMap<TenantId, Slug>,
) -> Table {
    let row = |PlatformEntry { about, entry }: &PlatformEntry| {
        vec![
            moment(entry.at),
            Cell::Text(entry.actor.name().to_owned()),
            Cell::Text(entry.action.clone()),
            Cell::Text(entry.resource.clone()),
            Cell::Code(entry.resource_id.clone()),
            whose(*about, slugs),
        ]
    };
    let (texts, columns) = language.choose(&ENGLISH, &GERMAN);
    Table::new(*texts, columns, entries.iter().map(row).collect())
}

type Words = ([&'static str; 3], [&'static str; 6]);

static ENGLISH: Words = (
    [
        "Changes",
        "What operators, commands and the servers changed in the platform; each shop has a journal of its own.",
        "Nothing was changed yet.",
    ],
    [
        "When (UTC)",
        "Who",
        "What happened",
        "To what",
        "Which",
        "About",
    ],
);

static GERMAN: Words = (
    [
        "Änderungen",
        "Was Betreiber, Befehle und die Server an der Plattform geändert haben; jeder Laden hat sein eigenes Journal.",
        "Noch wurde nichts geändert.",
    ],
    [
        "Wann (UTC)",
        "Wer",
        "Was geschah",
        "Womit",
        "Welches",
        "Über",
    ],
);
