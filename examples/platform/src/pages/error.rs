use askama::Template;
use http::StatusCode;

use super::accent::Accent;
use super::frame::{Frame, Section};
use super::language::{Language, Texts};
use super::link::Link;
use super::shop::ShopView;

/// A page that says why a visitor does not get what they asked for, and what they can do.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub(crate) trouble: Trouble,
    pub(crate) language: Language,
    /// The shop, when it is open and its name may be shown.
    pub(crate) shop: Option<ShopView>,
    /// What the visitor can quote to those who run the shop.
    pub(crate) request_id: Option<String>,
}

/// What went wrong, as far as it concerns a visitor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    Archived,
    Failed,
    Maintenance,
    NotFound,
    Suspended,
    TooManyRequests,
    UnknownShop,
}

impl Trouble {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Archived => StatusCode::GONE,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Maintenance => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound | Self::UnknownShop => StatusCode::NOT_FOUND,
            Self::Suspended => StatusCode::FORBIDDEN,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The title and the detail.
    fn words(self, language: Language) -> (&'static str, &'static str) {
        match language {
            Language::English => self.english(),
            Language::German => self.german(),
        }
    }

    fn english(self) -> (&'static str, &'static str) {
        match self {
            Self::Archived => (
                "This shop has closed for good",
                "It is no longer trading, and its pages are gone. Thank you for looking for it.",
            ),
            Self::Failed => (
                "Something broke on our side",
                "It is not your fault, and we have taken note of it. Please try again in a moment.",
            ),
            Self::Maintenance => (
                "Back in a few minutes",
                "The shop is being tidied up. Nothing is lost: please come back shortly and carry \
                 on where you left off.",
            ),
            Self::NotFound => (
                "There is nothing at this address",
                "The page may have moved, or the product may no longer be sold. A search often \
                 finds it.",
            ),
            Self::Suspended => (
                "This shop is closed at the moment",
                "Its owner or the platform has closed it for now. Please come back another day.",
            ),
            Self::TooManyRequests => (
                "One moment, please",
                "We received more requests from your connection than usual. Please wait a minute \
                 before you go on.",
            ),
            Self::UnknownShop => (
                "There is no shop at this address",
                "Please check the address for a typing mistake.",
            ),
        }
    }

    fn german(self) -> (&'static str, &'static str) {
        match self {
            Self::Archived => (
                "Dieser Laden hat endgültig geschlossen",
                "Hier wird nichts mehr verkauft, und die Seiten gibt es nicht mehr. Danke, dass \
                 Sie vorbeigeschaut haben.",
            ),
            Self::Failed => (
                "Bei uns ist etwas schiefgegangen",
                "Es liegt nicht an Ihnen, und der Fehler ist vermerkt. Bitte versuchen Sie es \
                 gleich noch einmal.",
            ),
            Self::Maintenance => (
                "In wenigen Minuten zurück",
                "Der Laden wird gerade aufgeräumt. Nichts geht verloren: Kommen Sie bitte gleich \
                 wieder und machen Sie weiter, wo Sie waren.",
            ),
            Self::NotFound => (
                "Unter dieser Adresse ist nichts",
                "Vielleicht ist die Seite umgezogen, oder das Produkt gibt es nicht mehr. Oft \
                 hilft die Suche weiter.",
            ),
            Self::Suspended => (
                "Dieser Laden ist zurzeit geschlossen",
                "Er wurde vom Inhaber oder von der Plattform vorübergehend geschlossen. Schauen \
                 Sie ein andermal vorbei.",
            ),
            Self::TooManyRequests => (
                "Einen Moment bitte",
                "Über Ihre Verbindung kamen mehr Anfragen als üblich. Bitte warten Sie eine \
                 Minute, bevor Sie weitermachen.",
            ),
            Self::UnknownShop => (
                "Unter dieser Adresse gibt es keinen Laden",
                "Bitte prüfen Sie, ob Sie sich bei der Adresse vertippt haben.",
            ),
        }
    }
}

impl ErrorPage {
    fn title(&self) -> &'static str {
        self.trouble.words(self.language).0
    }

    fn detail(&self) -> &'static str {
        self.trouble.words(self.language).1
    }

    fn texts(&self) -> &'static Texts {
        self.language.texts()
    }

    fn frame(&self) -> Frame<'_> {
        let frame = match &self.shop {
            Some(shop) => shop.frame(self.title(), &Link::home()),
            None => Frame {
                brand: "",
                tagline: "",
                shop: false,
                language: self.language,
                lang: self.language.tag(),
                accent: Accent::of(""),
                title: self.title().to_owned(),
                description: String::new(),
                canonical: None,
                image: None,
                indexed: false,
                section: Section::Other,
                query: "",
            },
        };
        Frame {
            canonical: None,
            indexed: false,
            description: self.detail().to_owned(),
            ..frame
        }
    }
}
