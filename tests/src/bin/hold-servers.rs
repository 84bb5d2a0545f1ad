//! Starts one of each server, prints where it is, and ends in the way its argument names. The
//! harness's own tests look at what remains.

use std::io::{self, Read};

use tenancy_tests::Postgres;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let end = std::env::args()
        .nth(1)
        .expect("one argument: exit, hold, panic or paused");
    let shared = Postgres::shared().await;
    let own = Postgres::start().await;
    if end == "paused" {
        own.pause().await;
    }
    for postgres in [shared, &own] {
        let pid = postgres.pid().expect("it was just started");
        println!("{pid} {}", postgres.socket_folder().display());
    }
    match end.as_str() {
        "exit" => std::process::exit(0),
        "panic" => panic!("asked to"),
        _ => drop(io::stdin().read(&mut [0])),
    }
}
