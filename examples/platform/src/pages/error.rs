use askama::Template;
use http::StatusCode;
use tenancy_core::layer::Refusal;

use super::frame::{Frame, Section};
use super::language::{Language, Texts};
use super::link::Link;
use super::shop::ShopView;

/// A page that says why a visitor does not get what they asked for, and what they can do.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub(crate) status: StatusCode,
    pub(crate) trouble: Trouble,
    pub(crate) language: Language,
    pub(crate) place: Place,
    /// What the visitor can quote to those who run the shop.
    pub(crate) request_id: Option<String>,
}

/// Where a visitor met the trouble, as far as it may be shown.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Nowhere,
    /// The platform's own host, and its name.
    Platform(String),
    /// A shop that is open.
    Shop(ShopView),
}

impl Place {
    /// The frame of a page there.
    pub(super) fn frame(&self, language: Language, title: &str) -> Frame<'_> {
        match self {
            Self::Shop(shop) => shop.frame(title, &Link::home()),
            Self::Platform(name) => Frame::of_platform(name, language, title),
            Self::Nowhere => Frame::of_platform("", language, title),
        }
    }
}

/// What went wrong, as far as it concerns a visitor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    Archived,
    /// The request is at fault, in a way that no page or form of ours leads to.
    BadRequest,
    Failed,
    Forbidden,
    Maintenance,
    MethodNotAllowed,
    NotFound,
    Provisioning,
    Suspended,
    TimedOut,
    TooLarge,
    TooManyRequests,
    /// Something that is needed does not answer. Whether there is such a shop may be unknown.
    Unavailable,
    UnknownShop,
}

impl Trouble {
    #[cfg(test)]
    pub(super) const ALL: [Self; 14] = [
        Self::Archived,
        Self::BadRequest,
        Self::Failed,
        Self::Forbidden,
        Self::Maintenance,
        Self::MethodNotAllowed,
        Self::NotFound,
        Self::Provisioning,
        Self::Suspended,
        Self::TimedOut,
        Self::TooLarge,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::UnknownShop,
    ];

    /// The trouble behind a response's status, and behind the refusal of a shop's door if that
    /// was where the request ended.
    pub(crate) fn of(status: StatusCode, refusal: Option<Refusal>) -> Self {
        match refusal {
            Some(Refusal::Archived) => Self::Archived,
            Some(Refusal::Maintenance { .. }) => Self::Maintenance,
            Some(Refusal::Provisioning) => Self::Provisioning,
            Some(Refusal::RegistryUnavailable) => Self::Unavailable,
            Some(Refusal::Suspended) => Self::Suspended,
            Some(Refusal::UnknownTenant) => Self::UnknownShop,
            _ => Self::of_status(status),
        }
    }

    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND | StatusCode::GONE => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::TimedOut,
            StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::URI_TOO_LONG
            | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::TooLarge,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::Failed,
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
            Self::BadRequest => (
                "We could not make sense of this request",
                "Something in it is not as it should be. Please start again from the front page.",
            ),
            Self::Failed => (
                "Something broke on our side",
                "It is not your fault, and we have taken note of it. Please try again in a moment.",
            ),
            Self::Forbidden => (
                "This is not open to visitors",
                "The page is there for those who work here. Please go back to where you came from.",
            ),
            Self::Maintenance => (
                "Back in a few minutes",
                "The shop is being tidied up. Nothing is lost: please come back shortly and carry \
                 on where you left off.",
            ),
            Self::MethodNotAllowed => (
                "This address cannot be used that way",
                "It is there to be looked at, or to be sent a form, but not what was tried. Please \
                 go back and try another way.",
            ),
            Self::NotFound => (
                "There is nothing at this address",
                "The page may have moved. Please check the address for a typing mistake.",
            ),
            Self::Provisioning => (
                "This shop is being set up",
                "Its shelves are being put in place, and it has not opened yet. Please come back a \
                 little later.",
            ),
            Self::Suspended => (
                "This shop is closed at the moment",
                "Its owner or the platform has closed it for now. Please come back another day.",
            ),
            Self::TimedOut => (
                "This took too long",
                "The request was not finished in time, so it was stopped. Please try again.",
            ),
            Self::TooLarge => (
                "That was too much at once",
                "What was sent is larger than we accept here. Please send less.",
            ),
            Self::TooManyRequests => (
                "One moment, please",
                "We received more requests from your connection than usual. Please wait a minute \
                 before you go on.",
            ),
            Self::Unavailable => (
                "This page cannot be reached now",
                "Something that we need to show it does not answer at the moment. Nothing is lost: \
                 please try again in a few seconds.",
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
            Self::BadRequest => (
                "Diese Anfrage haben wir nicht verstanden",
                "Etwas daran ist nicht, wie es sein sollte. Bitte beginnen Sie noch einmal auf der \
                 Startseite.",
            ),
            Self::Failed => (
                "Bei uns ist etwas schiefgegangen",
                "Es liegt nicht an Ihnen, und der Fehler ist vermerkt. Bitte versuchen Sie es \
                 gleich noch einmal.",
            ),
            Self::Forbidden => (
                "Hier haben Besucher keinen Zutritt",
                "Diese Seite ist für jene da, die hier arbeiten. Bitte gehen Sie dorthin zurück, \
                 woher Sie gekommen sind.",
            ),
            Self::Maintenance => (
                "In wenigen Minuten zurück",
                "Der Laden wird gerade aufgeräumt. Nichts geht verloren: Kommen Sie bitte gleich \
                 wieder und machen Sie weiter, wo Sie waren.",
            ),
            Self::MethodNotAllowed => (
                "So lässt sich diese Adresse nicht benutzen",
                "Man kann sie ansehen oder ein Formular an sie schicken, doch nicht, was eben \
                 versucht wurde. Bitte gehen Sie zurück und versuchen Sie es anders.",
            ),
            Self::NotFound => (
                "Unter dieser Adresse ist nichts",
                "Vielleicht ist die Seite umgezogen. Bitte prüfen Sie, ob Sie sich bei der Adresse \
                 vertippt haben.",
            ),
            Self::Provisioning => (
                "Dieser Laden wird gerade eingerichtet",
                "Die Regale werden aufgestellt, geöffnet ist noch nicht. Schauen Sie bitte etwas \
                 später wieder vorbei.",
            ),
            Self::Suspended => (
                "Dieser Laden ist zurzeit geschlossen",
                "Er wurde vom Inhaber oder von der Plattform vorübergehend geschlossen. Schauen \
                 Sie ein andermal vorbei.",
            ),
            Self::TimedOut => (
                "Das hat zu lange gedauert",
                "Die Anfrage wurde nicht rechtzeitig fertig und deshalb abgebrochen. Bitte \
                 versuchen Sie es noch einmal.",
            ),
            Self::TooLarge => (
                "Das war zu viel auf einmal",
                "Was gesendet wurde, ist größer, als wir hier annehmen. Bitte senden Sie weniger.",
            ),
            Self::TooManyRequests => (
                "Einen Moment bitte",
                "Über Ihre Verbindung kamen mehr Anfragen als üblich. Bitte warten Sie eine \
                 Minute, bevor Sie weitermachen.",
            ),
            Self::Unavailable => (
                "Diese Seite ist gerade nicht erreichbar",
                "Etwas, das wir dafür brauchen, antwortet im Moment nicht. Nichts geht verloren: \
                 Bitte versuchen Sie es in ein paar Sekunden noch einmal.",
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
        match (self.trouble, &self.place, self.language) {
            (Trouble::NotFound, Place::Shop(_), Language::English) => {
                "The page may have moved, or the product may no longer be sold. A search often \
                 finds it."
            }
            (Trouble::NotFound, Place::Shop(_), Language::German) => {
                "Vielleicht ist die Seite umgezogen, oder das Produkt gibt es nicht mehr. Oft \
                 hilft die Suche weiter."
            }
            _ => self.trouble.words(self.language).1,
        }
    }

    /// What the link to the front page says, where there is one.
    fn way_back(&self) -> Option<&'static str> {
        match self.place {
            Place::Nowhere => None,
            Place::Platform(_) => Some(self.texts().all_shops),
            Place::Shop(_) => Some(self.texts().back_home),
        }
    }

    fn texts(&self) -> &'static Texts {
        self.language.texts()
    }

    fn frame(&self) -> Frame<'_> {
        let frame = self.place.frame(self.language, self.title());
        Frame {
            canonical: None,
            indexed: false,
            description: self.detail().to_owned(),
            ..frame
        }
    }
}
