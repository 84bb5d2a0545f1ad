//! What Mozilla's Observatory says of the platform's pages. It needs npm, which fetches it once.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tenancy_tests::TlsProxy;

use super::Town;

const PACKAGE: &str = "@mdn/mdn-http-observatory";
const VERSION: &str = "1.4.8";

/// The least score that the platform is to have.
const SCORE_MIN: i64 = 135;

/// The tool, or `None` where npm is not there.
fn observatory() -> Option<PathBuf> {
    Command::new("npm").arg("--version").output().ok()?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("observatory-{VERSION}"));
    let tool = folder.join("node_modules").join(PACKAGE);
    if !tool.join("conf/hsts-preload.json").is_file() {
        std::fs::create_dir_all(&folder).unwrap();
        let done = Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--prefix")
            .arg(&folder)
            .arg(format!("{PACKAGE}@{VERSION}"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "npm: {said}");
        // The list of preloaded domains, which this one is not in.
        std::fs::write(tool.join("conf/hsts-preload.json"), "{}").unwrap();
    }
    Some(tool)
}

/// The page where people sign in, which has all that a page of ours may have: a form and a cookie.
#[tokio::test]
async fn the_platforms_page_gets_the_observatorys_best_grade() {
    let Some(tool) = observatory() else {
        eprintln!("not run: npm is not installed");
        return;
    };
    let town = Town::embedded_behind_a_proxy().await;
    let proxy = TlsProxy::showing(town.address, "localhost", "/login").await;
    let scan = Command::new("node")
        .arg(tool.join("src/scan.js"))
        .arg(format!("127.0.0.1:{}", proxy.port()))
        .env("NODE_EXTRA_CA_CERTS", proxy.authority())
        .env_remove("HTTPS_PROXY")
        .env_remove("https_proxy")
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&scan.stdout).unwrap();
    let score = report["scan"]["score"].as_i64().unwrap_or_default();
    assert!(score >= SCORE_MIN, "{report:#}");
    assert_eq!(report["scan"]["grade"], "A+");
}
