use std::fmt;

/// An sRGB color, written the way CSS and SVG read it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

impl Color {
    /// Finds the screen color for `lightness` (0 to 1), `chroma` and `hue` (degrees) of the OKLCH
    /// space, where equal lightness looks equally light whatever the hue.
    ///
    /// A color that no screen can show loses chroma until one can.
    pub(crate) fn from_oklch(lightness: f64, chroma: f64, hue: f64) -> Self {
        let mut chroma = chroma;
        loop {
            let linear = linear_rgb(lightness, chroma, hue.to_radians());
            if chroma < 0.001 || linear.iter().all(|part| (0.0..=1.0).contains(part)) {
                let [red, green, blue] = linear.map(encode);
                return Self { red, green, blue };
            }
            chroma *= 0.96;
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

fn linear_rgb(lightness: f64, chroma: f64, hue: f64) -> [f64; 3] {
    let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
}

fn encode(linear: f64) -> u8 {
    let encoded = if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    };
    (encoded * 255.0).round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
impl Color {
    pub(crate) const WHITE: Self = Self {
        red: 255,
        green: 255,
        blue: 255,
    };

    pub(crate) fn from_hex(hex: &str) -> Self {
        let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        Self {
            red: part(1),
            green: part(3),
            blue: part(5),
        }
    }

    /// The contrast ratio that WCAG defines, from 1 to 21.
    pub(crate) fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    fn luminance(self) -> f64 {
        let decode = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * decode(self.red) + 0.7152 * decode(self.green) + 0.0722 * decode(self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::Color;

    #[test]
    fn known_colors_come_out_as_published() {
        assert_eq!(Color::from_oklch(1.0, 0.0, 0.0).to_string(), "#ffffff");
        assert_eq!(
            Color::from_oklch(0.627_95, 0.257_68, 29.233_9).to_string(),
            "#ff0000"
        );
        assert_eq!(Color::from_oklch(0.5, 0.0, 120.0).to_string(), "#636363");
    }

    #[test]
    fn contrast_is_the_ratio_of_the_standard() {
        let black = Color::from_hex("#000000");
        assert!((Color::WHITE.contrast(black) - 21.0).abs() < 1e-9);
        let gray = Color::from_hex("#767676");
        assert!((Color::WHITE.contrast(gray) - 4.54).abs() < 0.01);
    }
}
