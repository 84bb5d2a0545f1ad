//! The shop front in a real browser: from the platform's front door to a product and back, by
//! mouse and by keyboard, on a desk and on a phone, with scripts and without.

mod visitor;

use tenancy_tests::browser::Viewport;
use tenancy_tests::{Server, shared_data};

use self::visitor::{Scripts, Visitor};
use super::Town;

const PHONE: Viewport = Viewport {
    width: 360,
    height: 740,
};

#[tokio::test]
async fn a_visitor_finds_a_product_by_links_and_search() {
    let town = Town::embedded().await;
    for (viewport, scripts) in [
        (Viewport::DESKTOP, Scripts::On),
        (Viewport::DESKTOP, Scripts::Off),
        (PHONE, Scripts::On),
        (PHONE, Scripts::Off),
    ] {
        let visitor = Visitor::arrive(&town, viewport, scripts).await;
        visitor.go("http://localhost", "/").await;
        assert_eq!(visitor.texts(".shop h3").await.len(), 3);
        visitor.click(".shop a[href*=quillmoor]", "/").await;
        assert_eq!(visitor.texts("h1").await, ["Quillmoor Ceramics"]);
        visitor
            .click("nav.sections a[href='/categories']", "/categories")
            .await;
        visitor
            .click(".department a[href='/categories/mugs']", "/categories/mugs")
            .await;
        let mugs = visitor.texts(".card h3").await;
        assert!(mugs.contains(&"Tide mug".to_owned()), "{mugs:?}");

        visitor.click_there("input[name=in_stock]").await;
        visitor.click_there("option[value=price]").await;
        let filtered = "/categories/mugs?in_stock=true&sort=price";
        visitor.click(".filters button", filtered).await;
        let cheap_first = visitor.texts(".card .price > span:not(.from)").await;
        assert_eq!(cheap_first.first().map(String::as_str), Some("$22.00"));

        visitor.type_into("#q", "vase").await;
        visitor.click(".search button", "/products?q=vase").await;
        assert_eq!(visitor.texts("h1").await, ["Results for “vase”"]);
        let vases = visitor.texts(".card h3").await;
        assert!(vases.contains(&"Bottle vase".to_owned()), "{vases:?}");
        visitor
            .click(
                ".card a[href='/products/bottle-vase']",
                "/products/bottle-vase",
            )
            .await;
        assert_eq!(visitor.texts("h1").await, ["Bottle vase"]);
        assert_eq!(
            visitor.texts("#choose > .price > span:last-of-type").await,
            ["$74.00"]
        );
        visitor.back("/products?q=vase").await;
        assert_eq!(visitor.value("#q").await, "vase");

        visitor
            .go("http://quillmoor.localhost", "/products/tide-mug")
            .await;
        visitor
            .click(
                ".option a[href*=QM-TIDE-SEA-L]",
                "/products/tide-mug?variant=QM-TIDE-SEA-L#choose",
            )
            .await;
        assert_eq!(
            visitor.texts("#choose > .price > span:last-of-type").await,
            ["$34.00"]
        );
        visitor.leave().await;
    }
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn a_visitor_without_a_mouse_gets_as_far() {
    let town = Town::embedded().await;
    for (viewport, scripts) in [(Viewport::DESKTOP, Scripts::Off), (PHONE, Scripts::On)] {
        let visitor = Visitor::arrive(&town, viewport, scripts).await;
        visitor.go("http://localhost", "/").await;
        visitor.reaches_every_control().await;
        visitor.tab_and_enter(".shop a[href*=quillmoor]", "/").await;
        visitor.skip_link_leads_to_the_content().await;
        visitor.go("http://quillmoor.localhost", "/").await;
        visitor.reaches_every_control().await;
        visitor
            .tab_and_enter("nav.sections a[href='/categories']", "/categories")
            .await;
        visitor.reaches_every_control().await;
        visitor
            .tab_and_enter(".department a[href='/categories/mugs']", "/categories/mugs")
            .await;
        visitor.reaches_every_control().await;
        visitor.tab_to("input[name=in_stock]").await;
        visitor.press(" ").await;
        visitor
            .tab_and_enter(
                ".filters button",
                "/categories/mugs?in_stock=true&sort=newest",
            )
            .await;
        visitor.tab_to("#q").await;
        visitor.press("vase").await;
        visitor.press_enter("/products?q=vase").await;
        visitor
            .tab_and_enter(
                ".card a[href='/products/bottle-vase']",
                "/products/bottle-vase",
            )
            .await;
        visitor.reaches_every_control().await;
        visitor.back("/products?q=vase").await;
        visitor.leave().await;
    }
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn somebody_signs_in_and_out_with_the_keyboard_alone() {
    let town = Town::embedded().await;
    let printed = town.server.stdout();
    for (viewport, scripts) in [(Viewport::DESKTOP, Scripts::Off), (PHONE, Scripts::On)] {
        let visitor = Visitor::arrive(&town, viewport, scripts).await;
        for (host, path, email) in [
            ("quillmoor.localhost", "/admin", "owner@quillmoor.example"),
            (
                "kettenspatz.localhost",
                "/admin",
                "owner@kettenspatz.example",
            ),
            ("localhost", "/platform", "operator@platform.example"),
        ] {
            sign_in(&visitor, &printed, (host, path, email)).await;
            visitor.prefers_dark(true).await;
            visitor.go(&format!("http://{host}"), path).await;
            visitor.prefers_dark(false).await;
            visitor.reaches_every_control().await;
            visitor.go(&format!("http://{host}"), path).await;
            visitor
                .tab_and_enter("form[action='/logout'] button", "/login")
                .await;
            let asked = format!("/login?next=%2F{}", &path[1..]);
            visitor
                .goes_to(&format!("http://{host}"), path, &asked)
                .await;
        }
        visitor.leave().await;
    }
    assert!(town.server.terminate().await.success());
}

/// Comes to a page for those who have signed in, and does so with the keyboard.
async fn sign_in(visitor: &Visitor, printed: &str, (host, path, email): (&str, &str, &str)) {
    let line = printed.lines().find(|line| line.contains(email)).unwrap();
    let password = line.rsplit(' ').next().unwrap();
    let asked = format!("/login?next=%2F{}", &path[1..]);
    visitor
        .goes_to(&format!("http://{host}"), path, &asked)
        .await;
    visitor.reaches_every_control().await;
    visitor.type_into("#email", email).await;
    visitor.tab_to("#password").await;
    visitor.press(password).await;
    visitor.press_enter(path).await;
}

#[tokio::test]
async fn every_room_of_the_console_is_comfortable_and_the_overview_changes_by_itself() {
    const HOST: &str = "http://localhost";
    let town = Town::embedded().await;
    let printed = town.server.stdout();
    for (viewport, scripts) in [(Viewport::DESKTOP, Scripts::On), (PHONE, Scripts::Off)] {
        let visitor = Visitor::arrive(&town, viewport, scripts).await;
        let operator = ("localhost", "/platform", "operator@platform.example");
        sign_in(&visitor, &printed, operator).await;
        for dark in [false, true] {
            visitor.prefers_dark(dark).await;
            for path in [
                "/platform",
                "/platform?hours=24&shop=quillmoor&sort=-0.5",
                "/platform/shops",
                "/platform/alerts",
                "/platform/health",
                "/platform/slow-statements",
                "/platform/advice",
                "/platform/blocks",
                "/platform/journal?sort=0.2",
            ] {
                visitor.go(HOST, path).await;
            }
        }
        visitor.go(HOST, "/platform/journal").await;
        visitor.reaches_every_control().await;
        let heads = visitor.texts("th[aria-sort]").await;
        assert_eq!(heads, [""; 0]);
        visitor
            .click("thead th:nth-child(3) a", "/platform/journal?sort=0.2")
            .await;
        assert_eq!(visitor.texts("th[aria-sort]").await.len(), 1);

        visitor.go(HOST, "/platform?shop=mistgate").await;
        let requests = async || match scripts {
            Scripts::On => visitor.texts_at_once("#live .figures dd").await,
            Scripts::Off => visitor.texts("#live .figures dd").await,
        };
        let before = requests().await;
        town.get("mistgate.localhost", "/api/products").await;
        if scripts == Scripts::On {
            while requests().await == before {
                visitor.waits_for_a_change("#live").await;
            }
        } else {
            visitor.go(HOST, "/platform?shop=mistgate").await;
            assert_ne!(requests().await, before);
        }
        visitor.go(HOST, "/platform").await;
        let texts = async |selector: &'static str| match scripts {
            Scripts::On => visitor.texts_at_once(selector).await,
            Scripts::Off => visitor.texts(selector).await,
        };
        let busiest = texts("#live section[aria-labelledby=table-5] tbody a").await;
        assert!(busiest.contains(&"mistgate".to_owned()), "{busiest:?}");
        let servers = texts("#live section:last-of-type tbody td:first-child").await;
        assert_eq!(servers.len(), 1, "{servers:?}");
        visitor.leave().await;
    }
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn the_overview_shows_which_other_server_gives_no_answer() {
    let address = Server::free_address();
    let away = Server::free_address().to_string();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        (
            "TENANCY_PUSH__INFLUX__URL",
            format!("http://{away}/write?token=hunter2"),
        ),
        ("TENANCY_PUSH__EVERY_SECONDS", "1".to_owned()),
    ];
    let town = Town::start(address, settings, &[], None).await;
    let visitor = Visitor::arrive(&town, Viewport::DESKTOP, Scripts::On).await;
    let operator = ("localhost", "/platform", "operator@platform.example");
    sign_in(&visitor, &town.server.stdout(), operator).await;
    visitor.go("http://localhost", "/platform").await;
    let rows = async || visitor.texts_at_once("#live tbody tr td:first-child").await;
    while !rows().await.contains(&format!("POST {away}")) {
        visitor.waits_for_a_change("#live").await;
    }
    let page = visitor.texts_at_once("#live").await.concat();
    assert!(
        page.contains("Slow outgoing requests") && !page.contains("hunter2"),
        "{page}"
    );
    assert!(page.contains("Queues"), "{page}");
    assert!(rows().await.contains(&"journal".to_owned()));
    for (dark, sort) in [(false, "-0.1"), (true, "0.1"), (true, "-1.1")] {
        visitor.prefers_dark(dark).await;
        visitor
            .go("http://localhost", &format!("/platform?sort={sort}"))
            .await;
        assert!(rows().await.contains(&format!("POST {away}")));
    }
    visitor.leave().await;
    assert!(town.server.terminate().await.success());
}

#[tokio::test]
async fn no_page_is_uncomfortable_whatever_the_shop_or_the_light() {
    let town = Town::embedded().await;
    town.command(&[
        "tenant",
        "create",
        "hebrew",
        "--locale",
        "he-IL",
        "--currency",
        "ILS",
    ]);
    // Texts with pictures on other hosts, 69 variants, and a name that reads the other way.
    let mut merchants_own = vec![];
    if let Some(file) = shared_data("shopify/bicycles.csv") {
        let file = file.display().to_string();
        let import = [
            "catalog", "import", "--tenant", "hebrew", "--format", "shopify", &file,
        ];
        town.command(&import);
        for slug in [
            "siva-atom",
            "original-fixed-gear-frameset",
            "artist-series-no-001",
        ] {
            merchants_own.push(format!("/products/{slug}"));
        }
        merchants_own.push("/products".to_owned());
    }
    town.command(&["tenant", "create", "tidy"]);
    town.command(&["tenant", "maintenance", "tidy", "on"]);
    town.command(&["tenant", "create", "closed"]);
    town.command(&["tenant", "suspend", "closed"]);
    town.until("tidy.localhost", 503).await;
    town.until("closed.localhost", 403).await;
    for viewport in [Viewport::DESKTOP, PHONE] {
        let visitor = Visitor::arrive(&town, viewport, Scripts::On).await;
        for dark in [false, true] {
            visitor.prefers_dark(dark).await;
            for (shop, product) in [
                ("quillmoor", "tide-mug"),
                ("kettenspatz", "kette-dauerlauf"),
                ("mistgate", "first-light-sencha"),
            ] {
                let host = format!("http://{shop}.localhost");
                for path in [
                    "/",
                    "/products",
                    "/categories",
                    "/products?q=nothing-like-it",
                ] {
                    visitor.go(&host, path).await;
                }
                visitor.go(&host, &format!("/products/{product}")).await;
            }
            visitor.go("http://hebrew.localhost", "/").await;
            for path in &merchants_own {
                visitor.go("http://hebrew.localhost", path).await;
            }
            for (host, path) in [
                ("http://quillmoor.localhost", "/nothing"),
                ("http://localhost", "/nothing"),
                ("http://nobody.localhost", "/"),
                ("http://tidy.localhost", "/"),
                ("http://closed.localhost", "/"),
            ] {
                visitor.is_refused(host, path).await;
            }
        }
        visitor.leave().await;
    }
    assert!(town.server.terminate().await.success());
}
