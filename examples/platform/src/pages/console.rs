//! The console of those who run the platform: its rooms, and how they lead to each other.

mod advice;
mod alerts;
mod blocks;
mod health;
mod journal;
mod overview;
mod plot;
mod servers;
mod shops;
mod slow_statements;
mod table;

use super::frame::Frame;
use super::language::Language;
use super::link::Link;

pub(crate) use self::advice::advice;
pub(crate) use self::alerts::{AlertView, RESEND_PATH, TEST_PATH, tested};
pub(crate) use self::blocks::blocks;
pub(crate) use self::health::{Messages, health, queues};
pub(crate) use self::journal::journal;
pub(crate) use self::overview::{
    HOURS, Measured, OfPlatform, Overview, OverviewPage, OverviewView, ROWS,
};
pub(crate) use self::shops::{ShopRow, ShopsPage};
pub(crate) use self::slow_statements::slow_statements;
pub(crate) use self::table::{Sorting, TablePage};

/// Who looks at the console, and what every page of it needs.
#[derive(Clone, Debug)]
pub(crate) struct Console {
    /// The platform's own name.
    pub(crate) name: String,
    pub(crate) language: Language,
    /// Who has signed in.
    pub(crate) user: String,
    /// What the form has to send along.
    pub(crate) token: Option<String>,
    /// Where they are.
    pub(crate) room: Room,
}

/// A page of the console.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Room {
    Advice,
    Alerts,
    Blocks,
    Health,
    Journal,
    Overview,
    Shops,
    SlowStatements,
}

impl Room {
    /// In the order in which the pages lead to them.
    pub(super) const ALL: [Self; 8] = [
        Self::Overview,
        Self::Shops,
        Self::Alerts,
        Self::Health,
        Self::SlowStatements,
        Self::Advice,
        Self::Blocks,
        Self::Journal,
    ];

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Advice => "/platform/advice",
            Self::Alerts => "/platform/alerts",
            Self::Blocks => "/platform/blocks",
            Self::Health => "/platform/health",
            Self::Journal => "/platform/journal",
            Self::Overview => "/platform",
            Self::Shops => "/platform/shops",
            Self::SlowStatements => "/platform/slow-statements",
        }
    }

    pub(crate) fn link(self) -> Link {
        Link::within(self.path())
    }

    fn heading(self, language: Language) -> &'static str {
        let (english, german) = match self {
            Self::Advice => ("Advice", "Rat"),
            Self::Alerts => ("Alerts", "Alarme"),
            Self::Blocks => ("Blocks", "Sperren"),
            Self::Health => ("Health", "Zustand"),
            Self::Journal => ("Journal", "Journal"),
            Self::Overview => ("Overview", "Übersicht"),
            Self::Shops => ("Shops", "Läden"),
            Self::SlowStatements => ("Slow statements", "Langsame Abfragen"),
        };
        language.choose(english, german)
    }
}

impl Console {
    fn words(&self) -> &'static Words {
        self.language.choose(&ENGLISH, &GERMAN)
    }

    fn signed_in_as(&self) -> String {
        self.words().signed_in_as.replace("{}", &self.user)
    }

    fn heading(&self, room: &Room) -> &'static str {
        room.heading(self.language)
    }

    fn is_in(&self, room: &Room) -> bool {
        self.room == *room
    }

    fn frame(&self) -> Frame<'_> {
        let heading = self.room.heading(self.language);
        let title = format!("{heading} · {} · {}", self.words().console, self.name);
        Frame {
            indexed: false,
            ..Frame::of_platform(&self.name, self.language, &title)
        }
    }
}

#[derive(Debug)]
struct Words {
    console: &'static str,
    signed_in_as: &'static str,
    sign_out: &'static str,
}

static ENGLISH: Words = Words {
    console: "Console",
    signed_in_as: "You are signed in as {}.",
    sign_out: "Sign out",
};

static GERMAN: Words = Words {
    console: "Konsole",
    signed_in_as: "Sie sind angemeldet als {}.",
    sign_out: "Abmelden",
};
