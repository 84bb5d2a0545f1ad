use std::fmt::Write;

use crate::pictures::{Color, Random};

/// How many accents there are, evenly around the color wheel.
const ACCENTS: u32 = 36;

/// The color that tells one shop from another.
///
/// It follows from the shop's slug. Pages name it by class (`hue-7`), because their policy allows
/// no inline style, and the stylesheet holds all of them for both color schemes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Accent(u32);

impl Accent {
    pub(crate) fn of(slug: &str) -> Self {
        Self(Random::from_name(slug).below(ACCENTS))
    }

    pub(crate) fn class(self) -> String {
        format!("hue-{}", self.0)
    }

    fn hue(self) -> f64 {
        f64::from(self.0) * 360.0 / f64::from(ACCENTS)
    }
}

/// The three colors an accent brings to one color scheme.
struct Shades {
    /// Links, buttons and marks.
    accent: Color,
    /// Text on a button of the accent's color.
    on_accent: Color,
    /// The ground of the hero and of badges.
    soft: Color,
}

impl Shades {
    fn light(hue: f64) -> Self {
        Self {
            accent: Color::from_oklch(0.46, 0.115, hue),
            on_accent: Color::from_oklch(1.0, 0.0, hue),
            soft: Color::from_oklch(0.94, 0.028, hue),
        }
    }

    fn dark(hue: f64) -> Self {
        Self {
            accent: Color::from_oklch(0.8, 0.095, hue),
            on_accent: Color::from_oklch(0.2, 0.03, hue),
            soft: Color::from_oklch(0.28, 0.035, hue),
        }
    }

    fn css(&self) -> String {
        format!(
            "--accent:{};--on-accent:{};--soft:{}",
            self.accent, self.on_accent, self.soft
        )
    }
}

/// The rules for every accent in both color schemes.
pub(super) fn stylesheet() -> String {
    let mut light = String::new();
    let mut dark = String::new();
    for accent in (0..ACCENTS).map(Accent) {
        let (class, hue) = (accent.class(), accent.hue());
        write!(light, ".{class}{{{}}}", Shades::light(hue).css()).expect("writing to a string");
        write!(dark, ".{class}{{{}}}", Shades::dark(hue).css()).expect("writing to a string");
    }
    format!("{light}@media(prefers-color-scheme:dark){{{dark}}}")
}

#[cfg(test)]
mod tests {
    use super::{Accent, Shades, stylesheet};
    use crate::pages::asset::STYLES;
    use crate::pictures::Color;

    /// The values that the stylesheet gives to `name`, light scheme first.
    fn schemes(name: &str) -> [Color; 2] {
        let values: Vec<_> = STYLES
            .split(&format!("--{name}:"))
            .skip(1)
            .map(|rest| Color::from_hex(rest.trim_start()))
            .collect();
        values
            .try_into()
            .unwrap_or_else(|values| panic!("--{name}: {values:?}"))
    }

    #[test]
    fn text_can_be_read_whatever_the_hue() {
        for hue in 0..360 {
            let hue = f64::from(hue);
            for (scheme, shades) in [Shades::light(hue), Shades::dark(hue)].iter().enumerate() {
                let [paper, raised, ink, quiet] =
                    ["paper", "raised", "ink", "quiet"].map(|name| schemes(name)[scheme]);
                for (pair, text, ground) in [
                    ("accent on paper", shades.accent, paper),
                    ("accent on a card", shades.accent, raised),
                    ("accent on soft", shades.accent, shades.soft),
                    ("button", shades.on_accent, shades.accent),
                    ("text on soft", ink, shades.soft),
                    ("quiet text on soft", quiet, shades.soft),
                ] {
                    let contrast = text.contrast(ground);
                    assert!(
                        contrast >= 4.5,
                        "{pair}, hue {hue}, scheme {scheme}: {contrast:.2}"
                    );
                }
            }
        }
    }

    #[test]
    fn fixed_colors_can_be_read_in_both_schemes() {
        for text in ["ink", "quiet", "good", "low", "gone"] {
            for ground in ["paper", "raised"] {
                for (text, ground) in schemes(text).into_iter().zip(schemes(ground)) {
                    assert!(text.contrast(ground) >= 4.5, "{text} on {ground}");
                }
            }
        }
        for (edge, ground) in schemes("edge").into_iter().zip(schemes("raised")) {
            assert!(edge.contrast(ground) >= 3.0, "edge {edge} on {ground}");
        }
    }

    #[test]
    fn a_shop_keeps_its_accent() {
        assert_eq!(Accent::of("acme"), Accent::of("acme"));
        assert!(stylesheet().contains(&format!(".{}{{", Accent::of("acme").class())));
    }
}
