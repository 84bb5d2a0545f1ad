//! Every limit of a product, in the order of its fields.

use std::collections::BTreeMap;

use crate::catalog::invalid::Checks;
use crate::catalog::limits::{
    ATTRIBUTE_VALUE_BYTES_MAX, ATTRIBUTES_MAX, CATEGORIES_MAX, CATEGORY_DEPTH_MAX,
    DESCRIPTION_BYTES_MAX, IMAGE_ALT_MAX, IMAGES_MAX, NAME_MAX, OPTIONS_MAX, TAGS_MAX,
    URL_BYTES_MAX, VARIANTS_MAX, WEIGHT_GRAMS_MAX,
};
use crate::catalog::{ImageDraft, OptionDraft, ProductFields, VariantDraft};
use crate::money::Money;

pub(super) fn product(fields: &ProductFields, checks: &mut Checks) {
    checks.name("name", &fields.name, NAME_MAX);
    checks.bytes(
        "description",
        fields.description.as_str(),
        DESCRIPTION_BYTES_MAX,
    );
    checks.text("vendor", &fields.vendor, NAME_MAX);
    checks.text("product_type", &fields.product_type, NAME_MAX);
    checks.count("tags", fields.tags.len(), TAGS_MAX);
    for (index, tag) in fields.tags.iter().enumerate() {
        checks.name(format_args!("tags[{index}]"), tag, NAME_MAX);
    }
    checks.count("categories", fields.categories.len(), CATEGORIES_MAX);
    for (index, path) in fields.categories.iter().enumerate() {
        category(index, &path.0, checks);
    }
    checks.count("options", fields.options.len(), OPTIONS_MAX);
    for (index, choice) in fields.options.iter().enumerate() {
        option(index, choice, checks);
        if fields.options[..index]
            .iter()
            .any(|other| other.name == choice.name)
        {
            checks.refuse(format_args!("options[{index}].name"), "is used twice");
        }
    }
    if fields.variants.is_empty() {
        checks.refuse("variants", "must not be empty");
    }
    checks.count("variants", fields.variants.len(), VARIANTS_MAX);
    for (index, one) in fields.variants.iter().enumerate() {
        variant(index, one, fields, checks);
    }
    checks.count("images", fields.images.len(), IMAGES_MAX);
    for (index, picture) in fields.images.iter().enumerate() {
        image(index, picture, checks);
    }
    attributes("", &fields.attributes, checks);
}

/// What is written about a product, before the time is spent to sanitise it.
pub(super) fn raw_description(html: &str, checks: &mut Checks) {
    checks.bytes("description", html, DESCRIPTION_BYTES_MAX);
}

/// Whether a picture may be linked to: an `http` or `https` address within the limit.
pub(crate) fn is_web_address(url: &str) -> bool {
    let scheme = |name: &str| {
        url.get(..name.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(name))
            && url.len() > name.len()
    };
    url.len() <= URL_BYTES_MAX
        && (scheme("https://") || scheme("http://"))
        && !url.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn category(index: usize, path: &[String], checks: &mut Checks) {
    let field = format_args!("categories[{index}]");
    if path.is_empty() {
        checks.refuse(field, "must not be empty");
    }
    checks.count(field, path.len(), CATEGORY_DEPTH_MAX);
    for name in path {
        checks.name(field, name, NAME_MAX);
    }
}

fn option(index: usize, option: &OptionDraft, checks: &mut Checks) {
    checks.name(
        format_args!("options[{index}].name"),
        &option.name,
        NAME_MAX,
    );
    checks.count(
        format_args!("options[{index}].values"),
        option.values.len(),
        VARIANTS_MAX,
    );
    for value in &option.values {
        checks.name(format_args!("options[{index}].values"), value, NAME_MAX);
    }
}

fn variant(index: usize, variant: &VariantDraft, fields: &ProductFields, checks: &mut Checks) {
    let field = |name: &str| format!("variants[{index}].{name}");
    if let Some(sku) = &variant.sku {
        checks.name(field("sku"), sku, NAME_MAX);
    }
    if variant.option_values.len() != fields.options.len() {
        let (values, options) = (variant.option_values.len(), fields.options.len());
        checks.refuse(
            field("option_values"),
            format_args!("has {values} values for {options} options"),
        );
    }
    for value in &variant.option_values {
        checks.text(field("option_values"), value, NAME_MAX);
    }
    price(field("price"), Some(variant.price), fields, checks);
    price(
        field("compare_at_price"),
        variant.compare_at_price,
        fields,
        checks,
    );
    price(field("cost"), variant.cost, fields, checks);
    if let Some(barcode) = &variant.barcode {
        checks.name(field("barcode"), barcode, NAME_MAX);
    }
    if variant
        .weight_grams
        .is_some_and(|grams| !(0..=WEIGHT_GRAMS_MAX).contains(&grams))
    {
        checks.refuse(
            field("weight_grams"),
            format_args!("must be between 0 and {WEIGHT_GRAMS_MAX}"),
        );
    }
    if let Some(url) = &variant.image_url {
        address(field("image_url"), url, checks);
    }
    attributes(&field(""), &variant.attributes, checks);
}

fn price(field: String, price: Option<Money>, fields: &ProductFields, checks: &mut Checks) {
    let Some(price) = price else { return };
    if price.is_negative() {
        checks.refuse(field, "must not be negative");
    } else if price.currency() != fields.variants[0].price.currency() {
        checks.refuse(field, "is in another currency than the first price");
    }
}

fn image(index: usize, image: &ImageDraft, checks: &mut Checks) {
    address(format!("images[{index}].url"), &image.url, checks);
    checks.text(
        format_args!("images[{index}].alt"),
        &image.alt,
        IMAGE_ALT_MAX,
    );
}

fn address(field: String, url: &str, checks: &mut Checks) {
    if !is_web_address(url) {
        checks.refuse(
            field,
            format_args!("must be an http or https address of at most {URL_BYTES_MAX} bytes"),
        );
    }
}

fn attributes(prefix: &str, attributes: &BTreeMap<String, String>, checks: &mut Checks) {
    let field = format!("{prefix}attributes");
    checks.count(&field, attributes.len(), ATTRIBUTES_MAX);
    for (name, value) in attributes {
        checks.name(&field, name, NAME_MAX);
        checks.bytes(
            format_args!("{field}[{name}]"),
            value,
            ATTRIBUTE_VALUE_BYTES_MAX,
        );
    }
}
