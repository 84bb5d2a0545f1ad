use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use tenancy_tests::Browser;
use tenancy_tests::browser::Viewport;

use super::eventually;

#[tokio::test]
async fn names_under_localhost_lead_to_loopback() {
    let port = serve_host_name().unwrap();
    let browser = Browser::start().await;
    for host in ["shop.localhost", "custom.test"] {
        let page = format!("http://{host}:{port}/");
        browser.client().goto(&page).await.unwrap();
        assert_eq!(
            browser.client().title().await.unwrap(),
            format!("{host}:{port}")
        );
    }
}

#[tokio::test]
async fn a_page_is_as_wide_as_the_viewport() {
    let port = serve_host_name().unwrap();
    let browser = Browser::start().await;
    browser
        .client()
        .goto(&format!("http://localhost:{port}/"))
        .await
        .unwrap();
    assert_eq!(viewport(&browser).await, Viewport::DESKTOP);

    browser.set_viewport(Viewport::PHONE).await;
    assert_eq!(viewport(&browser).await, Viewport::PHONE);
    let file = browser.folder().join("phone.png");
    browser.screenshot(&file).await;
    assert_eq!(png_size(&fs::read(file).unwrap()), (390, 844));
}

#[tokio::test]
async fn nothing_remains_of_a_dropped_browser() {
    let browser = Browser::start().await;
    let folder = browser.folder().to_owned();
    let marker = folder.to_str().unwrap().to_owned();
    assert!(
        processes().contains(&marker),
        "its processes name its folder"
    );
    drop(browser);
    assert!(!folder.exists());
    eventually("every process is gone", || !processes().contains(&marker));
}

/// Serves a page whose title is the host it was asked for, and tells the port.
fn serve_host_name() -> io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for connection in listener.incoming() {
            thread::spawn(move || answer(connection?));
        }
    });
    Ok(port)
}

fn answer(mut connection: impl Read + Write) -> io::Result<()> {
    let mut request = [0; 4096];
    let length = connection.read(&mut request)?;
    let request = String::from_utf8_lossy(&request[..length]);
    let host = request
        .lines()
        .find_map(|line| line.strip_prefix("Host: "))
        .unwrap_or_default();
    let page = format!("<!DOCTYPE html><title>{host}</title>");
    let length = page.len();
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{page}"
    )
}

async fn viewport(browser: &Browser) -> Viewport {
    let size = browser
        .client()
        .execute("return [innerWidth, innerHeight]", Vec::new())
        .await;
    let (width, height) = serde_json::from_value(size.unwrap()).unwrap();
    Viewport { width, height }
}

/// Reads the size from the header of a PNG image.
fn png_size(image: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(image[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

/// The command lines of all processes.
fn processes() -> String {
    let output = Command::new("ps")
        .args(["-A", "-ww", "-o", "args="])
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
