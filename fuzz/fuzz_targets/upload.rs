//! Uploaded files: what is found does not depend on how a file is cut into pieces, a refusal is final, and
//! what is taken keeps to the policy that it was judged by.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tenancy_security::upload::{Accepted, FileType, Inspection, UploadPolicy, UploadRefusal};

const NAMES: [&str; 7] = [
    "a.gif", "a.html", "a.jpg", "a.pdf", "a.png", "a.svg", "a.webp",
];

const BYTES_MAX: u64 = 900;
const PIXELS_MAX: u64 = 1_000_000;
const SCRIPT: &[u8] = b"<script";

fuzz_target!(|data: &[u8]| {
    let [which, cut, content @ ..] = data else {
        return;
    };
    let name = NAMES[usize::from(*which) % NAMES.len()];
    let policy = UploadPolicy::builder()
        .types(FileType::ALL)
        .bytes_max(BYTES_MAX)
        .pixels_max(PIXELS_MAX)
        .build();
    let begin = || policy.begin(name, None).unwrap();
    let whole = judge(begin(), [content]);
    let pieces = judge(begin(), content.chunks(usize::from(*cut).max(1)));
    let single = judge(begin(), content.chunks(1));
    // Which of several faults is named depends on what came in one piece, whether there is one does not.
    assert_eq!(whole.is_ok(), pieces.is_ok(), "{whole:?} {pieces:?}");
    assert_eq!(whole.is_ok(), single.is_ok(), "{whole:?} {single:?}");
    let Ok(accepted) = whole else { return };
    assert!(content.len() as u64 <= BYTES_MAX);
    assert_eq!(accepted.bytes, content.len() as u64);
    assert!(name.ends_with(accepted.file_type.extension()));
    let is_text = matches!(
        accepted.file_type,
        FileType::Html | FileType::Pdf | FileType::Svg
    );
    assert_eq!(accepted.width.is_none(), is_text);
    if let (Some(width), Some(height)) = (accepted.width, accepted.height) {
        assert!((1..=PIXELS_MAX).contains(&(u64::from(width) * u64::from(height))));
        let holds_script = content
            .windows(SCRIPT.len())
            .any(|bytes| bytes.eq_ignore_ascii_case(SCRIPT));
        assert!(!holds_script);
        // Nothing may follow a picture, and a picture that ends too soon is none.
        let behind = [content, b"\0"].concat();
        assert!(judge(begin(), [&behind[..]]).is_err());
        let cut_off = &content[..content.len() - 1];
        assert!(judge(begin(), [cut_off]).is_err());
    }
});

fn judge<'c>(
    mut inspection: Inspection,
    pieces: impl IntoIterator<Item = &'c [u8]>,
) -> Result<Accepted, UploadRefusal> {
    for piece in pieces {
        if let Err(refusal) = inspection.update(piece) {
            assert_eq!(inspection.update(b""), Err(refusal));
            assert_eq!(inspection.finish(), Err(refusal));
            return Err(refusal);
        }
    }
    inspection.finish()
}
