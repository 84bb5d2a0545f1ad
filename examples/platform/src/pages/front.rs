use askama::Template;

use super::accent::Accent;
use super::card::ProductCard;
use super::category::CategoryNode;
use super::frame::{Frame, Section};
use super::language::Language;
use super::link::Link;
use super::shop::ShopView;

/// `/` of a shop.
#[derive(Debug, Template)]
#[template(path = "front.html")]
pub(crate) struct FrontPage {
    pub(crate) shop: ShopView,
    /// Eight fill the grid well.
    pub(crate) featured: Vec<ProductCard>,
    /// Eight fill the grid well.
    pub(crate) newest: Vec<ProductCard>,
    /// The categories at the top of the tree.
    pub(crate) categories: Vec<CategoryNode>,
}

impl FrontPage {
    fn frame(&self) -> Frame<'_> {
        let frame = self.shop.frame("", &Link::home());
        let title = match self.shop.tagline.as_str() {
            "" => self.shop.name.clone(),
            tagline => format!("{} · {tagline}", self.shop.name),
        };
        Frame { title, ..frame }
    }

    /// The pictures beside the shop's name.
    fn hero(&self) -> impl Iterator<Item = &ProductCard> {
        self.featured.iter().chain(&self.newest).take(3)
    }
}

/// `/` of the platform: the shops it hosts.
#[derive(Debug, Template)]
#[template(path = "landing.html")]
pub(crate) struct LandingPage {
    /// The platform's own name.
    pub(crate) name: String,
    pub(crate) language: Language,
    pub(crate) shops: Vec<ShopCard>,
    /// The way back to the first page, for visitors of a later one.
    pub(crate) first: Option<Link>,
    pub(crate) next: Option<Link>,
}

/// A shop as the platform's landing page shows it.
#[derive(Clone, Debug)]
pub(crate) struct ShopCard {
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) tagline: String,
    /// The shop's full address.
    pub(crate) url: Link,
}

impl ShopCard {
    fn accent(&self) -> Accent {
        Accent::of(&self.slug)
    }

    /// Three pictures for the card; the shop's own are on another host.
    fn pictures(&self) -> [Link; 3] {
        ["1", "2", "3"].map(|number| Link::picture(&format!("{}-{number}", self.slug), &self.slug))
    }
}

impl LandingPage {
    fn words(&self) -> &'static Words {
        match self.language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
        }
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            description: self.words().introduction.to_owned(),
            ..Frame::of_platform(&self.name, self.language, &self.name)
        }
    }
}

#[derive(Debug)]
struct Words {
    heading: &'static str,
    introduction: &'static str,
    shops: &'static str,
    visit: &'static str,
    none: &'static str,
}

static ENGLISH: Words = Words {
    heading: "Small shops under one roof",
    introduction: "Every shop here keeps its own shelves, its own prices and its own customers. \
        Step inside and look around.",
    shops: "The shops",
    visit: "Visit the shop",
    none: "No shop has opened its doors yet.",
};

static GERMAN: Words = Words {
    heading: "Kleine Läden unter einem Dach",
    introduction: "Jeder Laden hier hat seine eigenen Regale, seine eigenen Preise und seine \
        eigene Kundschaft. Treten Sie ein und sehen Sie sich um.",
    shops: "Die Läden",
    visit: "Zum Laden",
    none: "Noch hat kein Laden geöffnet.",
};
