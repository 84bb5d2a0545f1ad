use std::collections::HashSet;

use axum::extract::{Path, Query};
use http::{StatusCode, header};
use http_body_util::BodyExt;

use super::{Shelf, draw, serve};

#[test]
fn the_same_product_always_gets_the_same_picture() {
    assert_eq!(draw("tide-mug", "mugs"), draw("tide-mug", "mugs"));
}

#[test]
fn products_of_one_category_get_different_pictures() {
    let pictures: HashSet<_> = (0..200)
        .map(|n| draw(&format!("mug-{n}"), "mugs"))
        .collect();
    assert_eq!(pictures.len(), 200);
}

#[test]
fn every_motif_is_small_and_loads_nothing() {
    for category in 0..60 {
        let picture = draw("tide-mug", &format!("category-{category}"));
        assert!(picture.len() < 6_000, "{} bytes", picture.len());
        let body = picture
            .strip_prefix("<svg xmlns=\"http://www.w3.org/2000/svg\"")
            .unwrap();
        for loading in [
            "http",
            "href",
            "url(",
            "<script",
            "<style",
            "<foreignObject",
            "<image",
        ] {
            assert!(!body.contains(loading), "{loading} in {picture}");
        }
        assert!(!body.contains("NaN") && !body.contains("inf"), "{picture}");
    }
}

#[test]
fn a_hostile_name_stays_text() {
    let picture = draw("</title><script>alert('1')</script>", "\"><image href=x>");
    assert!(picture.contains("<title>&#60;/title&#62;&#60;script&#62;alert(&#39;1&#39;)"));
    assert!(!picture.contains("<script") && !picture.contains("<image"));
}

#[tokio::test]
async fn a_picture_is_served_with_headers_that_keep_it_harmless() {
    let shelf = Shelf {
        category: "mugs".to_owned(),
    };
    let response = serve(Path("tide-mug.svg".to_owned()), Query(shelf)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let header = |name| response.headers()[name].to_str().unwrap();
    assert_eq!(header(header::CONTENT_TYPE), "image/svg+xml");
    assert_eq!(header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(
        header(header::CONTENT_SECURITY_POLICY),
        "default-src 'none'; style-src 'unsafe-inline'"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, draw("tide-mug", "mugs"));
}

#[tokio::test]
async fn other_files_are_not_found() {
    for file in [
        "tide-mug.png",
        ".svg",
        "tide-mug",
        &format!("{}.svg", "x".repeat(256)),
    ] {
        let response = serve(Path(file.to_owned()), Query(Shelf::default())).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{file}");
    }
}
