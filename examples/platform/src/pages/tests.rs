mod hostile;
mod markup;
pub(super) mod sample;

use http::StatusCode;
use http_body_util::BodyExt;
use jiff::SignedDuration;
use tenancy_core::layer::Refusal;

use super::asset;
use super::{ErrorPage, Language, Place, Trouble, respond};

use self::markup::{Element, Markup};
use self::sample::Sample;

/// What a visitor waits for before a page can be read, pictures aside.
const PAGE_BYTES_MAX: usize = 60_000;

#[test]
fn every_page_is_well_formed_and_has_its_landmarks() {
    for Sample { path, html } in sample::all() {
        let page = Markup::read(&html);
        assert!(html.starts_with("<!doctype html>"), "{path}");
        assert!(
            page.one("html")
                .attribute("lang")
                .is_some_and(|lang| !lang.is_empty()),
            "{path}"
        );
        page.one("title");
        page.one("h1");
        assert_eq!(page.one("main").attribute("id"), Some("content"), "{path}");
        let first = page.all("a").next().unwrap();
        assert_eq!(
            first.attribute("href"),
            Some("#content"),
            "{path}: the skip link comes first"
        );
        assert!(
            page.all("nav")
                .all(|nav| nav.attribute("aria-label").is_some()),
            "{path}"
        );
    }
}

#[test]
fn every_picture_and_field_has_its_words() {
    for Sample { path, html } in sample::all() {
        let page = Markup::read(&html);
        for image in page.all("img") {
            for name in ["alt", "width", "height"] {
                assert!(image.attribute(name).is_some(), "{path}: {image:?}");
            }
        }
        let labels: Vec<_> = page
            .all("label")
            .filter_map(|label| label.attribute("for"))
            .collect();
        for field in page.all("input").chain(page.all("select")) {
            let labelled = field.is_in("label")
                || field.attribute("type") == Some("hidden")
                || field.attribute("id").is_some_and(|id| labels.contains(&id));
            assert!(labelled, "{path}: {field:?}");
        }
        for element in &page.elements {
            if let Some(id) = element.attribute("aria-labelledby") {
                assert!(
                    page.elements
                        .iter()
                        .any(|other| other.attribute("id") == Some(id)),
                    "{path}"
                );
            }
        }
    }
}

#[test]
fn a_page_loads_nothing_from_elsewhere_and_runs_nothing() {
    for Sample { path, html } in sample::all() {
        check_harmless(&path, &Markup::read(&html));
    }
}

/// Panics if `page` could run a script, or load something from another host.
fn check_harmless(path: &str, page: &Markup) {
    for element in &page.elements {
        if element.name == "script" {
            assert_eq!(
                element.attribute("type"),
                Some("application/ld+json"),
                "{path}"
            );
        }
        assert!(
            !["iframe", "object", "embed", "style", "base"].contains(&&*element.name),
            "{path}"
        );
        for (name, value) in &element.attributes {
            assert!(
                !name.starts_with("on") && name != "style",
                "{path}: {element:?}"
            );
            match name.as_str() {
                "src" | "srcset" | "action" | "formaction" | "poster" => {
                    check_local(path, element, value)
                }
                "href" if element.name == "a" => {
                    let fine = ["/", "#", "http://", "https://"];
                    assert!(
                        fine.iter().any(|start| value.starts_with(start)),
                        "{path}: {element:?}"
                    );
                }
                "href" if element.attribute("rel") != Some("canonical") => {
                    check_local(path, element, value);
                }
                _ => {}
            }
        }
    }
}

fn check_local(path: &str, element: &Element, value: &str) {
    assert!(
        value.starts_with('/') && !value.starts_with("//"),
        "{path}: {element:?}"
    );
}

#[test]
fn a_page_with_its_stylesheet_is_small() {
    let styles = asset::STYLES.len() + super::accent::stylesheet().len();
    for Sample { path, html } in sample::all() {
        let cards = html.matches("class=\"card\"").count();
        let size = html.len() + styles;
        assert!(
            cards <= 24 && size < PAGE_BYTES_MAX,
            "{path}: {cards} cards, {size} bytes"
        );
    }
}

#[test]
fn the_navigation_says_where_the_visitor_is() {
    let samples = sample::all();
    for (path, current) in [
        ("kettenspatz/index", &[][..]),
        ("kettenspatz/products", &["/products"]),
        (
            "kettenspatz/categories/licht",
            &["/categories", "/categories/licht"],
        ),
        ("kettenspatz/products/kette-dauerlauf", &["/products"]),
    ] {
        let page = samples.iter().find(|sample| sample.path == path).unwrap();
        let page = Markup::read(&page.html);
        let found: Vec<_> = page
            .all("a")
            .filter(|link| link.attribute("aria-current") == Some("page"))
            .filter_map(|link| link.attribute("href"))
            .collect();
        assert_eq!(found, current, "{path}");
    }
}

#[test]
fn a_german_shop_speaks_german() {
    let samples = sample::all();
    let page = samples
        .iter()
        .find(|sample| sample.path == "kettenspatz/products")
        .unwrap();
    let page = Markup::read(&page.html);
    assert_eq!(page.one("html").attribute("lang"), Some("de-DE"));
    for words in [
        "Alle Produkte",
        "23 Produkte",
        "Ausverkauft",
        "ab 12,90\u{a0}€",
        "Sortieren nach",
    ] {
        let text = page
            .text
            .split_ascii_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(text.contains(words), "{words} in {text}");
    }
    for words in ["Products", "Search", "In stock"] {
        assert!(!page.text.contains(words), "{words}");
    }
}

#[tokio::test]
async fn a_refusal_has_its_status_and_says_what_to_do() {
    let minutes = SignedDuration::from_mins(5);
    for (status, refusal, words) in [
        (400, None, "We could not make sense of this request"),
        (401, None, "This is not open to visitors"),
        (403, None, "This is not open to visitors"),
        (404, None, "There is nothing at this address"),
        (405, None, "This address cannot be used that way"),
        (408, None, "This took too long"),
        (413, None, "That was too much at once"),
        (415, None, "We could not make sense of this request"),
        (429, None, "One moment, please"),
        (431, None, "That was too much at once"),
        (500, None, "Something broke on our side"),
        (503, None, "This page cannot be reached now"),
        (
            400,
            Some(Refusal::ConflictingTenants),
            "We could not make sense of this request",
        ),
        (
            403,
            Some(Refusal::Suspended),
            "This shop is closed at the moment",
        ),
        (
            404,
            Some(Refusal::UnknownTenant),
            "There is no shop at this address",
        ),
        (
            410,
            Some(Refusal::Archived),
            "This shop has closed for good",
        ),
        (
            503,
            Some(Refusal::Maintenance {
                retry_after: minutes,
            }),
            "Back in a few minutes",
        ),
        (
            503,
            Some(Refusal::Provisioning),
            "This shop is being set up",
        ),
        (
            503,
            Some(Refusal::RegistryUnavailable),
            "This page cannot be reached now",
        ),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let page = ErrorPage {
            status,
            trouble: Trouble::of(status, refusal),
            language: Language::English,
            place: Place::Nowhere,
            request_id: None,
        };
        let response = respond(status, &page);
        assert_eq!(response.status(), status);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let page = Markup::read(std::str::from_utf8(&body).unwrap());
        assert!(page.text.contains(words), "{}", page.text);
        let robots = page
            .all("meta")
            .find(|meta| meta.attribute("name") == Some("robots"));
        assert_eq!(robots.unwrap().attribute("content"), Some("noindex"));
    }
}

/// Keeps the pages and what they load in the folder `PAGES_DIR`, for those who want to see them.
#[test]
fn pages_can_be_kept_for_review() {
    let Some(folder) = std::env::var_os("PAGES_DIR").map(std::path::PathBuf::from) else {
        return;
    };
    let keep = |path: &str, content: &str| {
        let file = folder.join(path.trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    };
    keep(
        asset::stylesheet_path(),
        &format!("{}{}", asset::STYLES, super::accent::stylesheet()),
    );
    for Sample { path, html } in sample::all() {
        for image in Markup::read(&html)
            .all("img")
            .filter_map(|image| image.attribute("src"))
        {
            let (file, shelf) = image.split_once("?in=").unwrap();
            let slug = file
                .trim_start_matches("/pictures/")
                .trim_end_matches(".svg");
            keep(file, &crate::pictures::draw(slug, shelf));
        }
        keep(&format!("{path}.html"), &html);
    }
}
