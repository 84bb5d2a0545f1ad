//! A picture for every product that has no photo of its own.
//!
//! The picture is an abstract composition drawn from the product's name: the category decides two
//! motifs and the family of colors, the product decides the rest, so a shelf looks as if one hand
//! had painted it and no two products look the same.

mod color;
mod motif;
mod random;

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;

pub(crate) use self::color::Color;
pub(crate) use self::random::Random;

use self::motif::Palette;

/// The longest product slug that gets a picture.
const SLUG_BYTES_MAX: usize = 255;

/// Draws the picture of the product `slug` in `category` as an SVG document.
pub(crate) fn draw(slug: &str, category: &str) -> String {
    let mut family = Random::from_name(category);
    let mut product = Random::from_name(slug);
    let motifs = [*family.pick(&motif::ALL), *family.pick(&motif::ALL)];
    // Dark yellows look muddy, so the families leave out that part of the wheel.
    let hue = 140.0 + f64::from(family.below(280)) + product.between(-24.0, 24.0);
    let palette = Palette::around(hue, &mut product);
    let motif = *product.pick(&motifs);
    let drawing = motif(&palette, &mut product);
    // XML has no way to write a control character, not even escaped.
    let name: String = slug.chars().filter(|c| !c.is_control()).collect();
    let Ok(title) = askama::filters::escape(name, askama::filters::Html);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 400\" role=\"img\">\
         <title>{title}</title><rect width=\"400\" height=\"400\" fill=\"{}\"/>{drawing}</svg>",
        palette.paper,
    )
}

/// Where a picture is: `/pictures/{slug}.svg?in={category}`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Shelf {
    #[serde(default, rename = "in")]
    category: String,
}

/// Answers `GET /pictures/{file}`.
pub(crate) async fn serve(Path(file): Path<String>, Query(shelf): Query<Shelf>) -> Response {
    let slug = file
        .strip_suffix(".svg")
        .filter(|slug| (1..=SLUG_BYTES_MAX).contains(&slug.len()));
    let Some(slug) = slug else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CACHE_CONTROL,
            "public, max-age=86400, stale-while-revalidate=604800",
        ),
    ];
    (headers, draw(slug, &shelf.category)).into_response()
}

#[cfg(test)]
mod tests;
