use tenancy_security::upload::{FileType, UploadPolicy, UploadRefusal};

use super::{refused, sample, upload, upload_to};

const SVG: &[u8] =
    b"<?xml version=\"1.0\"?>\n<!-- drawn -->\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>";

#[test]
fn pictures_and_documents_are_taken_by_default() {
    let check = |name: &str, declared: &str, content: &[u8], expected: FileType| {
        for declared in [
            None,
            Some(declared),
            Some("application/octet-stream"),
            Some(""),
        ] {
            let accepted = upload(name, declared, content).unwrap();
            assert_eq!(accepted.file_type, expected, "{name}");
            assert_eq!(accepted.bytes, content.len() as u64);
        }
    };
    check("a.jpg", "image/jpeg", &sample::jpeg(40, 30), FileType::Jpeg);
    check(
        "a.JPEG",
        "image/jpg; q=1",
        &sample::jpeg(4, 3),
        FileType::Jpeg,
    );
    check("a.png", "IMAGE/PNG", &sample::png(40, 30), FileType::Png);
    check(
        "a.webp",
        "image/webp",
        &sample::webp(40, 30),
        FileType::WebP,
    );
    check(
        "a.webp",
        "image/webp",
        &sample::lossy_webp(40, 30),
        FileType::WebP,
    );
    check("a.gif", "image/gif", &sample::gif(40, 30, 3), FileType::Gif);
    check("a.pdf", "application/pdf", &sample::pdf(""), FileType::Pdf);
}

#[test]
fn name_declared_type_and_content_agree() {
    let (png, jpeg) = (sample::png(4, 4), sample::jpeg(4, 4));
    let declared = upload("a.png", Some("image/webp"), &png);
    assert_eq!(declared, Err(UploadRefusal::Declared(FileType::Png)));
    assert_eq!(refused(declared), (415, "type_mismatch"));
    let declared = upload("a.png", Some("text/html"), &png);
    assert_eq!(refused(declared), (415, "type_mismatch"));

    for (name, content) in [
        ("a.webp", &png),
        ("a.png", &jpeg),
        ("a.gif", &png),
        ("a.pdf", &png),
    ] {
        assert_eq!(
            refused(upload(name, None, content)),
            (415, "content_mismatch"),
            "{name}"
        );
    }
    let expected = UploadRefusal::Content {
        expected: FileType::Png,
        found: Some("image/jpeg"),
    };
    assert_eq!(upload("a.png", None, &jpeg), Err(expected));
    assert_eq!(
        refused(upload("a.png", None, b"")),
        (415, "content_mismatch")
    );
}

#[test]
fn archives_and_what_is_compressed_as_a_whole_are_refused() {
    assert_eq!(
        refused(upload("a.zip", None, &sample::zip())),
        (415, "file_type_not_allowed")
    );
    assert_eq!(
        refused(upload("a.png", None, &sample::zip())),
        (415, "content_mismatch")
    );
    let svg = UploadPolicy::builder().types([FileType::Svg]).build();
    let compressed = b"\x1F\x8B\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0";
    let compressed = upload_to(&svg, "a.svg", None, compressed);
    assert_eq!(refused(compressed), (415, "content_mismatch"));
    assert!(svg.begin("a.svgz", None).is_err());
}

#[test]
fn svg_and_html_are_taken_only_where_that_is_wished() {
    let scripted: &[u8] =
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    for content in [SVG, scripted] {
        assert_eq!(
            refused(upload("a.SvG", None, content)),
            (415, "file_type_not_allowed")
        );
    }
    let policy = UploadPolicy::builder()
        .types([FileType::Html, FileType::Svg])
        .build();
    // With a prolog, without, and with a script: it is a download whatever is in it.
    for content in [SVG, scripted] {
        let accepted = upload_to(&policy, "a.SvG", Some("image/svg+xml"), content).unwrap();
        assert_eq!(accepted.file_type, FileType::Svg);
        assert!(!accepted.file_type.is_inert());
    }
    upload_to(
        &policy,
        "a.html",
        Some("text/html"),
        "<p>Grüße</p>".as_bytes(),
    )
    .unwrap();
    for not_markup in [
        &b"just words"[..],
        b"<svg>\0</svg>",
        b"<svg>\xFF</svg>",
        b"<p>no drawing</p>",
        b"<svg>\xC3",
    ] {
        let outcome = upload_to(&policy, "a.svg", None, not_markup);
        assert_eq!(refused(outcome), (422, "malformed_file"), "{not_markup:?}");
    }
    assert_eq!(
        refused(upload_to(&policy, "a.png", None, &sample::png(1, 1))),
        (415, "file_type_not_allowed")
    );
}

#[test]
fn a_file_has_no_more_bytes_than_it_may() {
    let png = sample::png(20, 20);
    let policy = UploadPolicy::builder().bytes_max(png.len() as u64).build();
    upload_to(&policy, "a.png", None, &png).unwrap();
    let policy = UploadPolicy::builder()
        .bytes_max(png.len() as u64 - 1)
        .build();
    assert_eq!(
        refused(upload_to(&policy, "a.png", None, &png)),
        (413, "file_too_large")
    );
}

#[test]
fn a_refused_file_stays_refused() {
    let mut upload = UploadPolicy::default().begin("a.gif", None).unwrap();
    assert_eq!(upload.update(b"GIF89a<script>"), Err(UploadRefusal::Active));
    assert_eq!(upload.update(b""), Err(UploadRefusal::Active));
    assert_eq!(upload.finish(), Err(UploadRefusal::Active));
}
