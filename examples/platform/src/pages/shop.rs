use super::accent::Accent;
use super::frame::{Frame, Section};
use super::language::{Language, Texts};
use super::link::Link;

/// What every page of a shop says about the shop.
#[derive(Clone, Debug)]
pub(crate) struct ShopView {
    pub(crate) name: String,
    pub(crate) slug: String,
    /// A sentence below the name; may be empty.
    pub(crate) tagline: String,
    /// A language tag such as `de-AT`.
    pub(crate) locale: String,
    /// Where the shop is found, such as `https://acme.example`, without a slash at the end.
    pub(crate) origin: String,
}

impl ShopView {
    pub(crate) fn language(&self) -> Language {
        Language::of(&self.locale)
    }

    pub(crate) fn texts(&self) -> &'static Texts {
        self.language().texts()
    }

    /// The frame of the shop's page at `path`.
    pub(super) fn frame(&self, title: &str, path: &Link) -> Frame<'_> {
        Frame {
            brand: &self.name,
            tagline: &self.tagline,
            shop: true,
            language: self.language(),
            lang: &self.locale,
            accent: Accent::of(&self.slug),
            title: format!("{title} · {}", self.name),
            description: self.tagline.clone(),
            canonical: Some(format!("{}{path}", self.origin)),
            image: None,
            indexed: true,
            section: Section::Other,
            query: "",
        }
    }
}

/// One step of the way from the shop's front page to where the visitor is.
#[derive(Clone, Debug)]
pub(crate) struct Crumb {
    pub(crate) name: String,
    pub(crate) url: Link,
}
