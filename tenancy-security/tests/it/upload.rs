//! Files from strangers: acceptance behaviours of uploads, each a test.

mod names;
mod pictures;
mod polyglots;
mod random;
mod sample;
mod serve;
mod types;

use tenancy_security::upload::{Accepted, UploadPolicy, UploadRefusal};

/// Uploads a file in pieces of a few lengths; all must come to the same.
fn upload_to(
    policy: &UploadPolicy,
    name: &str,
    declared: Option<&str>,
    content: &[u8],
) -> Result<Accepted, UploadRefusal> {
    let in_pieces_of = |bytes: usize| {
        let mut upload = policy.begin(name, declared)?;
        for piece in content.chunks(bytes) {
            upload.update(piece)?;
        }
        upload.finish()
    };
    let whole = in_pieces_of(usize::MAX);
    for bytes in [1, 7, 4096] {
        let pieces = in_pieces_of(bytes);
        assert_eq!(
            pieces.is_ok(),
            whole.is_ok(),
            "{name} by {bytes}: {pieces:?} {whole:?}"
        );
    }
    whole
}

fn upload(name: &str, declared: Option<&str>, content: &[u8]) -> Result<Accepted, UploadRefusal> {
    upload_to(&UploadPolicy::default(), name, declared, content)
}

/// The refusal's status and code.
#[track_caller]
fn refused(outcome: Result<Accepted, UploadRefusal>) -> (u16, &'static str) {
    let refusal = outcome.unwrap_err();
    (refusal.status().as_u16(), refusal.code())
}
