use askama::Template;

use super::error::Place;
use super::frame::{Frame, Section};
use super::language::Language;
use super::link::Link;

/// `/login` of a shop or of the platform.
#[derive(Debug, Template)]
#[template(path = "login.html")]
pub(crate) struct SignInPage {
    pub(crate) place: Place,
    pub(crate) language: Language,
    /// What was typed before.
    pub(crate) email: String,
    /// Where it leads.
    pub(crate) next: Link,
    pub(crate) notice: Option<Notice>,
    /// What the form has to send along.
    pub(crate) token: Option<String>,
}

/// Why nobody was let in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Notice {
    Busy,
    TooManyAttempts,
    Wrong,
}

impl SignInPage {
    fn words(&self) -> &'static Words {
        match self.language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }

    fn introduction(&self) -> &'static str {
        match self.place {
            Place::Platform(_) => self.words().for_operators,
            Place::Nowhere | Place::Shop(_) => self.words().for_staff,
        }
    }

    fn notice(&self) -> Option<&'static str> {
        let words = self.words();
        self.notice.map(|notice| match notice {
            Notice::Busy => words.busy,
            Notice::TooManyAttempts => words.too_many_attempts,
            Notice::Wrong => words.wrong,
        })
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            canonical: None,
            indexed: false,
            ..self.place.frame(self.language, self.words().heading)
        }
    }
}

#[derive(Debug)]
struct Words {
    heading: &'static str,
    for_operators: &'static str,
    for_staff: &'static str,
    email: &'static str,
    password: &'static str,
    sign_in: &'static str,
    busy: &'static str,
    too_many_attempts: &'static str,
    wrong: &'static str,
}

static ENGLISH: Words = Words {
    heading: "Sign in",
    for_operators: "For those who run the platform.",
    for_staff: "For those who work in the shop.",
    email: "E-mail address",
    password: "Password",
    sign_in: "Sign in",
    busy: "Many people are signing in at the moment. Please try again in a few seconds.",
    too_many_attempts: "Too many attempts have failed. Please wait a quarter of an hour.",
    wrong: "Nobody signs in with this e-mail address and password. Please check both.",
};

static GERMAN: Words = Words {
    heading: "Anmelden",
    for_operators: "Für alle, die die Plattform betreiben.",
    for_staff: "Für alle, die im Laden arbeiten.",
    email: "E-Mail-Adresse",
    password: "Passwort",
    sign_in: "Anmelden",
    busy: "Gerade melden sich viele an. Bitte versuchen Sie es in ein paar Sekunden noch einmal.",
    too_many_attempts: "Zu viele Versuche sind gescheitert. Bitte warten Sie eine Viertelstunde.",
    wrong: "Mit dieser E-Mail-Adresse und diesem Passwort meldet sich niemand an. Bitte prüfen Sie \
        beides.",
};
