use tenancy_commerce::catalog::{Field, ProductStatus, WeightUnit};
use tenancy_commerce::import::Counts;

use crate::support::{shared_data, shopify};

fn check_counts(file: &str, products: u64, variants: u64, images: u64) {
    let Some(data) = shared_data(&format!("shopify/{file}")) else {
        return;
    };
    let imported = shopify(data);
    assert_eq!(imported.errors, [], "{file}");
    assert_eq!(
        imported.counts,
        Counts {
            products,
            variants,
            images
        },
        "{file}"
    );
    assert_eq!(imported.products.len() as u64, products, "{file}");
    let drafts = imported.products.iter().map(|product| &product.draft);
    assert_eq!(
        drafts.map(|draft| draft.variants.len() as u64).sum::<u64>(),
        variants,
        "{file}"
    );
}

#[test]
fn real_files_have_the_published_counts() {
    check_counts("apparel.csv", 25, 96, 8);
    check_counts("bicycles.csv", 284, 1121, 278);
    check_counts("jewelry.csv", 19, 24, 6);
    check_counts("productcsvs-apparel.csv", 20, 22, 0);
}

#[test]
fn negative_stock_and_doubtful_skus_are_warnings() {
    let Some(data) = shared_data("shopify/bicycles.csv") else {
        return;
    };
    let imported = shopify(data);
    let count = |words: &str| {
        imported
            .warnings
            .iter()
            .filter(|warning| warning.message.contains(words))
            .count()
    };
    assert_eq!(count("stock is negative"), 23);
    assert_eq!(count("used more than once"), 30);
    assert_eq!(count("has no SKU"), 3);
    assert_eq!(imported.warnings.len(), 56);
    let published = |product: &&tenancy_commerce::import::ImportedProduct| {
        product.draft.status == ProductStatus::Published
    };
    assert_eq!(imported.products.iter().filter(published).count(), 226);
    for product in &imported.products {
        let body = product.draft.description.as_str().to_ascii_lowercase();
        assert!(
            !body.contains("<script") && !body.contains("<iframe"),
            "{body}"
        );
    }
}

#[test]
fn a_product_is_read_field_by_field() {
    let imported = shopify(
        "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,\
         Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,\
         Variant Price,Variant Compare At Price,Variant Requires Shipping,Variant Taxable,\
         Variant Barcode,Image Src,Image Alt Text,SEO Title,Variant Image,Variant Weight Unit,Cost per item\n\
         tee,Tee,<b>Soft</b><script>x</script>,Acme,Shirts,\"cotton, summer\",true,Size,S,T-S,\
         113,shopify,-2,continue,10.99,12,false,no,'030955,https://a.example/a b.jpg,Front,Buy,https://a.example/s.jpg,lb,4.5\n\
         tee,,,,,,,,M,T-M,,,7,deny,11,,,,,,,,,,\n\
         tee,,,,,,,,,,,,,,,,,,,https://a.example/c.jpg,,,,,\n",
    );
    assert_eq!(imported.errors, []);
    assert_eq!(
        imported.warning_cells(),
        [(2, Some("Variant Inventory Qty"))]
    );
    assert_eq!(
        imported.counts,
        Counts {
            products: 1,
            variants: 2,
            images: 1
        }
    );
    let product = &imported.products[0];
    assert_eq!((product.row, product.rows), (2, 3));
    let tee = &product.draft;
    assert_eq!((tee.slug.as_str(), tee.name.as_str()), ("tee", "Tee"));
    assert_eq!(tee.status, ProductStatus::Published);
    assert_eq!(tee.description.as_str(), "<b>Soft</b>");
    assert_eq!(
        (tee.vendor.as_str(), tee.product_type.as_str()),
        ("Acme", "Shirts")
    );
    assert_eq!(tee.tags, ["cotton", "summer"]);
    assert_eq!(tee.options[0].name, "Size");
    assert_eq!(tee.options[0].values, ["S", "M"]);
    assert_eq!(tee.attributes["SEO Title"], "Buy");
    let urls: Vec<&str> = tee.images.iter().map(|image| image.url.as_str()).collect();
    assert_eq!(
        urls,
        ["https://a.example/a%20b.jpg", "https://a.example/c.jpg"]
    );
    assert_eq!(tee.images[0].alt, "Front");

    let small = &tee.variants[0];
    assert_eq!(
        (small.sku.as_deref(), small.option_values.as_slice()),
        (Some("T-S"), &["S".to_owned()][..])
    );
    assert_eq!(small.price.to_decimal(), "10.99");
    assert_eq!(small.compare_at_price.unwrap().to_decimal(), "12.00");
    assert_eq!(small.cost.unwrap().to_decimal(), "4.50");
    assert_eq!((small.stock, small.backorder), (Some(-2), true));
    assert_eq!((small.requires_shipping, small.taxable), (false, false));
    assert_eq!(small.barcode.as_deref(), Some("'030955"));
    assert_eq!(
        (small.weight_grams, small.weight_unit),
        (Some(113), WeightUnit::Pound)
    );
    assert_eq!(small.image_url.as_deref(), Some("https://a.example/s.jpg"));
    let medium = &tee.variants[1];
    assert_eq!(
        (medium.stock, medium.backorder, medium.taxable),
        (None, false, true)
    );
}

#[test]
fn the_new_dialect_means_the_same() {
    let imported = shopify(
        "Title,URL handle,Description,Product category,Published on online store,Status,SKU,Option1 name,\
         Option1 value,Price,Compare-at price,Charge tax,Inventory tracker,Inventory quantity,\
         Continue selling when out of stock,Weight value (grams),Weight unit for display,Product image URL,\
         Google Shopping / Manufacturer part number (MPN),Color (product.metafields.shopify.color-pattern)\n\
         Tee,tee,Soft,Apparel > Shirts,TRUE,Active,T,Size,S,10,12,FALSE,shopify,3,CONTINUE,90.5,kg,https://a.example/a.jpg,M1,red\n",
    );
    assert_eq!(imported.errors, []);
    let tee = &imported.products[0].draft;
    assert_eq!(tee.status, ProductStatus::Published);
    assert_eq!(tee.categories[0].0, ["Apparel", "Shirts"]);
    assert_eq!(tee.attributes["Google Shopping / MPN"], "M1");
    assert_eq!(
        tee.attributes["Color (product.metafields.shopify.color-pattern)"],
        "red"
    );
    let variant = &tee.variants[0];
    assert_eq!(
        (variant.stock, variant.backorder, variant.taxable),
        (Some(3), true, false)
    );
    assert_eq!(
        (variant.weight_grams, variant.weight_unit),
        (Some(91), WeightUnit::Kilogram)
    );
    assert_eq!(variant.compare_at_price.unwrap().amount(), 1200);
}

#[test]
fn status_needs_both_columns_to_publish() {
    let check = |published: &str, status: &str, expected| {
        let file = format!("Title,Price,Published,Status\nTee,1,{published},{status}\n");
        assert_eq!(
            shopify(file).products[0].draft.status,
            expected,
            "{published} {status}"
        );
    };
    check("true", "active", ProductStatus::Published);
    check("", "", ProductStatus::Published);
    check("FALSE", "active", ProductStatus::Draft);
    check("true", "draft", ProductStatus::Draft);
    check("true", "archived", ProductStatus::Archived);
}

#[test]
fn a_missing_column_is_told_from_a_blank_cell() {
    let draft = shopify("Handle,Title,Vendor,SEO Title\ntee,Tee,,\n")
        .products
        .remove(0)
        .draft;
    assert!(draft.given.contains(Field::Vendor) && draft.given.contains_attribute("SEO Title"));
    assert!(
        !draft.given.contains(Field::Price) && !draft.given.contains_attribute("SEO Description")
    );
    assert!(draft.variants[0].price.is_zero());
}

#[test]
fn one_bad_cell_costs_one_product() {
    let imported = shopify(
        "Handle,Title,Variant Price,Variant Inventory Qty,Image Src,Variant SKU,Published\n\
         a,A,1,,,1,\n\
         b,B,1,x,,2,\n\
         b,,2,1,,3,\n\
         c,C,,1,,4,\n\
         d,D,-1,,,5,\n\
         e,E,1,,javascript:x,6,\n\
         f,F,1,,,7,maybe\n\
         g,,1,,,8,\n\
         ,,1,,,9,\n\
         h,H,1.005,,,10,true\n",
    );
    assert_eq!(imported.slugs(), ["a", "h"]);
    assert_eq!(
        imported.error_cells(),
        [
            (3, Some("Variant Inventory Qty")),
            (5, Some("Variant Price")),
            (6, Some("Variant Price")),
            (7, Some("Image Src")),
            (8, Some("Published")),
            (9, Some("Title")),
            (10, Some("Handle")),
        ]
    );
    assert_eq!(imported.warning_cells(), [(11, Some("Variant Price"))]);
    assert_eq!(imported.products[1].draft.variants[0].price.amount(), 101);
    assert_eq!(
        imported.counts,
        Counts {
            products: 8,
            variants: 9,
            images: 0
        }
    );
}

#[test]
fn rows_of_one_handle_belong_together_wherever_they_stand() {
    let imported = shopify(
        "Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src\n\
         tee,Tee,Size,S,1,\n\
         cap,Cap,,,2,\n\
         Tee,,,M,3,\n\
         tee,,,,,https://a.example/1.jpg\n\
         cup,Cup,,,4,\n\
         tee,,,L,5,\n",
    );
    assert_eq!(imported.errors, []);
    assert_eq!(imported.slugs(), ["tee", "cap", "cup"]);
    let tee = &imported.products[0].draft;
    assert_eq!(tee.options[0].values, ["S", "M", "L"]);
    assert_eq!(
        (imported.products[0].row, imported.products[0].rows),
        (2, 4)
    );
    assert_eq!(
        imported.counts,
        Counts {
            products: 3,
            variants: 5,
            images: 1
        }
    );
}

#[test]
fn a_title_makes_a_handle_where_there_is_none() {
    let imported = shopify("Title,Price\nTee No. 1,1\nTee no 1,2\n☃,3\n");
    assert_eq!(imported.slugs(), ["tee-no-1"]);
    assert_eq!(
        imported.error_cells(),
        [(3, Some("Title")), (4, Some("Title"))]
    );
}

#[test]
fn limits_are_reported_where_they_are_broken() {
    let long = "x".repeat(256);
    let imported = shopify(format!(
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\n\
         a,A,Size,S,1,1\na,,,M,{long},1\nb,{long},,,2,1\n"
    ));
    assert_eq!(imported.slugs(), [""; 0]);
    assert_eq!(
        imported.error_cells(),
        [(3, Some("Variant SKU")), (4, Some("Title"))]
    );
    let mut many = "Handle,Title,Option1 Name,Option1 Value,Variant Price\n".to_owned();
    for number in 0..2050 {
        many += &format!("a,A,Size,{number},1\n");
    }
    let imported = shopify(many);
    assert_eq!(imported.error_cells(), [(2050, None)]);
    assert_eq!(imported.counts.variants, 2050);
}
