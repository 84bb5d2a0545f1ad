use super::{refused, sample, upload};

#[test]
fn nothing_stands_behind_a_picture() {
    let script: &[u8] = b"x=1;alert(1)";
    let zip = sample::zip();
    for (name, picture) in [
        ("a.png", sample::png(8, 8)),
        ("a.jpg", sample::jpeg(8, 8)),
        ("a.gif", sample::gif(8, 8, 1)),
        ("a.webp", sample::webp(8, 8)),
    ] {
        upload(name, None, &picture).unwrap();
        for behind in [script, &zip, b"\n", b"%PDF-1.4\n%%EOF"] {
            let outcome = upload(name, None, &[&picture, behind].concat());
            assert_eq!(
                refused(outcome),
                (422, "trailing_data"),
                "{name} {behind:?}"
            );
        }
        let outcome = upload(name, None, &[&picture, &b"<script>1</script>"[..]].concat());
        assert_eq!(refused(outcome).0, 422, "{name}");
    }
    let behind = [sample::pdf(""), zip].concat();
    assert_eq!(
        refused(upload("a.pdf", None, &behind)),
        (422, "trailing_data")
    );
}

#[test]
fn what_a_picture_says_of_itself_holds_nothing_to_run() {
    let payloads: [&[u8]; 9] = [
        b"<script>alert(1)</script>",
        b"<ScRiPt src=//evil.example>",
        b"<?php system($_GET[0]);",
        b"<?=`$_GET[0]`",
        b"<html><body onload=alert(1)>",
        b"<!DOCTYPE html>",
        b"<svg onload=alert(1)>",
        b"%PDF-1.4 1 0 obj",
        &sample::zip(),
    ];
    for payload in payloads {
        let long = [&[b'x'; 250][..], payload].concat();
        for payload in [payload, &long] {
            for (name, content) in [
                ("a.gif", sample::gif_with(payload)),
                ("a.jpg", sample::jpeg_with(0xFE, payload)),
                ("a.jpg", sample::jpeg_with(0xE1, payload)),
                ("a.png", sample::png_with(b"tEXt", payload)),
                ("a.png", sample::compressed(b"iCCP", payload)),
                ("a.png", sample::compressed(b"iTXt", payload)),
                ("a.png", sample::compressed(b"zTXt", payload)),
                ("a.webp", with_metadata(b"XMP ", payload)),
            ] {
                let outcome = upload(name, None, &content);
                assert_eq!(
                    refused(outcome),
                    (422, "active_content"),
                    "{name} {payload:?}"
                );
            }
        }
    }
}

fn with_metadata(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let plain = sample::webp(8, 8);
    let inside = &plain[20..];
    let canvas = [0, 0, 0, 0, 7, 0, 0, 7, 0, 0];
    sample::riff(&[(b"VP8X", &canvas), (b"VP8L", inside), (name, data)])
}

#[test]
fn what_programs_write_of_a_picture_is_no_fault() {
    let xmp =
        b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>\
        <dc:title>Tea &amp; cake, 50% off</dc:title></x:xmpmeta><?xpacket end='w'?>";
    for (name, content) in [
        ("a.gif", sample::gif_with(xmp)),
        ("a.jpg", sample::jpeg_with(0xE1, xmp)),
        (
            "a.jpg",
            sample::jpeg_with(
                0xFE,
                b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n",
            ),
        ),
        ("a.png", sample::png_with(b"iTXt", xmp)),
        ("a.webp", with_metadata(b"XMP ", xmp)),
    ] {
        upload(name, None, &content).unwrap();
    }
}

#[test]
fn a_gif_that_is_a_script_is_refused() {
    for content in [
        &b"GIF89a<script>alert(1)</script>"[..],
        b"GIF89a/*\x01\0\x01\0*/=1;alert(1)",
        b"GIF89a<?php phpinfo(); ?>",
    ] {
        assert_eq!(refused(upload("a.gif", Some("image/gif"), content)).0, 422);
    }
}

#[test]
fn a_document_with_a_script_is_only_a_download() {
    let scripted = sample::pdf("/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>");
    let accepted = upload("a.pdf", None, &scripted).unwrap();
    assert!(!accepted.file_type.is_inert());
    assert_eq!(
        refused(upload("a.pdf", None, b"%PDF-1.7\nno end")),
        (422, "malformed_file")
    );
    let late = [b"\n".repeat(10), sample::pdf("")].concat();
    assert_eq!(
        refused(upload("a.pdf", None, &late)),
        (422, "malformed_file")
    );
}
