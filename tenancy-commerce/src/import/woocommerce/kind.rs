/// What a row is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    External,
    Grouped,
    Simple,
    Variable,
    Variation,
}

/// What the `Type` cell says: a kind, and whether it is a download or nothing to be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Type {
    pub(crate) kind: Kind,
    pub(crate) is_downloadable: bool,
    pub(crate) is_virtual: bool,
}

impl Type {
    /// Reads `simple, downloadable, virtual`; a blank cell is `simple`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut kind = None;
        let (mut is_downloadable, mut is_virtual) = (false, false);
        for word in text.split(',').map(|word| word.trim().to_ascii_lowercase()) {
            let named = match word.as_str() {
                "" => continue,
                "downloadable" => {
                    is_downloadable = true;
                    continue;
                }
                "virtual" => {
                    is_virtual = true;
                    continue;
                }
                "external" => Kind::External,
                "grouped" => Kind::Grouped,
                "simple" => Kind::Simple,
                "variable" => Kind::Variable,
                "variation" => Kind::Variation,
                _ => return None,
            };
            if kind.replace(named).is_some() {
                return None;
            }
        }
        Some(Self {
            kind: kind.unwrap_or(Kind::Simple),
            is_downloadable,
            is_virtual,
        })
    }

    /// Writes the cell.
    pub(crate) fn text(self) -> String {
        let mut text = self.kind.as_str().to_owned();
        if self.is_downloadable {
            text.push_str(", downloadable");
        }
        if self.is_virtual {
            text.push_str(", virtual");
        }
        text
    }
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::Grouped => "grouped",
            Self::Simple => "simple",
            Self::Variable => "variable",
            Self::Variation => "variation",
        }
    }
}
