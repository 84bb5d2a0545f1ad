use std::time::{Duration, Instant};

use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use serde::Deserialize;
use serde_json::json;
use tenancy_tests::Browser;
use tenancy_tests::browser::Viewport;

use crate::platform::Town;

/// Whether the pages may run scripts; only the console's overview has one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scripts {
    Off,
    On,
}

/// Somebody who looks at every page they come to, and finds fault with it if there is any.
pub(super) struct Visitor {
    browser: Browser,
    port: u16,
}

/// Where the keyboard is.
#[derive(Debug, Deserialize)]
struct Focus {
    /// Its place among the page's controls; -1 when it is at none of them.
    index: i64,
    count: i64,
    what: String,
    wrong: Vec<String>,
}

impl Visitor {
    pub(super) async fn arrive(town: &Town, viewport: Viewport, scripts: Scripts) -> Self {
        let browser = Browser::start().await;
        browser.set_viewport(viewport).await;
        if scripts == Scripts::Off {
            let off = json!({ "value": true });
            browser
                .devtools("Emulation.setScriptExecutionDisabled", off)
                .await;
        }
        let trial = "data:text/html,<title>Off</title><script>document.title = 'On'</script>";
        browser.client().goto(trial).await.unwrap();
        assert_eq!(
            browser.client().title().await.unwrap(),
            format!("{scripts:?}")
        );
        browser.requests().await;
        let visitor = Self {
            browser,
            port: town.address.port(),
        };
        visitor.prefers_dark(false).await;
        visitor
    }

    /// Says which color scheme to show, and that nothing should move: a click on a page that is
    /// still fading in would miss.
    pub(super) async fn prefers_dark(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]});
        self.browser
            .devtools("Emulation.setEmulatedMedia", features)
            .await;
    }

    /// Goes to an address and looks at what is there.
    pub(super) async fn go(&self, host: &str, path: &str) {
        self.goes_to(host, path, path).await;
    }

    /// The same where the address leads to another one.
    pub(super) async fn goes_to(&self, host: &str, path: &str, led_to: &str) {
        let url = format!("{host}:{}{path}", self.port);
        self.browser.client().goto(&url).await.unwrap();
        self.look(led_to).await;
    }

    /// The same where the page says that there is nothing to be had.
    pub(super) async fn is_refused(&self, host: &str, path: &str) {
        let url = format!("{host}:{}{path}", self.port);
        self.browser.client().goto(&url).await.unwrap();
        // The browser itself notes the status of the page, and nothing else went wrong.
        let console = self.browser.console().await;
        let noted =
            |line: &String| line.starts_with(&url) && line.contains("the server responded with");
        assert!(console.iter().all(noted), "{url}: {console:#?}");
        self.look(path).await;
    }

    /// Follows what a selector finds, and looks at the page it leads to.
    pub(super) async fn click(&self, selector: &str, path: &str) {
        self.click_there(selector).await;
        self.look(path).await;
    }

    /// Clicks on something that leads nowhere.
    pub(super) async fn click_there(&self, selector: &str) {
        let client = self.browser.client();
        let found = client.find(Locator::Css(selector)).await;
        let found = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
        found
            .click()
            .await
            .unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    pub(super) async fn type_into(&self, selector: &str, text: &str) {
        let field = self
            .browser
            .client()
            .find(Locator::Css(selector))
            .await
            .unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(super) async fn back(&self, path: &str) {
        self.browser.client().back().await.unwrap();
        self.look(path).await;
    }

    /// The texts of all that a selector finds.
    pub(super) async fn texts(&self, selector: &str) -> Vec<String> {
        let mut texts = vec![];
        for element in self
            .browser
            .client()
            .find_all(Locator::Css(selector))
            .await
            .unwrap()
        {
            texts.push(element.text().await.unwrap());
        }
        texts
    }

    /// The same of a page that changes meanwhile, where it runs scripts.
    pub(super) async fn texts_at_once(&self, selector: &str) -> Vec<String> {
        const ALL: &str =
            "return [...document.querySelectorAll(arguments[0])].map(found => found.innerText);";
        let client = self.browser.client();
        let texts = client.execute(ALL, vec![json!(selector)]).await.unwrap();
        serde_json::from_value(texts).unwrap()
    }

    /// Waits until something within the selector's element changes by itself; the browser gives up after
    /// half a minute.
    pub(super) async fn waits_for_a_change(&self, selector: &str) {
        const CHANGE: &str = "const [selector, done] = arguments; \
            new MutationObserver(() => done(true)) \
                .observe(document.querySelector(selector), { childList: true, subtree: true });";
        let client = self.browser.client();
        let changed = client.execute_async(CHANGE, vec![json!(selector)]).await;
        assert_eq!(changed.unwrap(), json!(true), "{selector} does not change");
    }

    pub(super) async fn value(&self, selector: &str) -> String {
        let field = self
            .browser
            .client()
            .find(Locator::Css(selector))
            .await
            .unwrap();
        field.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Presses the keys that write a text.
    pub(super) async fn press(&self, text: &str) {
        let mut keys = KeyActions::new("keyboard".to_owned());
        for value in text.chars() {
            keys = keys
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        self.browser.client().perform_actions(keys).await.unwrap();
    }

    /// Presses Enter, and looks at the page it leads to.
    pub(super) async fn press_enter(&self, path: &str) {
        self.press(&Key::Enter.to_string()).await;
        self.look(path).await;
    }

    /// Goes on with Tab until what a selector finds has the focus.
    pub(super) async fn tab_to(&self, selector: &str) {
        let is_there = format!("return document.activeElement.matches(\"{selector}\")");
        for _ in 0..200 {
            self.tab().await;
            let there = self
                .browser
                .client()
                .execute(&is_there, vec![])
                .await
                .unwrap();
            if there == true {
                return;
            }
        }
        panic!("Tab does not lead to {selector}");
    }

    pub(super) async fn tab_and_enter(&self, selector: &str, path: &str) {
        self.tab_to(selector).await;
        self.press_enter(path).await;
    }

    /// Walks through the page with Tab: to each control, in the order of the page.
    pub(super) async fn reaches_every_control(&self) {
        let start =
            "document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)";
        self.browser.client().execute(start, vec![]).await.unwrap();
        for index in 0.. {
            let focus = self.tab().await;
            assert_eq!(focus.index, index, "{focus:#?}");
            if focus.index + 1 == focus.count {
                break;
            }
        }
    }

    /// The first Tab shows a way past the header, and Enter takes it.
    pub(super) async fn skip_link_leads_to_the_content(&self) {
        let first = self.tab().await;
        assert!(
            first.index == 0 && first.what.contains("class=\"skip\""),
            "{first:#?}"
        );
        self.press(&Key::Enter.to_string()).await;
        let at = "return document.activeElement.id + location.hash";
        let at = self.browser.client().execute(at, vec![]).await.unwrap();
        assert_eq!(at, "content#content");
        // The next Tab is behind the header's controls.
        let next = self.tab().await;
        assert!(next.index > 4, "{next:#?}");
    }

    /// Nothing was said on the console, and nobody else was asked for anything.
    pub(super) async fn leave(self) {
        let mut console = self.browser.console().await;
        // What the browser did at a sign-out, as it was told.
        console.retain(|line| !line.contains("Clear-Site-Data header on"));
        assert!(console.is_empty(), "{console:#?}");
        let requests = self.browser.requests().await;
        assert!(requests.len() > 20, "{requests:?}");
        let own = format!(":{}/", self.port);
        let foreign: Vec<_> = requests.iter().filter(|url| !url.contains(&own)).collect();
        assert!(foreign.is_empty(), "{foreign:#?}");
    }

    async fn tab(&self) -> Focus {
        self.press(&Key::Tab.to_string()).await;
        let focus = include_str!("focus.js");
        let focus = self.browser.client().execute(focus, vec![]).await.unwrap();
        let focus: Focus = serde_json::from_value(focus).unwrap();
        assert!(focus.wrong.is_empty(), "{focus:#?}");
        focus
    }

    /// Waits until the page at `path` is there, and finds no fault with it.
    async fn look(&self, path: &str) {
        let client = self.browser.client();
        let arrived = |url: &str| {
            url.split_once(&format!(":{}", self.port))
                .map(|(_, rest)| rest.to_owned())
        };
        let start = Instant::now();
        loop {
            let url = client.current_url().await.unwrap();
            if arrived(url.as_str()).as_deref() == Some(path) {
                break;
            }
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "at {url}, not at {path}"
            );
        }
        let wrong = client
            .execute(include_str!("inspect.js"), vec![])
            .await
            .unwrap();
        assert_eq!(wrong, json!([]), "{path}: {wrong:#}");
        self.keep(path).await;
    }

    /// Keeps what is seen in the folder `WALK_DIR`, for those who want to look at it themselves.
    async fn keep(&self, path: &str) {
        let Some(folder) = std::env::var_os("WALK_DIR") else {
            return;
        };
        let url = self.browser.client().current_url().await.unwrap();
        let host = url.host_str().unwrap_or_default().to_owned();
        let width = self
            .browser
            .client()
            .execute("return innerWidth", vec![])
            .await
            .unwrap();
        let dark = "return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'";
        let dark = self.browser.client().execute(dark, vec![]).await.unwrap();
        let name = format!(
            "{host}{path}-{width}-{}.png",
            dark.as_str().unwrap_or_default()
        );
        let name = name.replace(['/', '?', '#'], "_");
        self.browser
            .screenshot(std::path::Path::new(&folder).join(name))
            .await;
    }
}
