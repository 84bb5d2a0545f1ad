//! Currencies and domains that no shop can have.

use std::process::Command;

use tenancy_tests::Server;

#[test]
fn a_shop_gets_no_currency_that_is_none_and_no_domain_that_is_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], refusal: Option<&str>| {
        let mut command = Command::new(Server::built("platform"));
        command.env("TENANCY_DATA", folder.path());
        command.env("TENANCY_PUBLIC_URL", "https://shops.example");
        let done = command.args(arguments).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(
            done.status.success(),
            refusal.is_none(),
            "{arguments:?}: {said}"
        );
        assert!(
            said.contains(refusal.unwrap_or_default()),
            "{arguments:?}: {said}"
        );
    };
    for code in ["XXX", "XTS", "XAU", "CHE", "xdr"] {
        let refusal = format!("nothing is sold in {}", code.to_uppercase());
        check(
            &["tenant", "create", "acme", "--currency", code],
            Some(&refusal),
        );
    }
    check(
        &["tenant", "create", "acme", "--currency", "ABC"],
        Some("currency"),
    );
    check(&["tenant", "create", "acme", "--currency", "chf"], None);
    let add = |host, refusal| check(&["domain", "add", "--tenant", "acme", host], refusal);
    add("com", Some("com is no domain of a merchant's"));
    add(
        "shops.example",
        Some("lies under the platform's own domain shops.example"),
    );
    add(
        "other.shops.example",
        Some("lies under the platform's own domain shops.example"),
    );
    add("www.acme.example", None);
}
