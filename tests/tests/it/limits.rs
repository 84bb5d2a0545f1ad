//! Limits that several processes keep together.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use tenancy_tests::Redis;

#[tokio::test]
async fn four_processes_admit_together_exactly_as_many_as_may() {
    let redis = Redis::start().await;
    let processes: Vec<_> = (0..4)
        .map(|_| {
            let mut process = Command::new(env!("CARGO_BIN_EXE_send-requests"))
                .args([&redis.url(), "100", "16", "1000"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
            assert_eq!(lines.next().unwrap().unwrap(), "ready");
            (process, lines)
        })
        .collect();
    // Each begins when it is let go, and all of them are there.
    let processes = processes.into_iter().map(|(mut process, lines)| {
        drop(process.stdin.take());
        (process, lines)
    });
    let mut admitted = vec![];
    for (mut process, mut lines) in processes.collect::<Vec<_>>() {
        admitted.push(lines.next().unwrap().unwrap().parse::<u32>().unwrap());
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(admitted.iter().sum::<u32>(), 100, "{admitted:?}");
}
