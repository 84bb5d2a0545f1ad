use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Secrets, each in every form that it could be passed on in.
#[derive(Debug, Default)]
pub(super) struct Needles(Vec<(String, BTreeSet<String>)>);

impl Needles {
    pub(super) fn add(&mut self, secret: &str) {
        assert!(secret.len() >= 8, "{secret} may stand in any text");
        self.0.push((secret.to_owned(), forms(secret)));
    }

    /// What of them is in a text: where, which, and what stands around it.
    pub(super) fn found(&self, place: &str, text: &str) -> Vec<String> {
        let mut found = vec![];
        for (secret, forms) in &self.0 {
            for form in forms {
                if let Some(at) = text.find(form) {
                    let from = text.floor_char_boundary(at.saturating_sub(200));
                    let to = text.ceil_char_boundary(at + form.len() + 80);
                    found.push(format!("{place}: {secret} as {form}: {}", &text[from..to]));
                }
            }
        }
        found
    }
}

fn forms(secret: &str) -> BTreeSet<String> {
    let bytes = secret.as_bytes();
    let percent = |byte: &u8, is_kept: bool| match is_kept {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let encoded = |kept: &str| -> String {
        bytes
            .iter()
            .map(|byte| {
                percent(
                    byte,
                    byte.is_ascii_alphanumeric() || kept.as_bytes().contains(byte),
                )
            })
            .collect()
    };
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let json = serde_json::to_string(secret).unwrap();
    let html = secret.replace('&', "&amp;").replace('"', "&quot;");
    let html_by_numbers = secret.replace('&', "&#38;").replace('"', "&#34;");
    let mut forms = BTreeSet::from([
        secret.to_owned(),
        encoded("-_.~"),
        encoded("-_.~").to_lowercase(),
        encoded("-_.~/+=&"),
        encoded("-_.~/"),
        hex.to_uppercase(),
        hex,
        json.trim_matches('"').to_owned(),
        format!("{secret:?}").trim_matches('"').to_owned(),
        html,
        html_by_numbers,
    ]);
    // In base64 what stands before decides how the rest is written.
    for before in 0..3 {
        let all = [&[b'x'; 2][..before], bytes].concat();
        // The letters that are made of its own bits and of no others.
        let (from, to) = ((before * 8).div_ceil(6), all.len() * 8 / 6);
        forms.insert(STANDARD_NO_PAD.encode(&all)[from..to].to_owned());
        forms.insert(URL_SAFE_NO_PAD.encode(&all)[from..to].to_owned());
    }
    forms
}

#[test]
fn a_secret_is_found_in_any_form() {
    let mut needles = Needles::default();
    needles.add("pass/word+\"1\"");
    let check = |text: &str, expected: bool| {
        assert_eq!(!needles.found("here", text).is_empty(), expected, "{text}");
    };
    check("nothing of the kind: pass/word", false);
    check("says pass/word+\"1\" aloud", true);
    check("?p=pass%2Fword%2B%221%22", true);
    check("?p=pass%2fword%2b%221%22", true);
    check(r#"{"p":"pass/word+\"1\""}"#, true);
    check("<p>pass/word+&#34;1&#34;</p>", true);
    for name in ["", "a", "ab", "abc"] {
        let whole = format!("{name}pass/word+\"1\":and more");
        check(&STANDARD_NO_PAD.encode(&whole), true);
        check(&URL_SAFE_NO_PAD.encode(&whole), true);
    }
    check("706173732f776f72642b223122", true);
}
