use std::collections::BTreeMap;

use proptest::prelude::*;
use tenancy_commerce::catalog::{
    CategoryPath, Given, Handle, ImageDraft, OptionDraft, ProductDraft, ProductFields,
    ProductStatus, VariantDraft, WeightUnit,
};
use tenancy_commerce::import::Format;
use tenancy_commerce::money::Money;
use tenancy_core::html::SanitizedHtml;

use crate::support::{export, shared_data, try_import, usd};

const FORMATS: [Format; 2] = [Format::Shopify, Format::WooCommerce];

/// Exports, imports and exports again; returns what was imported.
fn check(format: Format, drafts: &[ProductDraft]) -> Vec<ProductDraft> {
    let first = export(format, drafts);
    let imported = try_import(format, &first).unwrap();
    let text = || String::from_utf8_lossy(&first);
    assert_eq!(imported.errors, [], "{format}\n{}", text());
    let again: Vec<ProductDraft> = imported
        .products
        .into_iter()
        .map(|product| product.draft)
        .collect();
    assert_eq!(again.len(), drafts.len(), "{format}\n{}", text());
    let second = export(format, &again);
    assert_eq!(text(), String::from_utf8_lossy(&second), "{format}");
    again
}

fn everything_given(draft: &ProductDraft) -> ProductDraft {
    let fields = draft.clone().into_fields();
    ProductDraft::new(ProductFields {
        given: Given::everything(),
        ..fields
    })
    .unwrap()
}

#[test]
fn real_files_survive_a_round_trip() {
    for (format, path) in [
        (Format::Shopify, "shopify/apparel.csv"),
        (Format::Shopify, "shopify/bicycles.csv"),
        (Format::Shopify, "shopify/jewelry.csv"),
        (Format::Shopify, "shopify/productcsvs-apparel.csv"),
        (Format::WooCommerce, "woocommerce/sample_products.csv"),
        (Format::WooCommerce, "woocommerce/importer_unit_sample.csv"),
    ] {
        let Some(data) = shared_data(path) else {
            return;
        };
        let imported = try_import(format, &data).unwrap();
        let drafts: Vec<ProductDraft> = imported
            .products
            .into_iter()
            .map(|product| product.draft)
            .collect();
        let again = check(format, &drafts);
        let plain =
            |drafts: &[ProductDraft]| drafts.iter().map(everything_given).collect::<Vec<_>>();
        let (mut before, after) = (plain(&drafts), plain(&again));
        if format == Format::WooCommerce {
            // Variations are written with the weight they inherit, in kilograms.
            before = before.iter().map(in_kilograms).collect();
        }
        assert_eq!(before, after, "{path}");
        for other in FORMATS {
            check(other, &drafts);
        }
    }
}

fn in_kilograms(draft: &ProductDraft) -> ProductDraft {
    let mut fields = draft.clone().into_fields();
    fields
        .variants
        .iter_mut()
        .for_each(|variant| variant.weight_unit = WeightUnit::Kilogram);
    ProductDraft::new(fields).unwrap()
}

#[test]
fn shopify_rows_carry_variants_and_pictures_side_by_side() {
    let Some(data) = shared_data("shopify/bicycles.csv") else {
        return;
    };
    let imported = try_import(Format::Shopify, &data).unwrap();
    let drafts: Vec<ProductDraft> = imported
        .products
        .into_iter()
        .map(|product| product.draft)
        .collect();
    let again = try_import(Format::Shopify, &export(Format::Shopify, &drafts)).unwrap();
    assert_eq!(again.counts, imported.counts);
}

#[test]
fn formulas_are_disarmed_and_restored() {
    let names = [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-x", "'-x"),
        ("-12.5", "-12.5"),
        ("@a", "'@a"),
        ("\t=a", "\"'\t=a\""),
        ("\r=a", "\"'\r=a\""),
        ("'=a", "''=a"),
        ("''-1", "'''-1"),
        ("'a", "'a"),
        ("a=b", "a=b"),
    ];
    for (name, cell) in names {
        let draft = ProductDraft::new(ProductFields {
            variants: vec![VariantDraft {
                stock: Some(-5),
                ..VariantDraft::new(Money::zero(usd()))
            }],
            ..ProductFields::with_slug("a".parse().unwrap(), name)
        })
        .unwrap();
        for format in FORMATS {
            let file = String::from_utf8(export(format, [&draft])).unwrap();
            assert!(file.contains(&format!(",{cell},")), "{name:?} in {file}");
            assert!(file.contains(",-5,"), "{file}");
            let again = try_import(format, file.as_bytes()).unwrap();
            assert_eq!(again.products[0].draft.name, name);
            assert_eq!(again.products[0].draft.variants[0].stock, Some(-5));
        }
    }
}

fn text() -> impl Strategy<Value = String> + Clone {
    let piece = prop::sample::select(vec![
        "=",
        "+",
        "-",
        "@",
        "'",
        "\t",
        "\r",
        "\n",
        "\"",
        ",",
        ";",
        "\\",
        ">",
        " ",
        "<b>",
        "&",
        "é",
        "a",
        "B",
        "0",
        "1",
        ".",
        "Default Title",
        "Title",
        "＝",
        "\u{a0}",
        "\u{feff}",
        "#",
        "|",
        "抹",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn name() -> impl Strategy<Value = String> {
    text().prop_map(|text| {
        if text.trim().is_empty() {
            format!("{text}x")
        } else {
            text
        }
    })
}

fn attributes() -> impl Strategy<Value = BTreeMap<String, String>> {
    let known = prop::sample::select(vec![
        "SEO Title",
        "seo title",
        "Gift Card",
        "Variant Tax Code",
        "Variant Inventory Tracker",
        "Title",
        "Handle",
        "Type",
        "SKU",
        "ID",
        "Published",
        "Stock",
        "In stock?",
        "Backorders allowed?",
        "Tax status",
        "Name",
        "Description",
        "Attribute: Type",
        "Attribute 1 name",
        "Attribute 1 value(s)",
        "Attribute 2 name",
        "Attribute 2 value(s)",
        "Attribute 3 name",
        "Attribute 3 visible",
        "Attribute 1 visible",
        "Meta: x",
        "Option1 Name",
        "Option9 Value",
        "Button text",
        "BUTTON TEXT",
        "Weight (kg)",
        "Slug",
        "Categories",
    ]);
    let value = prop_oneof![
        3 => text(),
        2 => prop::sample::select(vec![
            "0", "1", "parent", "notify", "shipping", "none", "grouped", "external, downloadable", "variable",
            "simple, downloadable", "id:1", "a",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::btree_map(
        prop_oneof![4 => known.prop_map(str::to_owned), 1 => name()],
        value,
        0..6,
    )
}

fn variant(options: usize) -> impl Strategy<Value = VariantDraft> {
    let money = || (0..100_000_i64).prop_map(|amount| Money::new(amount, usd()));
    let url = prop::sample::select(vec![
        "https://a.example/a,b.jpg",
        "http://a.example/\\",
        "https://a.example/1",
    ]);
    (
        (
            prop::option::of(name()),
            prop::collection::vec(text(), options),
            money(),
        ),
        (
            prop::option::of(money()),
            prop::option::of(money()),
            prop::option::of(-50..50_i64),
        ),
        (
            any::<bool>(),
            prop::option::of(name()),
            prop::option::of(0..100_000_i64),
        ),
        (
            any::<bool>(),
            any::<bool>(),
            prop::option::of(url),
            attributes(),
        ),
        prop::sample::select(vec![
            WeightUnit::Gram,
            WeightUnit::Kilogram,
            WeightUnit::Ounce,
            WeightUnit::Pound,
        ]),
    )
        .prop_map(
            |(
                (sku, option_values, price),
                (compare_at_price, cost, stock),
                middle,
                last,
                weight_unit,
            )| {
                let (backorder, barcode, weight_grams) = middle;
                let (requires_shipping, taxable, image_url, attributes) = last;
                VariantDraft {
                    id: None,
                    sku,
                    option_values,
                    price,
                    compare_at_price,
                    cost,
                    stock,
                    backorder,
                    barcode,
                    weight_grams,
                    weight_unit,
                    requires_shipping,
                    taxable,
                    image_url: image_url.map(str::to_owned),
                    attributes,
                }
            },
        )
}

fn image() -> impl Strategy<Value = ImageDraft> {
    (text(), 0..4_u32).prop_map(|(alt, position)| ImageDraft {
        url: format!("https://a.example/{position},.jpg"),
        alt,
        position,
    })
}

fn product() -> impl Strategy<Value = ProductFields> {
    let options = prop::collection::vec((name(), prop::collection::vec(name(), 0..3)), 0..5)
        .prop_map(|mut options| {
            let mut names = std::collections::BTreeSet::new();
            options.retain(|(name, _)| names.insert(name.clone()));
            options
        });
    let status = prop::sample::select(vec![
        ProductStatus::Archived,
        ProductStatus::Draft,
        ProductStatus::Published,
    ]);
    options
        .prop_flat_map(|options| {
            let variants = prop::collection::vec(variant(options.len()), 1..4);
            (Just(options), variants)
        })
        .prop_flat_map(move |(options, variants)| {
            (
                (
                    Just(options),
                    Just(variants),
                    name(),
                    status.clone(),
                    any::<bool>(),
                ),
                (text(), text(), text(), prop::collection::vec(name(), 0..4)),
                prop::collection::vec(prop::collection::vec(name(), 1..4), 0..3),
                (prop::collection::vec(image(), 0..5), attributes()),
            )
        })
        .prop_map(
            |(
                (options, variants, name, status, featured),
                texts,
                categories,
                (images, attributes),
            )| {
                let (body, vendor, product_type, tags) = texts;
                ProductFields {
                    status,
                    featured,
                    description: SanitizedHtml::sanitize(&body),
                    vendor,
                    product_type,
                    tags,
                    categories: categories.into_iter().map(CategoryPath).collect(),
                    options: options
                        .into_iter()
                        .map(|(name, values)| OptionDraft { name, values })
                        .collect(),
                    variants,
                    images,
                    attributes,
                    ..ProductFields::with_slug("x".parse().unwrap(), name)
                }
            },
        )
}

#[test]
fn a_blank_value_of_a_lone_variant_is_written_as_none() {
    let blank = [
        ("Attribute 2 name", "1"),
        ("Attribute 2 value(s)", "\u{a0}"),
    ];
    let mut variant = VariantDraft::new(Money::zero(usd()));
    variant.attributes = blank
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
    let mut fields = ProductFields::with_slug("x".parse().unwrap(), "x");
    fields.variants = vec![variant];
    check(Format::WooCommerce, &[ProductDraft::new(fields).unwrap()]);
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 3000, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn hostile_products_survive_a_round_trip(
        products in prop::collection::vec((product(), any::<bool>()), 1..4),
    ) {
        let mut drafts = Vec::new();
        for (number, (mut fields, keeps_name)) in products.into_iter().enumerate() {
            let made = Handle::from_name(&fields.name).filter(|_| keeps_name);
            let numbered = "product".parse::<Handle>().unwrap().numbered(number as u32);
            fields.slug = made
                .filter(|slug| drafts.iter().all(|draft: &ProductDraft| draft.slug != *slug))
                .unwrap_or(numbered);
            drafts.push(ProductDraft::new(fields).unwrap());
        }
        for format in FORMATS {
            let again = check(format, &drafts);
            for other in FORMATS {
                check(other, &again);
            }
        }
    }
}
