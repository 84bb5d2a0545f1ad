use serde::Deserialize;

use super::language::Texts;
use super::link::Link;

/// What a visitor asked a list of products for, as the address bar says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filters {
    pub(crate) q: String,
    /// The slug of a category.
    pub(crate) category: Option<String>,
    pub(crate) featured: bool,
    pub(crate) in_stock: bool,
    pub(crate) sort: Sort,
    pub(crate) cursor: Option<String>,
}

impl Filters {
    /// The page of the same list that starts at `cursor`, or the first.
    pub(super) fn page(&self, path: &Link, cursor: Option<&str>) -> Link {
        let mut pairs = vec![];
        if !self.q.is_empty() {
            pairs.push(("q", self.q.as_str()));
        }
        if let Some(category) = &self.category {
            pairs.push(("category", category));
        }
        if self.featured {
            pairs.push(("featured", "true"));
        }
        if self.in_stock {
            pairs.push(("in_stock", "true"));
        }
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.value()));
        }
        if let Some(cursor) = cursor {
            pairs.push(("cursor", cursor));
        }
        path.with_query(&pairs)
    }

    /// Whether the list leaves anything out.
    pub(super) fn narrow(&self) -> bool {
        !self.q.is_empty() || self.category.is_some() || self.featured || self.in_stock
    }
}

/// The order of a list of products.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) enum Sort {
    #[serde(rename = "name")]
    Name,
    #[default]
    #[serde(rename = "newest")]
    Newest,
    #[serde(rename = "price")]
    PriceAscending,
    #[serde(rename = "-price")]
    PriceDescending,
}

impl Sort {
    pub(super) const ALL: [Self; 4] = [
        Self::Newest,
        Self::Name,
        Self::PriceAscending,
        Self::PriceDescending,
    ];

    pub(super) fn value(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Newest => "newest",
            Self::PriceAscending => "price",
            Self::PriceDescending => "-price",
        }
    }

    pub(super) fn label(self, texts: &Texts) -> &'static str {
        match self {
            Self::Name => texts.sort_name,
            Self::Newest => texts.sort_newest,
            Self::PriceAscending => texts.sort_price_ascending,
            Self::PriceDescending => texts.sort_price_descending,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::Query;

    use super::{Filters, Link, Sort};

    #[test]
    fn a_link_brings_back_the_filters_it_was_made_from() {
        let filters = Filters {
            q: "a&b=c #1".to_owned(),
            category: Some("mugs".to_owned()),
            featured: true,
            in_stock: true,
            sort: Sort::PriceDescending,
            cursor: None,
        };
        let link = filters.page(&Link::products(), Some("x/y+z"));
        let Query(read) =
            Query::<Filters>::try_from_uri(&link.to_string().parse().unwrap()).unwrap();
        assert_eq!(read.page(&Link::products(), read.cursor.as_deref()), link);
        assert_eq!(read.q, filters.q);
    }

    #[test]
    fn no_filters_leave_the_path_alone() {
        assert_eq!(
            Filters::default().page(&Link::products(), None),
            Link::products()
        );
    }
}
