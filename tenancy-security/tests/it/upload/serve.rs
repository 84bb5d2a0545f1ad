use tenancy_security::upload::{FileType, ServeAs};

#[test]
fn a_stored_file_can_only_be_shown_or_saved() {
    let check = |file_type: FileType, expected: &str| {
        let headers = ServeAs::new(file_type, "a b.png").headers();
        let said = |name| headers[name].to_str().unwrap();
        assert_eq!(said("content-disposition"), expected, "{file_type}");
        assert_eq!(said("content-type"), file_type.content_type());
        assert_eq!(said("x-content-type-options"), "nosniff");
        assert_eq!(said("cross-origin-resource-policy"), "same-origin");
        let shared = ServeAs::new(file_type, "a").on_other_sites().headers();
        assert_eq!(shared["cross-origin-resource-policy"], "cross-origin");
        assert_eq!(
            said("content-security-policy"),
            "default-src 'none'; frame-ancestors 'none'; sandbox"
        );
        assert_eq!(said("cache-control"), "public, max-age=86400");
    };
    let named = "filename=\"a b.png\"; filename*=UTF-8''a%20b.png";
    for picture in [FileType::Gif, FileType::Jpeg, FileType::Png, FileType::WebP] {
        check(picture, &format!("inline; {named}"));
    }
    for active in [FileType::Html, FileType::Pdf, FileType::Svg] {
        check(active, &format!("attachment; {named}"));
    }
}

#[test]
fn a_name_ends_no_header() {
    let check = |name: &str, expected: &str| {
        let headers = ServeAs::new(FileType::Png, name).download().headers();
        let said = headers["content-disposition"].to_str().unwrap();
        assert_eq!(said, format!("attachment; {expected}"));
    };
    check(
        "ü\".png",
        "filename=\"__.png\"; filename*=UTF-8''%C3%BC%22.png",
    );
    check(
        "a\r\nSet-Cookie: x=1",
        "filename=\"a__Set-Cookie: x=1\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%3D1",
    );
    check(
        "a\\\"; x=\"%.gif",
        "filename=\"a__; x=__.gif\"; filename*=UTF-8''a%5C%22%3B%20x%3D%22%25.gif",
    );
}

#[test]
fn a_type_is_known_by_its_own_name_only() {
    for file_type in FileType::ALL {
        assert_eq!(file_type.content_type().parse(), Ok(file_type));
    }
    assert!("text/javascript".parse::<FileType>().is_err());
}
