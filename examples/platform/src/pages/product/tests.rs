use crate::pages::tests::sample;
use crate::pages::{Availability, Link, Picture, ProductPage, Variant};

/// A mug in two glazes and two sizes, of which the large blue one is missing.
fn mug(chosen: usize) -> ProductPage {
    let demo = crate::demo::shops().remove(0);
    let mut page = sample::product(&demo, &demo.products[0]);
    page.slug = "mug".to_owned();
    page.option_names = vec!["Glaze".to_owned(), "Size".to_owned()];
    page.variants.truncate(3);
    for (variant, (sku, values)) in page.variants.iter_mut().zip([
        ("RS", ["Red", "Small"]),
        ("RL", ["Red", "Large"]),
        ("BS", ["Blue", "Small"]),
    ]) {
        variant.sku = sku.to_owned();
        variant.values = values.map(str::to_owned).to_vec();
    }
    page.variants[2].availability = Availability::SoldOut;
    ProductPage { chosen, ..page }
}

fn choices(page: &ProductPage) -> Vec<String> {
    let values = page.options().into_iter().flat_map(|option| option.values);
    values
        .map(|value| {
            let mark = if value.current { "*" } else { "" };
            let out = if value.sold_out { " (sold out)" } else { "" };
            format!("{mark}{} -> {}{out}", value.label, value.url)
        })
        .collect()
}

#[test]
fn each_value_leads_to_the_variant_nearest_to_the_chosen_one() {
    assert_eq!(
        choices(&mug(1)),
        [
            "*Red -> /products/mug?variant=RL#choose",
            "Blue -> /products/mug?variant=BS#choose (sold out)",
            "Small -> /products/mug?variant=RS#choose",
            "*Large -> /products/mug?variant=RL#choose",
        ]
    );
}

#[test]
fn a_missing_combination_leads_to_another_of_that_value() {
    let blue = choices(&mug(2));
    assert_eq!(blue[3], "Large -> /products/mug?variant=RL#choose");
}

#[test]
fn an_unknown_choice_shows_the_first_variant() {
    assert_eq!(
        mug(7).chosen().map(|variant| variant.sku.as_str()),
        Some("RS")
    );
    let none = ProductPage {
        variants: vec![],
        ..mug(0)
    };
    assert_eq!(none.chosen().map(|variant| variant.sku.as_str()), None);
    assert_eq!(choices(&none), Vec::<String>::new());
}

#[test]
fn a_variant_without_a_value_goes_with_any() {
    let mut page = mug(0);
    page.variants[2].values[0] = String::new();
    assert_eq!(
        choices(&page)[1],
        "Any -> /products/mug?variant=BS#choose (sold out)"
    );
    let html = askama::Template::render(&page).unwrap();
    assert!(html.contains("<bdi>Any / Small</bdi>"), "{html}");
}

#[test]
fn a_product_in_a_thousand_forms_does_not_make_a_page_of_them() {
    let mut page = mug(0);
    let template = page.variants[0].clone();
    page.variants = (0..1000)
        .map(|number| Variant {
            sku: format!("M{number}"),
            values: vec![["Red", "Blue"][number % 2].to_owned(), "Small".to_owned()],
            price_decimal: format!("{number}.50"),
            ..template.clone()
        })
        .collect();
    let html = askama::Template::render(&page).unwrap();
    assert!(html.len() < 20_000, "{} bytes", html.len());
    let (_, data) = html.split_once("application/ld+json\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let offers = &data["offers"];
    assert_eq!(
        [
            &offers["lowPrice"],
            &offers["highPrice"],
            &offers["priceCurrency"]
        ],
        ["0.50", "999.50", "USD"]
    );
    assert_eq!(offers["offerCount"], 1000);
}

#[test]
fn a_photo_elsewhere_is_linked_and_not_loaded() {
    let photo = "https://photos.example.com/mug.jpg";
    let picture = Picture::of("mug", "mugs", Some(photo), "A mug");
    let html = askama::Template::render(&ProductPage { picture, ..mug(0) }).unwrap();
    assert_eq!(html.matches(photo).count(), 1);
    assert!(html.contains(&format!(
        "<a href=\"{photo}\" rel=\"noopener noreferrer nofollow\""
    )));
    assert!(html.contains(&format!("<img src=\"{}\"", Link::picture("mug", "mugs"))));
}

#[test]
fn only_the_shops_own_photo_is_shared() {
    let shared = |image_url| {
        let picture = Picture::of("mug", "mugs", image_url, "A mug");
        ProductPage { picture, ..mug(0) }.frame().image
    };
    assert_eq!(
        shared(Some("/media/mug.jpg")).as_deref(),
        Some("http://quillmoor.localhost:8080/media/mug.jpg")
    );
    assert_eq!(shared(Some("https://photos.example.com/mug.jpg")), None);
}
