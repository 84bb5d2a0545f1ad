use super::accent::Accent;
use super::html::one_line;
use super::language::{Language, Texts, is_right_to_left};
use super::link::Link;

/// What stands in a list of tabs for a page of nobody's.
const NOBODY: &str = "shops";

/// The longest description that search engines show.
const DESCRIPTION_CHARACTERS_MAX: usize = 160;

/// What surrounds the content of a page: its head, header and footer.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    pub(super) brand: &'a str,
    /// The sentence at the bottom; may be empty.
    pub(super) tagline: &'a str,
    /// Whether the page belongs to a shop, and shows its search box and sections.
    pub(super) shop: bool,
    pub(super) language: Language,
    /// The language tag of the content.
    pub(super) lang: &'a str,
    pub(super) accent: Accent,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) canonical: Option<String>,
    /// The full address of a picture for those who share the page.
    pub(super) image: Option<String>,
    /// Whether search engines may list the page.
    pub(super) indexed: bool,
    pub(super) section: Section,
    /// What the visitor searched for.
    pub(super) query: &'a str,
}

/// The entry of the main navigation that a page belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Section {
    Categories,
    Other,
    Products,
}

impl<'a> Frame<'a> {
    /// The frame of a page of the platform's own, which is called `brand`; of nobody's page where
    /// that is empty.
    pub(super) fn of_platform(brand: &'a str, language: Language, title: &str) -> Self {
        Frame {
            brand,
            tagline: "",
            shop: false,
            language,
            lang: language.tag(),
            accent: Accent::of(brand),
            title: title.to_owned(),
            description: String::new(),
            canonical: None,
            image: None,
            indexed: true,
            section: Section::Other,
            query: "",
        }
    }

    pub(super) fn texts(&self) -> &'static Texts {
        self.language.texts()
    }

    /// The drawn picture that stands for the brand in a list of tabs.
    pub(super) fn icon(&self) -> Link {
        let brand = if self.brand.is_empty() {
            NOBODY
        } else {
            self.brand
        };
        Link::picture(brand, brand)
    }

    pub(super) fn brand(&self) -> String {
        one_line(self.brand)
    }

    pub(super) fn title(&self) -> String {
        one_line(&self.title)
    }

    pub(super) fn description(&self) -> String {
        let line = one_line(&self.description);
        if line.chars().count() <= DESCRIPTION_CHARACTERS_MAX {
            return line;
        }
        let cut: String = line.chars().take(DESCRIPTION_CHARACTERS_MAX - 1).collect();
        let words = cut
            .rsplit_once(' ')
            .map_or(cut.as_str(), |(words, _)| words);
        format!("{words}…")
    }

    /// The reading direction of the content.
    pub(super) fn direction(&self) -> &'static str {
        if is_right_to_left(self.lang) {
            "rtl"
        } else {
            "ltr"
        }
    }

    /// One or two letters that stand for the brand.
    pub(super) fn monogram(&self) -> String {
        self.brand
            .split_whitespace()
            .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
            .take(2)
            .flat_map(char::to_uppercase)
            .collect()
    }

    /// Whether the page belongs to `section`.
    pub(super) fn current(&self, section: Section) -> bool {
        self.section == section
    }
}
