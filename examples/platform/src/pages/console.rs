use askama::Template;
use tenancy_core::tenant::Status;

use super::frame::{Frame, Section};
use super::language::Language;
use super::link::Link;

/// `/platform`: the shops, as those who run the platform see them.
#[derive(Debug, Template)]
#[template(path = "console.html")]
pub(crate) struct ConsolePage {
    /// The platform's own name.
    pub(crate) name: String,
    pub(crate) language: Language,
    /// Who has signed in.
    pub(crate) user: String,
    pub(crate) shops: Vec<ShopRow>,
    /// The way back to the first page, for those on a later one.
    pub(crate) first: Option<Link>,
    pub(crate) next: Option<Link>,
    /// What the form has to send along.
    pub(crate) token: Option<String>,
}

/// A shop in the list of all of them.
#[derive(Clone, Debug)]
pub(crate) struct ShopRow {
    pub(crate) name: String,
    pub(crate) slug: String,
    /// The shop's full address, where it has one.
    pub(crate) url: Option<Link>,
    pub(crate) plan: String,
    pub(crate) status: Status,
    /// Closed for a while.
    pub(crate) in_maintenance: bool,
}

impl ConsolePage {
    fn words(&self) -> &'static Words {
        match self.language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }

    fn signed_in_as(&self) -> String {
        self.words().signed_in_as.replace("{}", &self.user)
    }

    fn status(&self, shop: &ShopRow) -> &'static str {
        let words = self.words();
        match shop.status {
            Status::Active | Status::Trial if shop.in_maintenance => words.maintenance,
            Status::Active => words.active,
            Status::Archived => words.archived,
            Status::Provisioning => words.provisioning,
            Status::Suspended => words.suspended,
            Status::Trial => words.trial,
        }
    }

    fn frame(&self) -> Frame<'_> {
        let title = format!("{} · {}", self.words().heading, self.name);
        Frame {
            indexed: false,
            ..Frame::of_platform(&self.name, self.language, &title)
        }
    }
}

#[derive(Debug)]
struct Words {
    heading: &'static str,
    signed_in_as: &'static str,
    sign_out: &'static str,
    shops: &'static str,
    none: &'static str,
    shop: &'static str,
    plan: &'static str,
    status: &'static str,
    active: &'static str,
    archived: &'static str,
    maintenance: &'static str,
    provisioning: &'static str,
    suspended: &'static str,
    trial: &'static str,
}

static ENGLISH: Words = Words {
    heading: "Console",
    signed_in_as: "You are signed in as {}.",
    sign_out: "Sign out",
    shops: "The shops",
    none: "There is no shop yet: platform tenant create",
    shop: "Shop",
    plan: "Plan",
    status: "Status",
    active: "Open",
    archived: "Closed for good",
    maintenance: "Closed for maintenance",
    provisioning: "Being set up",
    suspended: "Suspended",
    trial: "On trial",
};

static GERMAN: Words = Words {
    heading: "Konsole",
    signed_in_as: "Sie sind angemeldet als {}.",
    sign_out: "Abmelden",
    shops: "Die Läden",
    none: "Noch gibt es keinen Laden: platform tenant create",
    shop: "Laden",
    plan: "Tarif",
    status: "Stand",
    active: "Geöffnet",
    archived: "Für immer geschlossen",
    maintenance: "Wegen Wartung geschlossen",
    provisioning: "Wird eingerichtet",
    suspended: "Gesperrt",
    trial: "Auf Probe",
};
