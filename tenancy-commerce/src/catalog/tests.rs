use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::money::Money;

fn price(amount: i64) -> Money {
    Money::new(amount, "USD".parse().unwrap())
}

fn fields() -> ProductFields {
    ProductFields {
        variants: vec![VariantDraft::new(price(100))],
        ..ProductFields::new("Adjustable Stem").unwrap()
    }
}

fn refused(change: impl FnOnce(&mut ProductFields)) -> Vec<String> {
    let mut fields = fields();
    change(&mut fields);
    let violations =
        ProductDraft::new(fields).map_or_else(InvalidDraft::into_violations, |_| Vec::new());
    violations
        .into_iter()
        .map(|violation| violation.field)
        .collect()
}

#[test]
fn handles_are_lower_case_words_of_any_script() {
    for text in ["stem", "14k-ring", "a_b", "größe-m", "抹茶", "a--b-", "0"] {
        assert_eq!(text.parse::<Handle>().unwrap().as_str(), text);
    }
    for text in [
        "",
        "-",
        "_",
        "Stem",
        "a b",
        "a/b",
        "a.b",
        "a%20b",
        "a\0",
        "\u{2028}a",
        &"a".repeat(201),
    ] {
        assert_eq!(text.parse::<Handle>(), Err(InvalidHandle), "{text:?}");
    }
}

#[test]
fn handles_are_made_from_names() {
    let check = |name: &str, expected: Option<&str>| {
        assert_eq!(
            Handle::from_name(name).as_ref().map(Handle::as_str),
            expected,
            "{name:?}"
        );
    };
    check("Größe M / 2-Pack", Some("größe-m-2-pack"));
    check("  Men's Tee!  ", Some("mens-tee"));
    check("CAFE\u{301}", Some("cafe"));
    check("İstanbul", Some("istanbul"));
    check("🎉", None);
    check("", None);
    let long = Handle::from_name(&"é".repeat(300)).unwrap();
    assert_eq!(long.as_str().len(), 200);
    assert_eq!(long.numbered(17).as_str().len(), 199);
    assert!(long.numbered(17).as_str().ends_with("é-17"));
}

#[test]
fn a_draft_within_the_limits_is_accepted() {
    assert_eq!(refused(|_| ()), Vec::<String>::new());
    assert_eq!(
        refused(|fields| fields.name = "é".repeat(255)),
        Vec::<String>::new()
    );
}

#[test]
fn every_limit_names_its_field() {
    let check = |expected: &str, change: fn(&mut ProductFields)| {
        assert_eq!(refused(change), [expected], "{expected}");
    };
    check("name", |fields| fields.name = " ".to_owned());
    check("name", |fields| fields.name = "a".repeat(256));
    check("vendor", |fields| fields.vendor = "a\0".to_owned());
    check("tags", |fields| fields.tags = vec!["a".to_owned(); 251]);
    check("tags[0]", |fields| fields.tags = vec![String::new()]);
    check("categories[0]", |fields| {
        fields.categories = vec![CategoryPath::default()]
    });
    check("variants", |fields| fields.variants.clear());
    check("variants", |fields| {
        fields.variants = vec![fields.variants[0].clone(); 2049]
    });
    check("variants[0].price", |fields| {
        fields.variants[0].price = price(-1)
    });
    check("variants[0].cost", |fields| {
        fields.variants[0].cost = Some(Money::new(1, "EUR".parse().unwrap()));
    });
    check("variants[0].option_values", |fields| {
        fields.variants[0].option_values = vec!["S".to_owned()]
    });
    check("options[1].name", |fields| {
        let size = OptionDraft {
            name: "Size".to_owned(),
            values: Vec::new(),
        };
        fields.options = vec![size.clone(), size];
        fields.variants[0].option_values = vec!["S".to_owned(), "S".to_owned()];
    });
    check("variants[0].sku", |fields| {
        fields.variants[0].sku = Some(String::new())
    });
    check("variants[0].weight_grams", |fields| {
        fields.variants[0].weight_grams = Some(-1)
    });
    check("variants[0].image_url", |fields| {
        fields.variants[0].image_url = Some("ftp://a".to_owned())
    });
    check("images[0].url", |fields| {
        fields.images = vec![ImageDraft {
            url: "javascript:x".to_owned(),
            ..ImageDraft::default()
        }];
    });
    check("images", |fields| {
        let image = ImageDraft {
            url: "https://a.example".to_owned(),
            ..ImageDraft::default()
        };
        fields.images = vec![image; 251];
    });
    check("attributes[a]", |fields| {
        fields
            .attributes
            .insert("a".to_owned(), "x".repeat(64 * 1024 + 1));
    });
}

#[test]
fn json_needs_a_name_and_a_priced_variant_only() {
    let draft: ProductDraft = serde_json::from_value(json!({
        "name": "Tea & Cake",
        "description": "<b onclick=x()>good</b>",
        "variants": [{"sku": "T1", "price": {"amount": 350, "currency": "USD"}, "stock": 4}],
    }))
    .unwrap();
    assert_eq!(draft.slug.as_str(), "tea-cake");
    assert_eq!(draft.status, ProductStatus::Draft);
    assert_eq!(draft.description.as_str(), "<b>good</b>");
    assert_eq!(draft.variants[0].stock, Some(4));
    assert!(draft.variants[0].taxable && draft.given.contains(Field::Vendor));

    let again: ProductDraft =
        serde_json::from_value(serde_json::to_value(&draft).unwrap()).unwrap();
    assert_eq!(again, draft);
}

#[test]
fn json_is_checked_like_any_draft() {
    let check = |product: serde_json::Value, expected: &str| {
        let error = serde_json::from_value::<ProductDraft>(product)
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{error}");
    };
    let variant = json!({"price": {"amount": 1, "currency": "USD"}});
    check(
        json!({"name": "A", "variants": []}),
        "variants must not be empty",
    );
    check(
        json!({"name": "!", "variants": [variant]}),
        "slug cannot be made from the name",
    );
    check(
        json!({"name": " ", "variants": []}),
        "invalid product: name must not be empty; variants must not be empty",
    );
    check(
        json!({"name": "A", "slug": "A b", "variants": [variant]}),
        "slug must be",
    );
    check(
        json!({"name": "A", "status": "active", "variants": [variant]}),
        "unknown variant `active`",
    );
    let long = "x".repeat(512 * 1024 + 1);
    check(
        json!({"name": "A", "description": long, "variants": [variant]}),
        "description is longer",
    );
}

#[test]
fn given_tells_blank_from_absent() {
    let given = Given::only([Field::Price, Field::Stock], ["SEO Title".to_owned()]);
    assert!(given.contains(Field::Price) && !given.contains(Field::Vendor));
    assert!(given.contains_attribute("SEO Title") && !given.contains_attribute("SEO Description"));
    assert!(Given::everything().contains(Field::WeightUnit));
    assert!(Given::everything().contains_attribute("anything"));
}

proptest! {
    #[test]
    fn a_made_handle_is_valid_and_stays(name in "\\PC{0,300}") {
        if let Some(handle) = Handle::from_name(&name) {
            prop_assert_eq!(handle.as_str().parse::<Handle>().unwrap(), handle.clone());
            prop_assert_eq!(Handle::from_name(handle.as_str()), Some(handle));
        }
    }
}
