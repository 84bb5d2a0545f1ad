//! The suite of [`Catalog`].

use std::collections::HashSet;

use tenancy_core::TenantScope;

use super::{refusal, refused};
use crate::ErrorKind;
use crate::catalog::{
    Catalog, CategoryDraft, CategoryNode, CategoryPath, CategoryRef, Field, Given, ImageDraft,
    OptionDraft, Product, ProductDraft, ProductQuery, ProductStatus, Put, Sort, VariantDraft,
};
use crate::fixtures::{product, product_fields, usd};
use crate::page::Limit;
use crate::patch::{Patch, ProductPatch};

/// Runs the whole suite but for what needs an empty store.
pub async fn all(catalog: &impl Catalog, a: &TenantScope, b: &TenantScope) {
    keeps_what_it_is_given(catalog, a).await;
    keeps_many_parts_in_order(catalog, a).await;
    keeps_tenants_apart(catalog, a, b).await;
    refuses_a_taken_slug(catalog, a).await;
    patches_and_replaces(catalog, a).await;
    refuses_an_old_version(catalog, a).await;
    puts_drafts_once(catalog, a).await;
    keeps_the_tree_a_tree(catalog, a, b).await;
    filters_and_sorts(catalog, b).await;
    pages_under_change(catalog, b).await;
    answers_every_combination(catalog, b).await;
}

/// A shirt with two sizes, pictures, categories and every field set.
fn shirt(name: &str) -> ProductDraft {
    let size = |sku: &str, size: &str, price| VariantDraft {
        sku: Some(sku.to_owned()),
        option_values: vec![size.to_owned()],
        stock: Some(5),
        cost: Some(usd(300)),
        compare_at_price: Some(usd(2_500)),
        weight_grams: Some(180),
        attributes: [("Fit".to_owned(), "slim".to_owned())].into(),
        ..VariantDraft::new(usd(price))
    };
    let mut fields = product_fields(name, None);
    fields.featured = true;
    fields.vendor = "Acme".to_owned();
    fields.product_type = "Shirt".to_owned();
    fields.tags = vec!["Cotton".to_owned(), "100% new".to_owned()];
    fields.categories = vec![
        CategoryPath(vec!["Clothing".to_owned(), "Shirts".to_owned()]),
        CategoryPath(vec!["Sale".to_owned()]),
    ];
    fields.options = vec![OptionDraft {
        name: "Size".to_owned(),
        values: vec!["S".to_owned(), "M".to_owned()],
    }];
    fields.variants = vec![size("S-1", "S", 2_000), size("M-1", "M", 1_900)];
    let image = |url: &str| ImageDraft {
        url: format!("https://images.example/{url}"),
        alt: "Front".to_owned(),
        position: 0,
    };
    fields.images = vec![image("1"), image("2")];
    fields.attributes = [("SEO Title".to_owned(), "Shirts".to_owned())].into();
    ProductDraft::new(fields).unwrap()
}

/// Every variant and picture of a product is found again at its place, however many there are and
/// wherever others are added.
pub async fn keeps_many_parts_in_order(catalog: &impl Catalog, scope: &TenantScope) {
    let draft = |numbers: Vec<usize>| {
        let variant = |number: &usize| VariantDraft {
            sku: number.is_multiple_of(2).then(|| format!("many-{number}")),
            option_values: vec![number.to_string()],
            stock: (!number.is_multiple_of(3)).then_some(*number as i64),
            ..VariantDraft::new(usd(*number as i64))
        };
        let image = |number: &usize| ImageDraft {
            url: format!("https://images.example/many/{number}"),
            ..ImageDraft::default()
        };
        let mut fields = product_fields("Many parts", None);
        fields.options = vec![OptionDraft {
            name: "Number".to_owned(),
            values: numbers.iter().map(usize::to_string).collect(),
        }];
        fields.variants = numbers.iter().map(variant).collect();
        fields.images = numbers.iter().map(image).collect();
        ProductDraft::new(fields).unwrap()
    };
    let odd: Vec<_> = (1..75).step_by(2).collect();
    let kept = catalog.insert(scope, &draft(odd)).await.unwrap();
    assert_eq!(catalog.find(scope, kept.id).await.unwrap(), kept);
    let all = draft((0..75).collect());
    let grown = catalog.replace(scope, kept.id, &all).await.unwrap();
    assert_eq!(catalog.find(scope, kept.id).await.unwrap(), grown);
    for (number, (variant, image)) in grown.variants.iter().zip(&grown.images).enumerate() {
        assert_eq!(variant.option_values, [number.to_string()]);
        assert_eq!(variant.price, usd(number as i64));
        assert!(image.url.ends_with(&format!("/{number}")), "{image:?}");
    }
    assert_eq!((grown.variants.len(), grown.images.len()), (75, 75));
    catalog.delete(scope, kept.id).await.unwrap();
}

/// What was inserted is found again, by id and by slug, in a list and in an export.
pub async fn keeps_what_it_is_given(catalog: &impl Catalog, scope: &TenantScope) {
    let draft = shirt("Kept shirt");
    let kept = catalog.insert(scope, &draft).await.unwrap();
    assert_eq!(kept.price_from, usd(1_900));
    assert_eq!(kept.variants[1].stock, Some(5));
    assert_eq!(catalog.find(scope, kept.id).await.unwrap(), kept);
    assert_eq!(catalog.find_by_slug(scope, &kept.slug).await.unwrap(), kept);
    let listed = catalog.list(scope, &ProductQuery::default()).await.unwrap();
    assert!(listed.items.contains(&kept));
    let exported = catalog.export(scope, None, Limit::MAX).await.unwrap();
    assert!(exported.items.contains(&kept));

    let again = ProductDraft::new(kept.to_fields()).unwrap();
    assert_eq!(
        catalog.put_draft(scope, &again).await.unwrap(),
        Put::Unchanged(kept.clone())
    );
    catalog.delete(scope, kept.id).await.unwrap();
    assert_eq!(
        refusal(catalog.find(scope, kept.id).await),
        ErrorKind::NotFound
    );
    assert_eq!(
        refusal(catalog.delete(scope, kept.id).await),
        ErrorKind::NotFound
    );
}

/// One tenant's product is nothing to another, who may use the same slug.
pub async fn keeps_tenants_apart(catalog: &impl Catalog, a: &TenantScope, b: &TenantScope) {
    let draft = product("Apart", Some(1));
    let ours = catalog.insert(a, &draft).await.unwrap();
    let theirs = catalog.insert(b, &draft).await.unwrap();
    assert_ne!(ours, theirs);
    assert_eq!(refusal(catalog.find(b, ours.id).await), ErrorKind::NotFound);
    assert_eq!(
        refusal(catalog.delete(b, ours.id).await),
        ErrorKind::NotFound
    );
    assert_eq!(
        refusal(catalog.replace(b, ours.id, &draft).await),
        ErrorKind::NotFound
    );
    let patch = ProductPatch::default().set("name", "Stolen");
    assert_eq!(
        refusal(catalog.patch(b, ours.id, &patch).await),
        ErrorKind::NotFound
    );
    assert_eq!(
        refusal(catalog.update(b, &ours, &draft).await),
        ErrorKind::Store(tenancy_core::ErrorKind::WrongTenant)
    );
    assert_eq!(catalog.find_by_slug(b, &draft.slug).await.unwrap(), theirs);
    assert_eq!(catalog.find(a, ours.id).await.unwrap(), ours);
    catalog.delete(a, ours.id).await.unwrap();
    assert_eq!(catalog.find(b, theirs.id).await.unwrap(), theirs);
    catalog.delete(b, theirs.id).await.unwrap();
}

/// A slug is given once, whether by adding or by changing.
pub async fn refuses_a_taken_slug(catalog: &impl Catalog, scope: &TenantScope) {
    let first = catalog
        .insert(scope, &product("Taken", None))
        .await
        .unwrap();
    let second = catalog.insert(scope, &product("Free", None)).await.unwrap();
    let taken = catalog.insert(scope, &product("Taken", None)).await;
    assert_eq!(refusal(taken), ErrorKind::SlugTaken);
    let patch = ProductPatch::default().set("slug", "taken");
    let taken = catalog.patch(scope, second.id, &patch).await;
    assert_eq!(refusal(taken), ErrorKind::SlugTaken);
    assert_eq!(catalog.find(scope, first.id).await.unwrap(), first);
    assert_eq!(catalog.find(scope, second.id).await.unwrap(), second);
    catalog.delete(scope, first.id).await.unwrap();
    catalog.delete(scope, second.id).await.unwrap();
}

/// A change keeps what it does not name, and variants keep their ids.
pub async fn patches_and_replaces(catalog: &impl Catalog, scope: &TenantScope) {
    let before = catalog.insert(scope, &shirt("Patched")).await.unwrap();
    let patch = ProductPatch::default()
        .set("featured", false)
        .set("vendor", ())
        .set(
            "attributes",
            serde_json::json!({"SEO Title": null, "New": "yes"}),
        );
    let after = catalog.patch(scope, before.id, &patch).await.unwrap();
    let expected = Product {
        featured: false,
        vendor: String::new(),
        attributes: [("New".to_owned(), "yes".to_owned())].into(),
        updated_at: after.updated_at,
        ..before.clone()
    };
    assert_eq!(after, expected);
    assert!(after.updated_at > before.updated_at);
    assert_eq!(catalog.find(scope, before.id).await.unwrap(), after);

    let unknown = ProductPatch::default().set("nmae", "x");
    assert_eq!(
        refused(catalog.patch(scope, before.id, &unknown).await),
        ["nmae"]
    );
    let empty = ProductPatch::default().set("name", " ");
    assert_eq!(
        refused(catalog.patch(scope, before.id, &empty).await),
        ["name"]
    );

    let mut fields = after.to_fields();
    fields.variants.reverse();
    fields.variants[0].price = usd(1_500);
    fields.variants.pop();
    let draft = ProductDraft::new(fields).unwrap();
    let replaced = catalog.replace(scope, before.id, &draft).await.unwrap();
    assert_eq!(replaced.variants.len(), 1);
    assert_eq!(replaced.variants[0].id, before.variants[1].id);
    assert_eq!(replaced.price_from, usd(1_500));
    assert_eq!(catalog.find(scope, before.id).await.unwrap(), replaced);
    catalog.delete(scope, before.id).await.unwrap();
}

/// A product that was changed since it was read is not overwritten.
pub async fn refuses_an_old_version(catalog: &impl Catalog, scope: &TenantScope) {
    let old = catalog
        .insert(scope, &product("Version", None))
        .await
        .unwrap();
    let patch = ProductPatch::default().set("vendor", "Somebody");
    let new = catalog.patch(scope, old.id, &patch).await.unwrap();
    let draft = product("Version", None);
    assert_eq!(
        refusal(catalog.update(scope, &old, &draft).await),
        ErrorKind::Conflict
    );
    let written = catalog.update(scope, &new, &draft).await.unwrap();
    assert_eq!(written.vendor, "");
    catalog.delete(scope, old.id).await.unwrap();
}

/// An import creates, then changes nothing, then changes only what it gives.
pub async fn puts_drafts_once(catalog: &impl Catalog, scope: &TenantScope) {
    let draft = shirt("Imported");
    let Put::Created(created) = catalog.put_draft(scope, &draft).await.unwrap() else {
        panic!("the product was new");
    };
    let again = catalog.put_draft(scope, &draft).await.unwrap();
    assert_eq!(again, Put::Unchanged(created.clone()));

    let mut fields = draft.into_fields();
    fields.given = Given::only([Field::Stock], []);
    fields.vendor = "Not given".to_owned();
    fields.variants[0].stock = Some(-3);
    fields.variants[0].price = usd(1);
    let draft = ProductDraft::new(fields).unwrap();
    let Put::Updated(updated) = catalog.put_draft(scope, &draft).await.unwrap() else {
        panic!("the stock differs");
    };
    let mut expected = created.clone();
    expected.variants[0].stock = Some(-3);
    expected.updated_at = updated.updated_at;
    assert_eq!(updated, expected);
    assert_eq!(catalog.find(scope, created.id).await.unwrap(), expected);
    catalog.delete(scope, created.id).await.unwrap();
}

/// Categories never stand below themselves, and their slugs are their own.
pub async fn keeps_the_tree_a_tree(catalog: &impl Catalog, a: &TenantScope, b: &TenantScope) {
    let top = catalog
        .insert_category(a, &CategoryDraft::new("Top"))
        .await
        .unwrap();
    let below = CategoryDraft {
        parent_id: Some(top.id),
        ..CategoryDraft::new("Below")
    };
    let below = catalog.insert_category(a, &below).await.unwrap();
    let taken = catalog.insert_category(a, &CategoryDraft::new("Top")).await;
    assert_eq!(refusal(taken), ErrorKind::SlugTaken);

    for parent in [top.id, below.id] {
        let patch = Patch::default().set("parent_id", parent);
        let circle = catalog.patch_category(a, top.id, &patch).await;
        assert_eq!(refused(circle), ["parent_id"]);
    }
    let foreign = CategoryDraft {
        parent_id: Some(top.id),
        ..CategoryDraft::new("Foreign")
    };
    assert_eq!(
        refused(catalog.insert_category(b, &foreign).await),
        ["parent_id"]
    );
    assert_eq!(
        refusal(catalog.find_category(b, top.id).await),
        ErrorKind::NotFound
    );
    assert_eq!(
        refusal(catalog.delete_category(b, top.id).await),
        ErrorKind::NotFound
    );

    let renamed = Patch::default().set("name", "Lower").set("position", 7);
    let renamed = catalog.patch_category(a, below.id, &renamed).await.unwrap();
    assert_eq!(catalog.find_category(a, below.id).await.unwrap(), renamed);
    assert_eq!(
        refusal(catalog.delete_category(a, top.id).await),
        ErrorKind::HasChildren
    );
    let forest = CategoryNode::forest(catalog.categories(a).await.unwrap());
    let node = forest.iter().find(|node| node.category == top).unwrap();
    assert_eq!(node.children[0].category, renamed);
    catalog.delete_category(a, below.id).await.unwrap();
    catalog.delete_category(a, top.id).await.unwrap();
}

/// Each filter keeps what it should and drops the rest, in each order.
pub async fn filters_and_sorts(catalog: &impl Catalog, scope: &TenantScope) {
    let mut tea = product_fields("Green tea", Some(3));
    tea.featured = true;
    tea.categories = vec![CategoryPath(vec!["Drinks".to_owned(), "Tea".to_owned()])];
    tea.variants[0].price = usd(500);
    let mut cup = product_fields("cup_a", Some(0));
    cup.tags = vec!["50% Off".to_owned()];
    cup.variants[0].price = usd(700);
    let mut draft = product_fields("Zebra", None);
    draft.status = ProductStatus::Draft;
    for fields in [tea, cup, draft] {
        let draft = ProductDraft::new(fields).unwrap();
        catalog.insert(scope, &draft).await.unwrap();
    }
    let check = async |query: ProductQuery, expected: &[&str]| {
        let page = catalog.list(scope, &query).await.unwrap();
        let names: Vec<_> = page.items.iter().map(|one| &*one.name).collect();
        assert_eq!(names, expected, "{query:?}");
    };
    let base = ProductQuery {
        sort: Sort::Name,
        ..ProductQuery::default()
    };
    let search = |words: &str| ProductQuery {
        q: Some(words.to_owned()),
        ..base.clone()
    };
    let sorted = |sort| ProductQuery {
        sort,
        ..base.clone()
    };
    check(sorted(Sort::Name), &["cup_a", "Green tea", "Zebra"]).await;
    check(sorted(Sort::Newest), &["Zebra", "cup_a", "Green tea"]).await;
    check(sorted(Sort::Price), &["Green tea", "cup_a", "Zebra"]).await;
    check(sorted(Sort::PriceDown), &["Zebra", "cup_a", "Green tea"]).await;
    check(search("TEA gre"), &["Green tea"]).await;
    check(search("cup_"), &["cup_a"]).await;
    check(search("50%"), &["cup_a"]).await;
    check(search("5%f"), &[]).await;
    check(search("green-tea-1 nothing"), &[]).await;
    let status = |status| ProductQuery {
        status: Some(status),
        ..base.clone()
    };
    check(status(ProductStatus::Draft), &["Zebra"]).await;
    check(status(ProductStatus::Archived), &[]).await;
    let featured = |featured| ProductQuery {
        featured: Some(featured),
        ..base.clone()
    };
    check(featured(true), &["Green tea"]).await;
    check(featured(false), &["cup_a", "Zebra"]).await;
    let in_stock = |in_stock| ProductQuery {
        in_stock: Some(in_stock),
        ..base.clone()
    };
    check(in_stock(true), &["Green tea", "Zebra"]).await;
    check(in_stock(false), &["cup_a"]).await;
    let category = |slug: &str| ProductQuery {
        category: Some(CategoryRef::Slug(slug.parse().unwrap())),
        ..base.clone()
    };
    check(category("tea"), &["Green tea"]).await;
    check(category("drinks"), &["Green tea"]).await;
    check(category("food"), &[]).await;
}

/// Pages show every untouched product once while others come and go; needs no other order than
/// that of names.
pub async fn pages_under_change(catalog: &impl Catalog, scope: &TenantScope) {
    for number in 0..30 {
        let draft = product(&format!("page {number:02}"), None);
        catalog.insert(scope, &draft).await.unwrap();
    }
    let mut others = 0;
    for sort in [Sort::Name, Sort::Newest, Sort::Price, Sort::PriceDown] {
        let mut query = ProductQuery {
            q: Some("page".to_owned()),
            sort,
            limit: Limit::new(7),
            ..ProductQuery::default()
        };
        let mut seen = Vec::new();
        let mut added = Vec::new();
        loop {
            let page = catalog.list(scope, &query).await.unwrap();
            seen.extend(page.items.iter().map(|one| one.name.clone()));
            let Some(next) = page.next else { break };
            query.after = Some(next);
            let other = product(&format!("page other {others}"), None);
            others += 1;
            added.push(catalog.insert(scope, &other).await.unwrap());
            if added.len() % 2 == 0 {
                let gone = added.remove(0);
                catalog.delete(scope, gone.id).await.unwrap();
            }
        }
        let distinct: HashSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len(), "{sort:?} repeats: {seen:?}");
        for number in 0..30 {
            let name = format!("page {number:02}");
            assert!(distinct.contains(&name), "{sort:?} leaves out {name}");
        }
        for product in added {
            catalog.delete(scope, product.id).await.unwrap();
        }
    }
    let query = ProductQuery {
        limit: Limit::new(1),
        ..ProductQuery::default()
    };
    let newest = catalog.list(scope, &query).await.unwrap().next;
    let other = ProductQuery {
        after: newest,
        sort: Sort::Price,
        ..query
    };
    assert_eq!(refused(catalog.list(scope, &other).await), ["cursor"]);
}

/// Every combination of filters is a statement that the database takes.
pub async fn answers_every_combination(catalog: &impl Catalog, scope: &TenantScope) {
    let slug = CategoryRef::Slug("tea".parse().unwrap());
    let id = CategoryRef::Id(crate::catalog::CategoryId::generate());
    for sort in [Sort::Name, Sort::Newest, Sort::Price, Sort::PriceDown] {
        let first = ProductQuery {
            sort,
            limit: Limit::new(1),
            ..ProductQuery::default()
        };
        let after = catalog.list(scope, &first).await.unwrap().next;
        assert!(after.is_some(), "the suite left products behind");
        for bits in 0_u32..64 {
            let on = |bit: u32| bits & (1 << bit) != 0;
            let query = ProductQuery {
                status: on(0).then_some(ProductStatus::Published),
                category: on(1).then(|| if on(0) { slug.clone() } else { id.clone() }),
                featured: on(2).then_some(on(1)),
                q: on(3).then(|| "a".to_owned()),
                in_stock: on(4).then_some(on(0)),
                after: if on(5) { after.clone() } else { None },
                ..first.clone()
            };
            let page = catalog.list(scope, &query).await;
            assert!(page.is_ok(), "{query:?}: {page:?}");
        }
    }
}
