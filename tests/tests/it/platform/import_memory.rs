//! Merchants' product files of any size, read with the same memory.

use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tenancy_tests::Server;

use super::run;

/// Rows with a mistake at the end of each file.
const WRONG: usize = 1000;

/// Writes a file of so many products, with a note of so many bytes each, and tells its size.
fn write(file: &Path, products: usize, note_bytes: usize) -> u64 {
    let mut rows = BufWriter::new(File::create(file).unwrap());
    writeln!(rows, "Handle,Title,Variant SKU,Variant Price,Note").unwrap();
    let note = "n".repeat(note_bytes);
    for row in 0..products {
        writeln!(rows, "thing-{row},Thing,sku-{row},9.00,{note}").unwrap();
    }
    for row in 0..WRONG {
        writeln!(rows, "wrong-{row},Wrong,sku-wrong-{row},dear,").unwrap();
    }
    rows.into_inner().unwrap().metadata().unwrap().len()
}

/// Imports a file of so many products, and tells the most bytes of memory that it took.
///
/// The answer names every mistake, which is more than a pipe holds. So when the first of it is
/// there, the whole file is read, and the command stays until the rest is taken.
fn peak_of_import(data: &Path, file: &Path, more: &[&str], products: usize) -> u64 {
    let mut importing = Command::new(Server::built("platform"))
        .env("TENANCY_DATA", data)
        .args(["catalog", "import", "--json", "--tenant", "acme"])
        .args(["--format", "shopify"])
        .args(more)
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut answer = vec![0];
    let stdout = importing.stdout.as_mut().unwrap();
    stdout.read_exact(&mut answer).unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", importing.id())).unwrap();
    let done = importing.wait_with_output().unwrap();
    answer.extend(done.stdout);
    let said: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(said["products"], products + WRONG);
    assert_eq!(said["errors"].as_array().unwrap().len(), WRONG);
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"))
        .expect("the command waits until its answer is taken");
    peak.parse::<u64>().unwrap() * 1024
}

/// Compares two files by how many products they have and how many bytes are in each.
fn check(more: &[&str], small: (usize, usize), large: (usize, usize)) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let settings = [("TENANCY_DATA", data.display().to_string())];
    run(&settings, &["tenant", "create", "acme"]);
    let file = folder.path().join("products.csv");
    let [(small, small_peak), (large, large_peak)] =
        [small, large].map(|(products, note_bytes)| {
            let size = write(&file, products, note_bytes);
            (size, peak_of_import(&data, &file, more, products))
        });
    assert!(
        large_peak < small_peak + (large - small) / 4,
        "{small_peak} bytes for a file of {small}, {large_peak} for one of {large}"
    );
}

#[test]
fn a_dry_run_takes_no_more_memory_for_a_longer_file() {
    check(&["--dry-run"], (100, 1200), (10_000, 1200));
}

#[test]
fn an_import_takes_no_more_memory_for_a_larger_file() {
    check(&[], (400, 5_000), (400, 50_000));
}
