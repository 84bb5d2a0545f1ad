//! What the columns of a file are called, and which are meant.

use crate::import::ImportError;

/// Stands before the name of an attribute that would otherwise be taken for another column.
pub(crate) const ATTRIBUTE_PREFIX: &str = "Attribute: ";

/// A name without regard to case and blanks.
pub(crate) fn key(name: &str) -> String {
    name.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

/// What a column of a file is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Target<C> {
    /// An attribute, by its canonical name.
    Attribute(String),
    /// A column that the model has a place for.
    Model(C),
    /// A column without a name.
    Nameless,
}

/// Where everything stands in a file.
pub(crate) struct Layout<C> {
    model: Vec<(C, usize)>,
    attributes: Vec<(String, usize)>,
}

impl<C: Copy + Eq> Layout<C> {
    /// Looks at every name of the header; refuses a file that names a column twice.
    pub(crate) fn new(
        header: &[String],
        target: impl Fn(&str) -> Target<C>,
    ) -> Result<Self, ImportError> {
        let mut layout = Self {
            model: Vec::new(),
            attributes: Vec::new(),
        };
        for (column, name) in header.iter().enumerate() {
            let taken = match target(name) {
                Target::Attribute(attribute) => {
                    let taken = layout
                        .attributes
                        .iter()
                        .find(|(other, _)| *other == attribute);
                    let taken = taken.map(|(_, other)| *other);
                    layout.attributes.push((attribute, column));
                    taken
                }
                Target::Model(model) => {
                    let taken = layout.column(model);
                    layout.model.push((model, column));
                    taken
                }
                Target::Nameless => None,
            };
            if let Some(other) = taken {
                let other = &header[other];
                let message = format!("the columns {other:?} and {name:?} mean the same");
                return Err(ImportError::header(message));
            }
        }
        Ok(layout)
    }

    /// Where a column stands, if the file has it.
    pub(crate) fn column(&self, model: C) -> Option<usize> {
        self.model
            .iter()
            .find(|(other, _)| *other == model)
            .map(|(_, column)| *column)
    }

    /// The columns that the model has a place for.
    pub(crate) fn model(&self) -> impl Iterator<Item = C> {
        self.model.iter().map(|(model, _)| *model)
    }

    /// The attributes, with the columns they stand in.
    pub(crate) fn attributes(&self) -> &[(String, usize)] {
        &self.attributes
    }
}
