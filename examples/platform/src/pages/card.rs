use super::language::Texts;
use super::link::Link;

/// A product as it appears among others.
#[derive(Clone, Debug)]
pub(crate) struct ProductCard {
    pub(crate) name: String,
    pub(crate) url: Link,
    pub(crate) picture: Picture,
    /// The price, or the lowest when [`price_from`](Self::price_from) is set, such as `$34.12`.
    pub(crate) price_text: String,
    pub(crate) price_from: bool,
    pub(crate) compare_at_text: Option<String>,
    pub(crate) badge: Option<Badge>,
}

/// What a card points out about its product.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Badge {
    Featured,
    Sale,
    SoldOut,
}

impl Badge {
    pub(super) fn label(self, texts: &Texts) -> &'static str {
        match self {
            Self::Featured => texts.featured,
            Self::Sale => texts.sale,
            Self::SoldOut => texts.sold_out,
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Featured => "badge featured",
            Self::Sale => "badge sale",
            Self::SoldOut => "badge gone",
        }
    }
}

/// The picture of a product.
///
/// Pages load nothing from other hosts, so a photo that the shop does not host itself is replaced
/// by a drawn picture, and the product's page links to the photo.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(super) url: Link,
    pub(super) alt: String,
    elsewhere: Option<Link>,
    pub(super) drawn: bool,
}

impl Picture {
    /// Chooses the picture of the product `slug` in `category`, whose photo is at `image_url`.
    pub(crate) fn of(slug: &str, category: &str, image_url: Option<&str>, alt: &str) -> Self {
        if let Some(url) = image_url.and_then(Link::local) {
            return Self {
                url,
                alt: alt.to_owned(),
                elsewhere: None,
                drawn: false,
            };
        }
        Self {
            url: Link::picture(slug, category),
            // A drawing shows nothing that the name beside it does not say.
            alt: String::new(),
            elsewhere: image_url.and_then(Link::web),
            drawn: true,
        }
    }

    /// The photo on another host, and that host.
    pub(super) fn photo_elsewhere(&self) -> Option<(&Link, String)> {
        let photo = self.elsewhere.as_ref()?;
        Some((photo, photo.host()?))
    }
}

/// Whether a variant can be bought now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Availability {
    InStock,
    /// Only this many are left, and the visitor should know.
    Low(u32),
    SoldOut,
}

impl Availability {
    pub(super) fn label(self, texts: &Texts) -> String {
        match self {
            Self::InStock => texts.in_stock.to_owned(),
            Self::Low(count) => texts.low_stock.replace("{}", &count.to_string()),
            Self::SoldOut => texts.sold_out.to_owned(),
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::InStock => "stock good",
            Self::Low(_) => "stock low",
            Self::SoldOut => "stock gone",
        }
    }

    /// The value of schema.org's `availability`.
    pub(super) fn schema(self) -> &'static str {
        match self {
            Self::InStock => "https://schema.org/InStock",
            Self::Low(_) => "https://schema.org/LimitedAvailability",
            Self::SoldOut => "https://schema.org/OutOfStock",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Picture;

    fn check(image_url: Option<&str>, url: &str, elsewhere: Option<&str>) {
        let picture = Picture::of("mug", "mugs", image_url, "A mug");
        assert_eq!(picture.url.to_string(), url, "{image_url:?}");
        let found = picture.elsewhere.map(|link| link.to_string());
        assert_eq!(found.as_deref(), elsewhere, "{image_url:?}");
    }

    #[test]
    fn only_the_shops_own_photos_are_shown() {
        let drawn = "/pictures/mug.svg?in=mugs";
        check(Some("/media/mug.jpg"), "/media/mug.jpg", None);
        check(
            Some("https://cdn.example/mug.jpg"),
            drawn,
            Some("https://cdn.example/mug.jpg"),
        );
        check(Some("//cdn.example/mug.jpg"), drawn, None);
        check(Some("javascript:alert(1)"), drawn, None);
        check(None, drawn, None);
    }
}
