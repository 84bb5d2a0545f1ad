//! The stylesheet, served from memory under a name that changes with its content.

use std::fmt::Write;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::accent;

/// What is written by hand; the accents are added to it.
pub(super) const STYLES: &str = include_str!("../../assets/shop.css");

struct Stylesheet {
    css: String,
    path: String,
}

static STYLESHEET: LazyLock<Stylesheet> = LazyLock::new(|| {
    let css = format!("{STYLES}{}", accent::stylesheet());
    let mut hash = String::new();
    for byte in &digest(&SHA256, css.as_bytes()).as_ref()[..8] {
        write!(hash, "{byte:02x}").expect("writing to a string");
    }
    Stylesheet {
        css,
        path: format!("/assets/shop-{hash}.css"),
    }
});

/// The path of the stylesheet, which the pages link to.
pub(super) fn stylesheet_path() -> &'static str {
    &STYLESHEET.path
}

/// Answers `GET /assets/{file}`.
///
/// While a new release rolls out, a page of one node may ask another for a stylesheet that it does
/// not have. It gets the nearest thing, which it must not keep.
pub(crate) async fn serve(Path(file): Path<String>) -> Response {
    let current = STYLESHEET.path.strip_prefix("/assets/") == Some(file.as_str());
    let caching = if current {
        "public, max-age=31536000, immutable"
    } else if file.starts_with("shop-") && file.ends_with(".css") {
        "no-store"
    } else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, caching),
    ];
    (headers, STYLESHEET.css.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::extract::Path;
    use http::{StatusCode, header};

    use super::{STYLESHEET, serve, stylesheet_path};

    async fn check(file: &str, status: StatusCode, caching: Option<&str>) {
        let response = serve(Path(file.to_owned())).await;
        assert_eq!(response.status(), status, "{file}");
        let found = response.headers().get(header::CACHE_CONTROL);
        assert_eq!(
            found.map(|value| value.to_str().unwrap()),
            caching,
            "{file}"
        );
    }

    #[tokio::test]
    async fn only_the_current_stylesheet_may_be_kept() {
        let current = stylesheet_path().strip_prefix("/assets/").unwrap();
        check(
            current,
            StatusCode::OK,
            Some("public, max-age=31536000, immutable"),
        )
        .await;
        check(
            "shop-0123456789abcdef.css",
            StatusCode::OK,
            Some("no-store"),
        )
        .await;
        check("shop.js", StatusCode::NOT_FOUND, None).await;
    }

    #[test]
    fn the_stylesheet_loads_nothing_else() {
        for loading in ["url(", "@import", "http", "expression"] {
            assert!(!STYLESHEET.css.contains(loading), "{loading}");
        }
        assert!(
            STYLESHEET.css.len() < 30_000,
            "{} bytes",
            STYLESHEET.css.len()
        );
    }
}
