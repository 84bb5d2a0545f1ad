//! Paths that climb, and paths that only look so.

use tenancy_security::threat::Place;

use super::{assert_passes, refused};

#[test]
fn paths_that_leave_their_folder_are_refused() {
    for path in [
        "/..%2f..%2fetc/passwd",
        "/static/../secret",
        "/..\\..\\",
        "/%c0%ae%c0%ae/",
        "/....//",
        "/%252e%252e%252f",
        "/%2e%2e/",
        "/a/..;/manager",
        "/image.jpg%00.php",
        "/.git/config",
        "/.git",
        "/.svn/",
        "/.hg/store",
        "/.env",
        "/.env.local",
        "/wp-config.php.bak",
    ] {
        assert!(refused(Place::Path, path).is_some(), "{path} passed");
    }
}

#[test]
fn ordinary_paths_pass() {
    for path in [
        "/",
        "/v1..2/notes",
        "/file..name.txt",
        "/products/7/image.v2.jpg",
        "/.well-known/acme-challenge/x",
        "/a%20b/c",
        "/select/union/table",
        "/search/caf%C3%A9",
        "/@ann/posts",
        "/assets/app-3f2a...js",
        "/ann/shop.git/info/refs",
        "/.github/workflows",
    ] {
        assert_passes(Place::Path, path);
    }
}
