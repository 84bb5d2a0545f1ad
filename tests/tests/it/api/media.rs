use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::json;
use tempfile::TempDir;
use tenancy_tests::{Browser, Postgres, Server};

use super::shop::{Shop, id, png};
use crate::town::Town;

const PNG: (&str, &str) = ("Blue lamp.png", "image/png");

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![];
    };
    let entries = entries.map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

fn stored(town: &Town) -> usize {
    files(&Path::new(town.data()).join("media")).len()
}

#[tokio::test]
async fn a_picture_is_shown_on_the_pages_of_a_shops_other_domain() {
    let town = Town::on_sqlite().await;
    let shop = Shop::open(&town, "shop");
    let dot = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let file = shop.upload(&[], &[], ("dot.gif", "image/gif"), dot).await;
    let file = file.with(201);
    let port = town.address.port();
    let origin = format!("http://www.shop.test:{port}");
    town.command(&["domain", "add", "--tenant", "shop", "www.shop.test"]);
    // The policy names own domains without a port, which only a test's server has.
    let sources = format!("img-src={origin}");
    town.command(&["tenant", "update", "shop", "--page-sources", &sources]);
    let browser = Browser::start().await;
    let page = format!("http://shop.localhost:{port}/");
    let shows = async |address: String| {
        browser.client().goto(&page).await.unwrap();
        let script = "const [address, done] = arguments;
            const picture = document.body.appendChild(new Image());
            picture.onload = () => done(picture.naturalWidth);
            picture.onerror = () => done('refused');
            picture.src = address;";
        let shown = browser.client().execute_async(script, vec![address.into()]);
        shown.await.unwrap()
    };
    let path = file["url"].as_str().unwrap();
    assert_eq!(shows(path.to_owned()).await, 1);
    assert_eq!(
        shows(format!("{origin}{path}")).await,
        1,
        "{:?}",
        browser.console().await
    );
    // What nobody uploaded stays with its own site.
    let drawn = "/pictures/lamp.svg";
    assert_ne!(shows(drawn.to_owned()).await, "refused");
    assert_eq!(shows(format!("{origin}{drawn}")).await, "refused");
}

async fn an_uploaded_file_can_be_shown_and_nothing_else(town: Town) {
    let (shop, other) = (Shop::open(&town, "shop"), Shop::open(&town, "other"));
    let content = png(300);
    let fields = [("folder", "/lamps/"), ("alt", "A <b>blue</b> lamp")];
    let said = shop.upload(&[], &fields, PNG, &content).await;
    let file = said.with(201);
    let id = id(&file);
    assert_eq!(said.headers["location"], format!("/api/media/{id}"));
    assert!(!String::from_utf8(said.body).unwrap().contains('<'));
    let url = format!("/media/{id}/Blue%20lamp.png");
    let expected = json!({
        "id": id, "name": "Blue lamp.png", "type": "image/png", "bytes": content.len(), "width": 2,
        "height": 2, "folder": "lamps", "alt": "A <b>blue</b> lamp", "url": url,
        "sha256": file["sha256"], "created_at": file["created_at"],
    });
    assert_eq!(file, expected);
    assert_eq!(shop.get(&format!("/api/media/{id}")).await.with(200), file);
    let in_folder = shop.get("/api/media?folder=lamps&type=image/png").await;
    assert_eq!(in_folder.with(200)["data"], json!([file]));
    let none = shop.get("/api/media?type=application/pdf").await;
    assert_eq!(none.with(200)["data"], json!([]));

    let visitor = shop.called_with(None);
    let shown = visitor.get(&url).await;
    assert_eq!((shown.status, &shown.body), (200, &content));
    for (name, value) in [
        ("content-type", "image/png"),
        ("x-content-type-options", "nosniff"),
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'; sandbox",
        ),
        ("cross-origin-resource-policy", "cross-origin"),
        (
            "content-disposition",
            "inline; filename=\"Blue lamp.png\"; filename*=UTF-8''Blue%20lamp.png",
        ),
    ] {
        let said: Vec<_> = shown.headers.get_all(name).iter().collect();
        assert_eq!(said, [value], "{name}");
    }
    let tag = shown.headers["etag"].to_str().unwrap();
    let again = visitor
        .call("GET", &url, &[("if-none-match", tag)], None)
        .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let part = visitor
        .call("GET", &url, &[("range", "bytes=1-3")], None)
        .await;
    assert_eq!((part.status, &*part.body), (206, &b"PNG"[..]));
    assert_eq!(
        part.headers["content-range"],
        format!("bytes 1-3/{}", content.len())
    );
    let behind = visitor
        .call("GET", &url, &[("range", "bytes=9999-")], None)
        .await;
    assert_eq!(behind.status, 416);
    let head = visitor.call("HEAD", &url, &[], None).await;
    assert_eq!(head.headers["content-length"], content.len().to_string());

    // Another shop has no such file, at whatever address.
    let foreign = other.called_with(None).get(&url).await;
    assert_eq!(foreign.status, 404);
    visitor.upload(&[], &[], PNG, &content).await.with(401);
    visitor.get("/api/media").await.with(401);
    let path = format!("/api/media/{id}");
    visitor.call("DELETE", &path, &[], None).await.with(401);

    shop.call("DELETE", &path, &[], None).await.with(204);
    shop.call("DELETE", &path, &[], None).await.with(404);
    assert_eq!(visitor.get(&url).await.status, 404);
    assert_eq!(stored(&town), 0);
    let trail = shop.get("/api/audit?resource=media").await.with(200);
    let actions = trail["data"].as_array().unwrap().iter();
    let actions: Vec<_> = actions.map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, [Some("deleted"), Some("created")]);
}

async fn what_misleads_is_refused_and_leaves_nothing(town: Town) {
    let shop = Shop::open(&town, "shop");
    let picture = png(10);
    let check = async |name: &str, kind: &str, content: &[u8], status: u16, code: &str| {
        let said = shop.upload(&[], &[], (name, kind), content).await;
        assert_eq!(said.with(status)["code"], code, "{name}");
    };
    let gif = b"GIF89a\x01\0\x01\0\0\0\0<script>alert(1)</script>";
    check("a.php.png", "image/png", &picture, 422, "invalid_file_name").await;
    check(
        "a.png%00.php",
        "image/png",
        &picture,
        422,
        "invalid_file_name",
    )
    .await;
    check(".htaccess", "text/plain", b"x", 422, "invalid_file_name").await;
    check("../../x", "image/png", &picture, 422, "invalid_file_name").await;
    check("CON.txt", "text/plain", b"x", 422, "invalid_file_name").await;
    check(
        &"a".repeat(300),
        "image/png",
        &picture,
        422,
        "invalid_file_name",
    )
    .await;
    check(
        "a.SvG",
        "image/svg+xml",
        b"<svg><script/></svg>",
        415,
        "file_type_not_allowed",
    )
    .await;
    check(
        "a.zip",
        "application/zip",
        b"PK\x03\x04",
        415,
        "file_type_not_allowed",
    )
    .await;
    check("a.png", "image/webp", &picture, 415, "type_mismatch").await;
    check("a.gif", "image/gif", &picture, 415, "content_mismatch").await;
    check("a.gif", "image/gif", gif, 422, "active_content").await;
    let with_zip = [&picture, &b"PK\x05\x06"[..]].concat();
    check("a.png", "image/png", &with_zip, 422, "trailing_data").await;
    check("a.png", "image/png", &picture[..40], 422, "malformed_file").await;
    let mut bomb = picture.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    check("a.png", "image/png", &bomb, 413, "too_many_pixels").await;

    let two = [("folder", "a"), ("folder", "b")];
    shop.upload(&[], &two, PNG, &picture).await.with(422);
    shop.upload(&[], &[("secret", "x")], PNG, &picture)
        .await
        .with(422);
    let long = "x".repeat(5_000);
    shop.upload(&[], &[("alt", &long)], PNG, &picture)
        .await
        .with(422);
    shop.send("/api/media", "application/json", b"{}".to_vec())
        .await
        .with(415);
    let cut = b"--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n\x89PNG";
    let kind = "multipart/form-data; boundary=limit";
    shop.send("/api/media", kind, cut.to_vec()).await.with(400);
    shop.send("/api/media", kind, b"--limit--\r\n".to_vec())
        .await
        .with(422);
    let bad_key = [("idempotency-key", "")];
    shop.upload(&bad_key, &[], PNG, &picture).await.with(400);
    assert_eq!(shop.get("/api/media").await.with(200)["data"], json!([]));
    assert_eq!(stored(&town), 0);
}

async fn texts_of_an_upload_are_no_place_for_attacks(town: Town) {
    let shop = Shop::open(&town, "shop");
    let attack = "<script>alert(1)</script>";
    let upload = async |name: &str, field: (&str, &str)| {
        let file = (name, "image/png");
        shop.upload(&[], &[field], file, &png(5)).await.status
    };
    assert_eq!(upload("a.png", ("alt", attack)).await, 403);
    assert_eq!(upload("a.png", ("folder", "1' or '1'='1")).await, 403);
    assert_eq!(upload("1' or 1=1 -- .png", ("alt", "lamp")).await, 403);
    assert_eq!(stored(&town), 0);
    assert_eq!(upload("a.png", ("alt", "A <b>blue</b> lamp")).await, 201);
    // As the shop says.
    town.command(&["tenant", "update", "shop", "--threat-mode", "observe"]);
    let attack_elsewhere = "/api/products?q=1%27%20or%201%3D1%20--%20";
    // Slowly: a caller has 200 searches an hour, whatever becomes of them.
    let mut looks = tokio::time::interval(Duration::from_millis(200));
    let watched = async {
        while shop.get(attack_elsewhere).await.status != 200 {
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), watched)
        .await
        .unwrap();
    assert_eq!(upload("a.png", ("alt", attack)).await, 201);
}

async fn a_file_may_be_larger_than_other_requests_and_no_larger_than_set(town: Town) {
    let shop = Shop::open(&town, "shop");
    // The bound of other bodies is 1 MiB, that of files 10.
    let large = png(9_000_000);
    let file = shop.upload(&[], &[], PNG, &large).await.with(201);
    let shown = shop.get(file["url"].as_str().unwrap()).await;
    assert!(shown.body == large);
    let said = shop.upload(&[], &[], PNG, &png(10_500_000)).await;
    assert_eq!(said.with(413)["code"], "file_too_large");
    let product = vec![b' '; 2_000_000];
    shop.send("/api/products", "application/json", product)
        .await
        .with(413);
    assert_eq!(stored(&town), 1);
}

async fn a_key_makes_an_upload_happen_once(town: Town) {
    let shop = Shop::open(&town, "shop");
    let upload = async |alt: &str, content: &[u8]| {
        let key = [("idempotency-key", "lamp")];
        shop.upload(&key, &[("alt", alt)], PNG, content).await
    };
    let first = upload("lamp", &png(5)).await;
    let again = upload("lamp", &png(5)).await;
    assert_eq!((first.status, &first.body), (201, &again.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = upload("lamp", &png(6)).await.with(422);
    assert_eq!(other["code"], "idempotency_key_reused");
    upload("chair", &png(5)).await.with(422);
    let all = shop.get("/api/media").await.with(200);
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    assert_eq!(stored(&town), 1);
}

super::on_both!(
    a_file_may_be_larger_than_other_requests_and_no_larger_than_set,
    a_key_makes_an_upload_happen_once,
    an_uploaded_file_can_be_shown_and_nothing_else,
    texts_of_an_upload_are_no_place_for_attacks,
    what_misleads_is_refused_and_leaves_nothing,
);

/// 32 at once, where there is room for ten.
async fn a_shop_keeps_no_more_than_it_may(town: Town) {
    let (shop, other) = (Shop::open(&town, "shop"), Shop::open(&town, "other"));
    let mut uploads = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let shop = shop.clone();
        uploads.spawn(async move { shop.upload(&[], &[], PNG, &png(1_000 - 57)).await });
    }
    let said = uploads.join_all().await;
    let (kept, refused): (Vec<_>, Vec<_>) = said.iter().partition(|one| one.status == 201);
    assert_eq!((kept.len(), refused.len()), (10, 22));
    for one in refused {
        assert_eq!(one.with(413)["code"], "quota_exceeded");
    }
    other.upload(&[], &[], PNG, &png(10)).await.with(201);
    assert_eq!(stored(&town), 11);
    let kept = format!("/api/media/{}", id(&kept[0].json()));
    shop.call("DELETE", &kept, &[], None).await.with(204);
    shop.upload(&[], &[], PNG, &png(1_000 - 57)).await.with(201);
}

const QUOTA: (&str, &str) = ("TENANCY_MEDIA__QUOTA_BYTES", "10000");

#[tokio::test]
async fn a_shop_on_postgres_keeps_no_more_than_it_may() {
    let postgres = Postgres::shared().await;
    a_shop_keeps_no_more_than_it_may(Town::on(postgres, &[QUOTA]).await).await;
}

#[tokio::test]
async fn a_shop_on_sqlite_keeps_no_more_than_it_may() {
    let address = Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        (QUOTA.0, QUOTA.1.to_owned()),
    ];
    a_shop_keeps_no_more_than_it_may(Town::start(address, settings, &["serve"], None).await).await;
}

/// Sends a form whose file is whole and which has no end.
fn send_without_end(town: &Town, shop: &Shop) -> TcpStream {
    let mut form =
        b"--limit\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
                     Content-Type: image/png\r\n\r\n"
            .to_vec();
    form.extend_from_slice(&png(5_000));
    form.extend_from_slice(
        b"\r\n--limit\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\nA la",
    );
    let head = format!(
        "POST /api/media HTTP/1.1\r\nHost: shop.localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: multipart/form-data; boundary=limit\r\nContent-Length: {}\r\n\r\n",
        shop.key.as_deref().unwrap(),
        form.len() + 1,
    );
    let mut stream = TcpStream::connect(town.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&form).unwrap();
    stream
}

async fn until_stored(town: &Town, shop: &Shop, count: usize) {
    let reached = async {
        while stored(town) != count {
            shop.get("/livez").await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reached)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing() {
    let address = Server::free_address();
    let settings = vec![
        ("TENANCY_LISTEN", address.to_string()),
        ("TENANCY_MEDIA__UPLOAD_SECONDS", "4".to_owned()),
    ];
    let town = Town::start(address, settings, &["serve"], None).await;
    let shop = Shop::open(&town, "shop");
    // By its client.
    let stream = send_without_end(&town, &shop);
    until_stored(&town, &shop, 1).await;
    drop(stream);
    until_stored(&town, &shop, 0).await;
    // By the server, at its time-out.
    let mut stream = send_without_end(&town, &shop);
    until_stored(&town, &shop, 1).await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    until_stored(&town, &shop, 0).await;
}

#[tokio::test]
async fn content_that_no_file_names_goes_once_it_is_old() {
    let folder = TempDir::new().unwrap();
    let shared = [("TENANCY_MEDIA__FOLDER", folder.path().to_str().unwrap())];
    let town = Town::on(Postgres::shared().await, &shared).await;
    let shop = Shop::open(&town, "shop");
    let file = shop.upload(&[], &[], PNG, &png(5)).await.with(201);
    let kept = files(folder.path()).remove(0);
    let [old, fresh] = ["old.png", "fresh.png"].map(|name| kept.with_file_name(name));
    for lost in [&old, &fresh] {
        fs::write(lost, "lost").unwrap();
    }
    for aged in [&old, &kept] {
        let file = fs::File::options().append(true).open(aged).unwrap();
        let days_ago = SystemTime::now() - Duration::from_secs(3 * 24 * 60 * 60);
        file.set_modified(days_ago).unwrap();
    }
    // A server looks when it starts.
    let other = town.beside().await;
    let gone = async {
        while old.exists() {
            shop.at(&other).get("/livez").await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone)
        .await
        .unwrap();
    assert!(fresh.exists());
    let shown = shop.at(&other).get(file["url"].as_str().unwrap()).await;
    assert_eq!((shown.status, shown.body), (200, png(5)));
}
