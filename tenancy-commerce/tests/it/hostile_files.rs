use std::fmt::Write;

use proptest::prelude::*;
use tenancy_commerce::import::{Counts, Format, ImportErrorKind};

use crate::support::{shopify, try_import, usd};

fn refused(file: &[u8]) -> ImportErrorKind {
    try_import(Format::Shopify, file).unwrap_err().kind()
}

fn check_slugs(file: &[u8], slugs: &[&str], errors: &[(u64, Option<&str>)]) {
    let imported = shopify(file);
    assert_eq!(imported.slugs(), slugs);
    assert_eq!(imported.error_cells(), errors);
}

#[test]
fn an_empty_file_is_refused_and_a_header_alone_is_an_empty_shop() {
    for file in [&b""[..], b"\n\n", b"\xef\xbb\xbf", b",,,\n"] {
        assert_eq!(refused(file), ImportErrorKind::Empty, "{file:?}");
    }
    for file in ["Handle,Title", "Handle,Title\r\n", "\u{feff}Handle;Title\r"] {
        let imported = shopify(file);
        assert_eq!(
            (imported.counts, imported.errors),
            (Counts::default(), Vec::new()),
            "{file:?}"
        );
    }
}

#[test]
fn a_header_that_cannot_be_used_is_refused() {
    let wide = format!("Title{}\n", ",x".repeat(600));
    for file in [
        "Name,Type\nTee,simple\n",
        "Handle,Title,Title\na,A,B\n",
        "Handle,URL handle,Title\na,b,A\n",
        "Handle,Title,\"x\na,A,1\n",
        "SEO Title,seo title,Title\n",
        "Handle,Title\0\n",
        &wide,
    ] {
        assert_eq!(
            refused(file.as_bytes()),
            ImportErrorKind::Header,
            "{file:.40}"
        );
    }
    assert_eq!(refused(b"Handle,Titl\xe9\n"), ImportErrorKind::Header);
    let message = try_import(Format::Shopify, b"Handle,Title,Title\n")
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        r#"the header cannot be used: the columns "Title" and "Title" mean the same"#
    );
}

#[test]
fn utf_16_is_refused_with_advice() {
    let utf16 = |text: &str| {
        text.encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>()
    };
    assert_eq!(
        refused(&utf16("\u{feff}Handle,Title\n")),
        ImportErrorKind::Utf16
    );
    assert_eq!(refused(&utf16("Handle,Title\n")), ImportErrorKind::Utf16);
    let message = try_import(Format::Shopify, &utf16("\u{feff}a"))
        .unwrap_err()
        .to_string();
    assert_eq!(message, "the file is in UTF-16; save it as UTF-8");
}

#[test]
fn delimiters_and_line_ends_are_found_out() {
    let comma = "Handle,Title,Variant Price,Body (HTML)\na,A,1,\"x,y\"\nb,B,2,z\n";
    for (delimiter, line_end) in [
        (",", "\n"),
        (",", "\r\n"),
        (",", "\r"),
        (";", "\r\n"),
        ("\t", "\n"),
    ] {
        let file = comma
            .replace("x,y", "x|y")
            .replace(',', delimiter)
            .replace('\n', line_end);
        let imported = shopify(format!("\u{feff}{}", file.replace('|', ",")));
        assert_eq!(imported.errors, [], "{file:?}");
        assert_eq!(imported.slugs(), ["a", "b"], "{file:?}");
        assert_eq!(
            imported.products[0].draft.description.as_str(),
            "x,y",
            "{file:?}"
        );
    }
}

#[test]
fn a_wrong_number_of_cells_costs_one_row() {
    let file = b"Handle,Title,Variant Price\na,A,1\nb,B\nc,C,1,2\n\nd,D,1\n,,\ne,,1\n";
    check_slugs(
        file,
        &["a", "d"],
        &[(3, None), (4, None), (8, Some("Title"))],
    );
}

#[test]
fn a_product_with_an_unreadable_row_fails_as_a_whole() {
    let file = b"Handle,Title,Variant Price\na,A,1\na,,2,x\na,,3\nb,B,1\n";
    check_slugs(file, &["b"], &[(3, None)]);
    let file = b"Handle,Title,Variant Price\na,A,1,x\na,,2\nb,B,1\n";
    check_slugs(file, &["b"], &[(2, None)]);
}

#[test]
fn nul_and_latin_1_cost_one_row() {
    let file = b"Handle,Title,Variant Price\na,Caf\xe9,1\nb,B\0,1\nc,\xc3,1\xa9\nd,Caf\xc3\xa9,1\n";
    let title = Some("Title");
    check_slugs(file, &["d"], &[(2, title), (3, title), (4, title)]);
}

/// The rows of shops with and without an unclosed quote in one of them.
#[test]
fn an_unclosed_quote_costs_its_row_wherever_it_is() {
    let body = Some("Body (HTML)");
    let file = |rows: &str| format!("Handle,Title,Body (HTML),Variant Price\n{rows}");
    let start = "a,A,\"<p>,1\nb,B,\"<p>x</p>\",1\nc,C,\"y\",1\n";
    check_slugs(file(start).as_bytes(), &["b", "c"], &[(2, body)]);
    let middle = "a,A,\"x\",1\nb,B,\"<p>,1\nc,C,\"y\",1\nd,D,z,1\n";
    check_slugs(file(middle).as_bytes(), &["a", "c", "d"], &[(3, body)]);
    let end = "a,A,\"x\",1\nb,B,\"y\",1\nc,C,\"<p>,1";
    check_slugs(file(end).as_bytes(), &["a", "b"], &[(4, body)]);
    let no_more_quotes = "a,A,\"x,1\nb,B,y,1\nc,C,z,1\n";
    check_slugs(file(no_more_quotes).as_bytes(), &["b", "c"], &[(2, body)]);
    let only_escapes_after = "a,A,\"x,1\nb,B,y \"\" z,1\nc,C,z,1\n";
    check_slugs(
        file(only_escapes_after).as_bytes(),
        &["b", "c"],
        &[(2, body)],
    );
    let text_after = "a,A,\"x\"y,1\nb,B,y,1\n";
    check_slugs(file(text_after).as_bytes(), &["b"], &[(2, body)]);
    let carriage_returns = file("a,A,\"x,1\nb,B,\"y\",1\n").replace('\n', "\r");
    check_slugs(carriage_returns.as_bytes(), &["b"], &[(2, body)]);
}

#[test]
fn an_unclosed_quote_is_found_again_after_megabytes() {
    let mut file = "Handle,Title,Body (HTML),Variant Price\na,A,\"x,1\n".to_owned();
    for number in 0..60_000 {
        writeln!(file, "h{number},H,{:0>40},1", number).unwrap();
    }
    let imported = shopify(file);
    assert_eq!(imported.error_cells(), [(2, Some("Body (HTML)"))]);
    assert_eq!(imported.products.len(), 60_000);
}

#[test]
fn many_unclosed_quotes_do_not_take_forever() {
    let mut file = "Handle,Title,Body (HTML),Variant Price\n".to_owned();
    for number in 0..20_000 {
        writeln!(file, "h{number},H,\"x,1").unwrap();
    }
    assert_eq!(shopify(file).errors.len(), 20_000);
}

#[test]
fn a_cell_that_is_too_large_costs_its_row() {
    let large = "x".repeat(10 * 1024 * 1024);
    let body = Some("Body (HTML)");
    for cell in [
        large.clone(),
        format!("\"{large}\""),
        format!("\"{}\"", large.replace("xx", "x\n")),
    ] {
        let file = format!("Handle,Title,Body (HTML),Variant Price\na,A,{cell},1\nb,B,y,1\n");
        check_slugs(file.as_bytes(), &["b"], &[(2, body)]);
    }
    let row = vec!["y".repeat(1024 * 1024); 5].join(",");
    let file = format!("Handle,Title,a,b,c,d,e\na,A,{row}\nb,B,,,,,\n");
    check_slugs(file.as_bytes(), &["b"], &[(2, None)]);
}

#[test]
fn a_description_is_refused_before_it_is_sanitised() {
    let large = "<b>".repeat(200 * 1024);
    let file = format!("Handle,Title,Body (HTML)\na,A,{large}\n");
    check_slugs(file.as_bytes(), &[], &[(2, Some("Body (HTML)"))]);
}

#[test]
fn reading_stops_at_an_input_that_fails() {
    struct Broken(usize);
    impl std::io::Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => {
                    buffer[..6].copy_from_slice(b"Title\n");
                    Ok(6)
                }
                _ => Err(std::io::Error::other("gone")),
            }
        }
    }
    impl std::io::Seek for Broken {
        fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
            Ok(0)
        }
    }
    let reader = tenancy_commerce::import::ProductReader::new(Format::Shopify, Broken(0), usd());
    assert_eq!(reader.unwrap_err().kind(), ImportErrorKind::Unreadable);
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "\"",
        "\"\"",
        ",",
        ",,,",
        ";",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "a",
        "b",
        "A",
        "1",
        "-1",
        "1.005",
        "'=",
        "<p>",
        "true",
        "active",
        "variable",
        "variation",
        "simple",
        "id:1",
        "https://a.example/a.jpg",
        "S",
        "\0",
        "é",
    ]);
    prop_oneof![
        8 => words.prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_a_reader_panic(
        header in prop::sample::select(vec![
            "", "Handle,Title\n", "Handle,Title,Variant Price,Option1 Name,Option1 Value,Image Src,Status\n",
            "ID,Type,SKU,Name,Regular price,Parent,Attribute 1 name,Attribute 1 value(s),Images\n",
            "Name;Type;SKU;Parent\n",
        ]),
        pieces in prop::collection::vec(piece(), 0..120),
    ) {
        let file = [header.as_bytes(), &pieces.concat()].concat();
        for format in [Format::Shopify, Format::WooCommerce] {
            if let Ok(imported) = try_import(format, &file) {
                prop_assert!(imported.products.len() as u64 <= imported.counts.products);
            }
        }
    }
}
