//! Whatever is sent, nothing panics, and how it is cut into pieces does not matter.

use proptest::prelude::*;
use tenancy_security::upload::{FileName, FileType, ServeAs, UploadPolicy};

use super::{sample, upload_to};

fn all() -> UploadPolicy {
    UploadPolicy::builder().types(FileType::ALL).build()
}

const NAMES: [&str; 7] = [
    "a.gif", "a.html", "a.jpg", "a.pdf", "a.png", "a.svg", "a.webp",
];

fn beginnings() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![]),
        Just(sample::png(3, 3)[..33].to_vec()),
        Just(sample::jpeg(3, 3)),
        Just(sample::gif(3, 3, 1)[..20].to_vec()),
        Just(sample::webp(3, 3)[..20].to_vec()),
        Just(b"%PDF-1.7".to_vec()),
        Just(b"<svg>".to_vec()),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_judged(
        beginning in beginnings(),
        rest in proptest::collection::vec(any::<u8>(), 0..600),
        name in 0..NAMES.len(),
    ) {
        let _ = upload_to(&all(), NAMES[name], None, &[beginning, rest].concat());
    }

    #[test]
    fn a_damaged_picture_is_judged(at in any::<prop::sample::Index>(), byte: u8, which in 0..4_usize) {
        let (name, mut content) = match which {
            0 => ("a.png", sample::png(5, 5)),
            1 => ("a.jpg", sample::jpeg(5, 5)),
            2 => ("a.gif", sample::gif(5, 5, 2)),
            _ => ("a.webp", sample::webp(5, 5)),
        };
        let at = at.index(content.len());
        content[at] = byte;
        let _ = upload_to(&all(), name, None, &content);
    }

    #[test]
    fn any_name_is_judged_and_served(name in ".{0,40}", declared in ".{0,20}") {
        let _ = all().begin(&name, Some(&declared));
        if let Ok(name) = name.parse::<FileName>() {
            prop_assert!(!name.as_str().contains(['/', '\\', '\0', '\n']));
        }
        for file_type in FileType::ALL {
            let headers = ServeAs::new(file_type, &name).headers();
            prop_assert_eq!(headers["content-type"].to_str().unwrap(), file_type.content_type());
            let disposition = headers["content-disposition"].to_str().unwrap();
            prop_assert_eq!(disposition.matches('"').count(), 2, "{}", disposition);
        }
    }
}
