use proptest::prelude::*;
use tenancy_security::upload::{UploadPolicy, UploadRefusal};

use super::{refused, sample, upload, upload_to};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_picture_has_the_size_that_its_program_gave_it(width in 1_u32..90, height in 1_u32..90) {
        for (name, content) in [
            ("a.png", sample::png(width, height)),
            ("a.jpg", sample::jpeg(width, height)),
            ("a.webp", sample::webp(width, height)),
            ("a.gif", sample::gif(width, height, 2)),
        ] {
            let accepted = upload(name, None, &content).unwrap();
            prop_assert_eq!((accepted.width, accepted.height), (Some(width), Some(height)), "{}", name);
            // Cut off anywhere it is no picture.
            let cut = content.len() * 2 / 3;
            prop_assert!(upload(name, None, &content[..cut]).is_err(), "{}", name);
        }
    }
}

#[test]
fn a_picture_that_would_fill_the_memory_is_refused_by_its_header() {
    // 65,535 x 65,535 pixels in a few hundred bytes: 17 GB once decoded.
    let mut png = sample::png(4, 4);
    png[16..24].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    assert_eq!(
        refused(upload("a.png", None, &png)),
        (413, "too_many_pixels")
    );
    let mut gif = sample::gif(4, 4, 1);
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    assert_eq!(
        refused(upload("a.gif", None, &gif)),
        (413, "too_many_pixels")
    );
    let webp = sample::lossy_webp(0x3FFF, 0x3FFF);
    assert_eq!(
        refused(upload("a.webp", None, &webp)),
        (413, "too_many_pixels")
    );
    let mut jpeg = sample::jpeg(4, 4);
    let frame = jpeg.windows(2).position(|two| two == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
    assert_eq!(
        refused(upload("a.jpg", None, &jpeg)),
        (413, "too_many_pixels")
    );
    // The header is enough: nothing behind it was read.
    let mut started = UploadPolicy::default().begin("a.png", None).unwrap();
    assert!(started.update(&png[..29]).is_err());
}

#[test]
fn pixels_are_counted_exactly_and_over_all_frames() {
    let check = |policy: UploadPolicy, expected: bool| {
        let outcome = upload_to(&policy, "a.gif", None, &sample::gif(10, 10, 5));
        assert_eq!(outcome.is_ok(), expected, "{policy:?}");
    };
    let policy = UploadPolicy::builder();
    check(policy.clone().pixels_max(100).build(), true);
    check(policy.clone().pixels_max(99).build(), false);
    // The canvas and five frames, of four bytes each pixel.
    check(policy.clone().decoded_bytes_max(2400).build(), true);
    check(policy.decoded_bytes_max(2399).build(), false);
}

#[test]
fn a_picture_without_pixels_or_without_data_is_damaged() {
    let mut png = sample::png(4, 4);
    png[16..20].copy_from_slice(&[0; 4]);
    assert_eq!(
        refused(upload("a.png", None, &png)),
        (422, "malformed_file")
    );
    let header_only = [&sample::png(4, 4)[..33], b"\0\0\0\0IEND\xAE\x42\x60\x82"].concat();
    assert_eq!(
        refused(upload("a.png", None, &header_only)),
        (422, "malformed_file")
    );
    let empty = sample::riff(&[(b"EXIF", b"nothing")]);
    assert_eq!(
        refused(upload("a.webp", None, &empty)),
        (422, "malformed_file")
    );
    assert_eq!(
        refused(upload("a.jpg", None, b"\xFF\xD8\xFF\xD9")),
        (422, "malformed_file")
    );
    assert_eq!(
        refused(upload("a.gif", None, b"GIF89a\x01\0\x01\0\0\0\0;")),
        (422, "malformed_file")
    );
}

#[test]
fn several_pictures_in_one_file_are_taken_as_telephones_write_them() {
    let two = [sample::jpeg(40, 30), sample::jpeg(4, 3)].concat();
    let accepted = upload("a.jpg", None, &two).unwrap();
    assert_eq!((accepted.width, accepted.height), (Some(40), Some(30)));
    let cut = &two[..two.len() - 2];
    assert_eq!(refused(upload("a.jpg", None, cut)), (422, "malformed_file"));
}

#[test]
fn what_a_picture_says_compressed_is_inflated_within_bounds() {
    const MEBIBYTE: usize = 1024 * 1024;
    // Each chunk counts for a kibibyte, and its content for itself.
    let check = |words: usize, expected: Result<(), (u16, &'static str)>| {
        for name in [b"iCCP", b"iTXt", b"zTXt"] {
            let outcome = upload("a.png", None, &sample::compressed(name, &vec![b'x'; words]));
            let outcome = outcome.map(drop).map_err(|refusal| refused(Err(refusal)));
            assert_eq!(outcome, expected, "{words} in {name:?}");
        }
    };
    check(0, Ok(()));
    check(5, Ok(()));
    check(MEBIBYTE - 1024, Ok(()));
    check(MEBIBYTE - 1023, Err((413, "metadata_too_large")));
    check(40 * MEBIBYTE, Err((413, "metadata_too_large")));
    let many = |chunks: usize| {
        let data = [b"a\0\0", &sample::zlib(b"")[..]].concat();
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        let chunk = [&length, &b"zTXt"[..], &data, b"none"].concat();
        let mut png = sample::png(8, 8);
        png.splice(33..33, chunk.repeat(chunks));
        UploadPolicy::default()
            .begin("a.png", None)
            .and_then(|mut upload| upload.update(&png))
    };
    assert_eq!(many(1024), Ok(()));
    assert_eq!(many(1025), Err(UploadRefusal::TooManyWords));
}

#[test]
fn what_is_said_to_be_compressed_and_is_not_makes_a_picture_damaged() {
    let check = |name: &[u8; 4], data: &[u8], expected: bool| {
        let outcome = upload("a.png", None, &sample::png_with(name, data));
        match expected {
            true => drop(outcome.unwrap()),
            false => assert_eq!(refused(outcome), (422, "malformed_file"), "{data:?}"),
        }
    };
    let words = sample::zlib(b"Painted in May");
    check(b"zTXt", &[b"Note\0\0", &words[..]].concat(), true);
    check(b"zTXt", &[b"Note\0\x01", &words[..]].concat(), false);
    check(b"zTXt", &[b"Note\0\0", &words[..8]].concat(), false);
    check(b"zTXt", b"Note\0\0plain words", false);
    check(b"iTXt", b"Note\0\0\0de\0Notiz\0plain words", true);
    check(b"iTXt", b"Note\0\x01\0de\0Notiz\0plain words", false);
    check(b"iTXt", b"Note\0\x02\0de\0Notiz\0plain words", false);
}
