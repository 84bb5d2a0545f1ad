//! The names of uploaded files: what is taken stays in its folder, has no ending that a server runs but its
//! last, and is taken again as it is.
#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use tenancy_security::upload::{FileName, UploadPolicy};

const PROGRAMS: [&str; 7] = ["asp", "cgi", "htaccess", "jsp", "php", "phtml", "svg"];
const PICTURES: [&str; 5] = ["gif", "jpg", "pdf", "png", "webp"];

fuzz_target!(|data: &[u8]| {
    let Ok(sent) = std::str::from_utf8(data) else {
        return;
    };
    let upload = UploadPolicy::default().begin(sent, None);
    let Ok(name) = sent.parse::<FileName>() else {
        assert!(upload.is_err());
        return;
    };
    let text = name.as_str();
    assert!(text.len() <= 255);
    assert!(!text.contains(['/', '\\', '\0', '\n', '\r', '\u{202e}']));
    assert!(!text.starts_with(['.', '-', ' ']) && !text.ends_with(['.', ' ']));
    let path: Vec<_> = Path::new(text).components().collect();
    assert_eq!(path, [Component::Normal(text.as_ref())]);
    // Whoever decodes it once more finds the same.
    assert_eq!(text.parse::<FileName>().as_ref(), Ok(&name));
    let mut endings = text.split('.');
    endings.next();
    endings.next_back();
    for ending in endings {
        let ending = ending.to_ascii_lowercase();
        assert!(!PROGRAMS.contains(&&*ending), "{text}");
    }
    let Ok(upload) = upload else { return };
    let (random, extension) = upload.stored_name().split_once('.').unwrap();
    let is_generated = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    assert!(!random.is_empty() && random.bytes().all(is_generated));
    assert!(PICTURES.contains(&extension), "{extension} of {text}");
});
