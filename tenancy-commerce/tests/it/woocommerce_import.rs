use tenancy_commerce::catalog::{ProductStatus, WeightUnit};
use tenancy_commerce::import::{Counts, ImportedProduct};

use crate::support::{shared_data, woocommerce};

fn type_of(product: &ImportedProduct) -> &str {
    product
        .draft
        .attributes
        .get("Type")
        .map_or("", String::as_str)
}

#[test]
fn the_sample_file_has_every_type() {
    let Some(data) = shared_data("woocommerce/sample_products.csv") else {
        return;
    };
    let imported = woocommerce(data);
    assert_eq!(imported.errors, []);
    assert_eq!(
        (imported.counts.products, imported.counts.variants),
        (15, 22)
    );
    let count = |kind: &str| {
        imported
            .products
            .iter()
            .filter(|product| type_of(product).contains(kind))
            .count()
    };
    assert_eq!(
        (count("grouped"), count("external"), count("downloadable")),
        (1, 1, 2)
    );
    let variable = imported
        .products
        .iter()
        .filter(|product| !product.draft.options.is_empty());
    let variations: Vec<usize> = variable
        .map(|product| product.draft.variants.len())
        .collect();
    assert_eq!(variations, [3, 6]);

    let hoodie = &imported.products[1].draft;
    assert_eq!(hoodie.attributes["SKU"], "cc-hoodie");
    assert_eq!(hoodie.options[1].name, "Logo");
    assert_eq!(hoodie.options[1].values, ["Yes", "No"]);
    assert_eq!(hoodie.categories[0].0, ["Clothing", "Hoodies"]);
    let red = &hoodie.variants[0];
    assert_eq!(
        (red.sku.as_deref(), red.option_values.as_slice()),
        (
            Some("cc-hoodie-red"),
            &["Red".to_owned(), "No".to_owned()][..]
        )
    );
    assert_eq!(
        (red.price.amount(), red.compare_at_price.unwrap().amount()),
        (4200, 4500)
    );
    // The shirts name no size: any will do.
    let shirt = &imported.products[0].draft;
    assert_eq!(shirt.variants[0].option_values, ["Blue", ""]);
}

#[test]
fn the_unit_file_has_a_header_in_mixed_case() {
    let Some(data) = shared_data("woocommerce/importer_unit_sample.csv") else {
        return;
    };
    let imported = woocommerce(data);
    assert_eq!(imported.errors, []);
    assert_eq!((imported.counts.products, imported.counts.variants), (5, 6));
    let external = &imported.products[2].draft;
    assert_eq!(external.attributes["Button text"], "Buy on WooCommerce.com");
    let logo = &imported.products[0].draft;
    assert_eq!(logo.variants[0].weight_grams, Some(1000));
    assert_eq!(logo.variants[0].attributes.len(), 0);
    assert_eq!(logo.attributes["Attribute 1 name"], "Color");
    assert_eq!(
        (logo.variants[0].stock, logo.variants[0].backorder),
        (Some(5), true)
    );
    assert_eq!(logo.images.len(), 2);
    assert_eq!(logo.categories[1].0, ["Clothing", "T-shirts"]);
}

#[test]
fn a_product_is_read_field_by_field() {
    let imported = woocommerce(
        "id,TYPE,sku,name,published,is featured?,description,short description,tax status,in stock?,stock,\
         backorders allowed?,weight (lbs),sale price,regular price,categories,tags,images,meta: x,brands\n\
         7,\"simple, downloadable, virtual\",T,Tee,-1,1,<i>x</i><script>y</script>,s,none,1,-3,0,2,8,10,\
         \"A > B, C\\, D > E\",\"x, y\",\"https://a.example/1.jpg, https://a.example/2.jpg\",m,Acme\n",
    );
    assert_eq!(imported.errors, []);
    assert_eq!(imported.warning_cells(), [(2, Some("stock"))]);
    assert_eq!(
        imported.counts,
        Counts {
            products: 1,
            variants: 1,
            images: 2
        }
    );
    let tee = &imported.products[0].draft;
    assert_eq!(
        (tee.slug.as_str(), tee.status, tee.featured),
        ("tee", ProductStatus::Draft, true)
    );
    assert_eq!(
        (tee.description.as_str(), tee.vendor.as_str()),
        ("<i>x</i>", "Acme")
    );
    let paths: Vec<&[String]> = tee
        .categories
        .iter()
        .map(|path| path.0.as_slice())
        .collect();
    assert_eq!(paths, [["A", "B"], ["C, D", "E"]]);
    assert_eq!(tee.tags, ["x", "y"]);
    assert_eq!(tee.attributes["Short description"], "s");
    assert_eq!(tee.attributes["meta: x"], "m");
    assert_eq!(tee.attributes["ID"], "7");
    assert_eq!(tee.attributes["Type"], "simple, downloadable");
    let variant = &tee.variants[0];
    assert_eq!(
        (
            variant.price.amount(),
            variant.compare_at_price.unwrap().amount()
        ),
        (800, 1000)
    );
    assert_eq!(
        (variant.stock, variant.backorder, variant.taxable),
        (Some(-3), false, false)
    );
    assert_eq!(
        (variant.weight_grams, variant.weight_unit),
        (Some(907), WeightUnit::Pound)
    );
    assert!(!variant.requires_shipping);
}

#[test]
fn variations_may_stand_anywhere_and_name_their_product_either_way() {
    let imported = woocommerce(
        "ID,Type,SKU,Name,Regular price,Parent,Attribute 1 name,Attribute 1 value(s),Attribute 2 name,Attribute 2 value(s),Attribute 2 visible\n\
         ,variation,S,,1,tee,Size,S,,,\n\
         9,variable,tee,Tee,,,Cloth,Cotton,Size,\"S, M, XL\",1\n\
         ,simple,cap,Cap,2,,,,,,\n\
         ,variation,M,,3,id:9,size,M,,,\n\
         ,variation,L,,4,tee,Size,L,,,\n\
         ,variation,X,,4,nobody,Size,L,,,\n\
         ,variation,Y,,4,cap,Size,L,,,\n\
         ,variation,Z,,4,,Size,L,,,\n",
    );
    assert_eq!(imported.slugs(), ["tee", "cap"]);
    let parent = Some("Parent");
    assert_eq!(
        imported.error_cells(),
        [(7, parent), (8, parent), (9, parent)]
    );
    let tee = &imported.products[0].draft;
    assert_eq!(tee.options[0].name, "Size");
    assert_eq!(tee.options[0].values, ["S", "M", "XL", "L"]);
    let values: Vec<&str> = tee
        .variants
        .iter()
        .map(|variant| variant.option_values[0].as_str())
        .collect();
    assert_eq!(values, ["S", "M", "L"]);
    assert_eq!(tee.attributes["Attribute 2 name"], "Cloth");
    assert_eq!(tee.attributes["Attribute 1 visible"], "1");
    assert_eq!(
        imported.counts,
        Counts {
            products: 2,
            variants: 7,
            images: 0
        }
    );
}

#[test]
fn what_is_not_sold_by_itself_cannot_be_bought() {
    let imported = woocommerce(
        "Type,SKU,Name,Regular price,Stock\n\
         grouped,g,Group,,5\nexternal,e,External,30,\nvariable,v,Variable,,\n",
    );
    assert_eq!(imported.errors, []);
    assert_eq!(imported.warning_cells(), [(4, Some("Type"))]);
    for product in &imported.products {
        let variant = &product.draft.variants[0];
        assert_eq!(
            (variant.stock, variant.backorder),
            (Some(0), false),
            "{}",
            product.draft.name
        );
    }
    assert_eq!(imported.products[1].draft.variants[0].price.amount(), 3000);
}

#[test]
fn one_bad_cell_costs_one_product() {
    let imported = woocommerce(
        "Type,SKU,Name,Published,Regular price,Stock,Backorders allowed?,Images,Parent,Weight (kg)\n\
         simple,a,A,1,1,,,,,\n\
         subscription,b,B,1,1,,,,,\n\
         simple,c,C,2,1,,,,,\n\
         simple,d,D,1,,,,,,\n\
         simple,e,E,1,1,1.5,,,,\n\
         simple,f,F,1,1,,maybe,,,\n\
         simple,g,G,1,1,,,ftp://a.example,,\n\
         simple,h,H,1,1,,,,,heavy\n\
         variable,i,I,1,,,,,,\n\
         variation,i1,,1,x,,,,i,\n\
         simple,a,A,1,2,,,,,\n",
    );
    assert_eq!(imported.slugs(), ["a", "a-2"]);
    assert_eq!(
        imported.error_cells(),
        [
            (3, Some("Type")),
            (4, Some("Published")),
            (5, Some("Regular price")),
            (6, Some("Stock")),
            (7, Some("Backorders allowed?")),
            (8, Some("Images")),
            (9, Some("Weight (kg)")),
            (11, Some("Regular price")),
        ]
    );
    assert_eq!(imported.warning_cells(), [(12, Some("SKU"))]);
}
