use serde_json::{Value, json};

use super::card::Availability;
use super::link::Link;
use super::product::{ProductPage, Variant};

/// How many offers are told one by one.
const OFFERS_MAX: usize = 24;

/// The product as JSON-LD, the data that search engines read.
///
/// The result may stand inside a `script` element: it holds no character that could end one.
pub(super) fn product(page: &ProductPage) -> String {
    let address = |link: &Link| format!("{}{link}", page.shop.origin);
    let offer = |variant: &Variant| {
        json!({
            "@type": "Offer",
            "sku": variant.sku,
            "price": variant.price_decimal,
            "priceCurrency": page.currency,
            "availability": Availability::schema(variant.availability),
            "url": address(&Link::variant(&page.slug, &variant.sku)),
        })
    };
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": page.name,
        "url": address(&Link::product(&page.slug)),
        "offers": match page.variants.len() {
            0..=OFFERS_MAX => page.variants.iter().map(offer).collect(),
            _ => range(page),
        },
    });
    if !page.summary.is_empty() {
        data["description"] = json!(page.summary);
    }
    if !page.picture.drawn {
        data["image"] = json!(address(&page.picture.url));
    }
    inert(&data)
}

/// All offers in one: from what price to what price.
fn range(page: &ProductPage) -> Value {
    let worth = |variant: &&Variant| variant.price_decimal.parse::<f64>().unwrap_or_default();
    let by_price = |one: &&Variant, two: &&Variant| worth(one).total_cmp(&worth(two));
    let (lowest, highest) = (
        page.variants.iter().min_by(by_price),
        page.variants.iter().max_by(by_price),
    );
    let on_sale = |variant: &Variant| variant.availability != Availability::SoldOut;
    let availability = match page.variants.iter().any(on_sale) {
        true => Availability::InStock,
        false => Availability::SoldOut,
    };
    json!({
        "@type": "AggregateOffer",
        "lowPrice": lowest.map(|variant| &variant.price_decimal),
        "highPrice": highest.map(|variant| &variant.price_decimal),
        "priceCurrency": page.currency,
        "offerCount": page.variants.len(),
        "availability": availability.schema(),
    })
}

fn inert(data: &Value) -> String {
    data.to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::inert;

    #[test]
    fn data_cannot_end_its_script_element_and_stays_the_same_data() {
        let data = json!({"name": "</script><!-- <script> & \u{2028} \" \\"});
        let text = inert(&data);
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), data);
    }
}
