//! Starts one of each server, prints where it is, and ends in the way its argument names. The
//! harness's own tests look at what remains.

use std::io::{self, Read};
use std::path::Path;

use tenancy_tests::{Postgres, Redis};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let end = std::env::args()
        .nth(1)
        .expect("one argument: exit, hold, panic or paused");
    let shared = Postgres::shared().await;
    let own = Redis::start().await;
    if end == "paused" {
        shared.pause().await;
        own.pause().await;
    }
    print(shared.pid(), shared.socket_folder());
    print(own.pid(), own.folder());
    #[cfg(feature = "browser")]
    let browser = tenancy_tests::Browser::start().await;
    #[cfg(feature = "browser")]
    print(browser.pid(), browser.folder());
    match end.as_str() {
        "exit" => std::process::exit(0),
        "panic" => panic!("asked to"),
        _ => drop(io::stdin().read(&mut [0])),
    }
}

fn print(pid: Option<u32>, folder: &Path) {
    println!(
        "{} {}",
        pid.expect("the server was just started"),
        folder.display()
    );
}
