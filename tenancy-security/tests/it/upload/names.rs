use tenancy_security::upload::{FileName, InvalidFileName, UploadPolicy, UploadRefusal};

use super::{refused, sample, upload};

#[test]
fn a_name_that_misleads_is_refused() {
    use InvalidFileName::*;
    let check = |name: &str, expected: InvalidFileName| {
        assert_eq!(name.parse::<FileName>(), Err(expected), "{name:?}");
        let refusal = UploadPolicy::default().begin(name, None).unwrap_err();
        assert_eq!(refusal, UploadRefusal::Name(expected), "{name:?}");
        assert_eq!(refusal.status(), 422);
    };
    for name in [
        "a.php.jpg",
        "a.PHP5.jpg",
        "a.phtml.png",
        "a.php .jpg",
        "a.asp;.jpg",
        "a.html.jpg",
        "a.svg.png",
        "a.x.phar.y.gif",
        "a%2ephp%2ejpg",
        "a.jsp%20.jpg",
        "a.cgi-old.jpg",
        "web.config.jpg",
    ] {
        check(name, ActiveEnding);
    }
    for name in [
        "a.jpg%00.php",
        "a\0.jpg",
        "a%00.jpg",
        "a\r\n.jpg",
        "a\u{7f}.jpg",
        "a\u{85}.jpg",
        "a%2500.jpg",
    ] {
        check(name, Control);
    }
    for name in [
        ".htaccess",
        ".a.jpg",
        "-rf.jpg",
        " a.jpg",
        "a.jpg.",
        "a.jpg ",
        "a.php.",
        ".",
        "..",
        "%2ejpg",
        "..%2fx.jpg",
        "..%252fx.jpg",
    ] {
        check(name, Ends);
    }
    for name in [
        "../../x",
        "..\\x.jpg",
        "/etc/passwd",
        "a/b.jpg",
        "C:x.jpg",
        "a.jpg::$DATA",
        "%5cx.jpg",
    ] {
        check(name, Folder);
    }
    for name in [
        "CON.txt",
        "con.jpg",
        "NUL",
        "Lpt1.png",
        "com9.tar.gif",
        "com¹.jpg",
        "aux .jpg",
    ] {
        check(name, Device);
    }
    check("photo\u{202E}gpj.png", Direction);
    check("photo%E2%80%AEgpj.png", Direction);
    check("a\u{2066}.png", Direction);
    check("", Empty);
    check(&format!("{}.jpg", "a".repeat(300)), TooLong);
    check(&format!("{}.jpg", "ä".repeat(126)), TooLong);
    check("%25252525252500.jpg", Encoded);
}

#[test]
fn a_plain_name_in_any_script_is_kept() {
    let check = |name: &str, expected: &str| {
        let name: FileName = name.parse().unwrap();
        assert_eq!(name.as_str(), expected);
    };
    for name in [
        "photo.jpg",
        "Übersicht 2024.png",
        "写真.webp",
        "v1.2.final.pdf",
        "console.png",
        "50% off.jpg",
        "what? this.png",
        "example.com.png",
        "\u{1F600}.gif",
        "it's (1).jpg",
        "a..b.jpg",
        "php.jpg",
        "nullable.png",
        "com10.png",
        "لوحة.png",
    ] {
        check(name, name);
    }
    check(
        &format!("{}.jpg", "a".repeat(251)),
        &format!("{}.jpg", "a".repeat(251)),
    );
    // As browsers write a quotation mark.
    check("a %22b%22.png", "a \"b\".png");
}

#[test]
fn an_ending_that_is_not_taken_is_refused() {
    for name in [
        "a.php",
        "web.config",
        "a",
        "a.exe",
        "a.svg",
        "a.SvG",
        "a.html",
        "a.zip",
        "a.jpg.php",
        "a.svgz",
    ] {
        let refusal = UploadPolicy::default().begin(name, None).unwrap_err();
        assert_eq!(
            (refusal, refusal.status().as_u16()),
            (UploadRefusal::Type, 415),
            "{name}"
        );
    }
}

#[test]
fn the_stored_name_is_generated() {
    let png = sample::png(3, 2);
    let first = upload("Holiday.PNG", None, &png).unwrap();
    let second = upload("Holiday.PNG", None, &png).unwrap();
    assert_ne!(first.stored_name, second.stored_name);
    let (random, extension) = first.stored_name.split_once('.').unwrap();
    assert_eq!((random.len(), extension), (32, "png"));
    assert!(random.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(first.name.as_str(), "Holiday.PNG");
    assert_eq!(
        refused(upload("a.php.png", None, &png)),
        (422, "invalid_file_name")
    );
}
