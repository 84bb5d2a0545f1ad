//! The stylesheet and the script, served from memory under names that change with their content.

use std::fmt::Write as _;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::accent;

/// What is written by hand; the accents are added to it.
pub(super) const STYLES: &str = include_str!("../../assets/shop.css");

/// What keeps the console as it is now. Every page works without it.
const SCRIPT: &str = include_str!("../../assets/console.js");

struct Asset {
    /// What its name begins and ends with, around the hash.
    name: (&'static str, &'static str),
    content_type: &'static str,
    content: String,
    path: String,
}

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
    let css = format!("{STYLES}{}", accent::stylesheet());
    Asset::new(("shop-", ".css"), "text/css; charset=utf-8", css)
});

static CONSOLE: LazyLock<Asset> = LazyLock::new(|| {
    let content_type = "text/javascript; charset=utf-8";
    Asset::new(("console-", ".js"), content_type, SCRIPT.to_owned())
});

impl Asset {
    fn new(
        name: (&'static str, &'static str),
        content_type: &'static str,
        content: String,
    ) -> Self {
        let mut hash = String::new();
        for byte in &digest(&SHA256, content.as_bytes()).as_ref()[..8] {
            write!(hash, "{byte:02x}").expect("writing to a string");
        }
        let path = format!("/assets/{}{hash}{}", name.0, name.1);
        Self {
            name,
            content_type,
            content,
            path,
        }
    }

    /// Whether a file is this one, maybe of another release.
    fn is_called(&self, file: &str) -> bool {
        file.starts_with(self.name.0) && file.ends_with(self.name.1)
    }
}

/// The path of the stylesheet, which the pages link to.
pub(super) fn stylesheet_path() -> &'static str {
    &STYLESHEET.path
}

/// The path of the console's script.
pub(super) fn script_path() -> &'static str {
    &CONSOLE.path
}

/// Answers `GET /assets/{file}`.
///
/// While a new release rolls out, a page of one node may ask another for a file that it does
/// not have. It gets the nearest thing, which it must not keep.
pub(crate) async fn serve(Path(file): Path<String>) -> Response {
    let assets = [&*STYLESHEET, &*CONSOLE];
    let Some(asset) = assets.into_iter().find(|asset| asset.is_called(&file)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let is_current = asset.path.strip_prefix("/assets/") == Some(file.as_str());
    let caching = if is_current {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    let headers = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, caching),
    ];
    (headers, asset.content.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::extract::Path;
    use http::{StatusCode, header};

    use super::{STYLESHEET, script_path, serve, stylesheet_path};

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
    async fn only_the_current_files_may_be_kept() {
        for path in [stylesheet_path(), script_path()] {
            let current = path.strip_prefix("/assets/").unwrap();
            check(
                current,
                StatusCode::OK,
                Some("public, max-age=31536000, immutable"),
            )
            .await;
        }
        for old in ["shop-0123456789abcdef.css", "console-0123456789abcdef.js"] {
            check(old, StatusCode::OK, Some("no-store")).await;
        }
        check("shop.js", StatusCode::NOT_FOUND, None).await;
    }

    #[test]
    fn the_stylesheet_loads_nothing_else() {
        for loading in ["url(", "@import", "http", "expression"] {
            assert!(!STYLESHEET.content.contains(loading), "{loading}");
        }
        assert!(
            STYLESHEET.content.len() < 30_000,
            "{} bytes",
            STYLESHEET.content.len()
        );
    }
}
