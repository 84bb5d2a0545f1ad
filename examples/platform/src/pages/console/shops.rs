use askama::Template;
use tenancy_core::tenant::Status;

use super::{Console, Room};
use crate::pages::frame::{Frame, Section};
use crate::pages::link::Link;

/// The shops, as those who run the platform see them.
#[derive(Debug, Template)]
#[template(path = "console/shops.html")]
pub(crate) struct ShopsPage {
    pub(crate) console: Console,
    pub(crate) shops: Vec<ShopRow>,
    /// The way back to the first page, for those on a later one.
    pub(crate) first: Option<Link>,
    pub(crate) next: Option<Link>,
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

impl ShopsPage {
    fn words(&self) -> &'static Words {
        self.console.language.choose(&ENGLISH, &GERMAN)
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
        self.console.frame()
    }
}

#[derive(Debug)]
struct Words {
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
