//! A merchant's whole catalogue out of its file.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Instant;

use tenancy_benches::{Report, median};
use tenancy_commerce::catalog::{Catalog as _, SqlCatalog};
use tenancy_commerce::import::{Counts, Format, ImportItem, ProductReader, Severity};
use tenancy_core::{Purpose, TenantScope};
use tenancy_tests::shared_data;
use tokio::sync::mpsc;

use crate::place::{self, Place};

const ROUNDS: usize = 5;
const LIMIT_SECONDS: f64 = 1.0;

pub(crate) async fn measure(report: &mut Report, place: &Place) -> Result<(), Box<dyn Error>> {
    let Some(file) = shared_data("shopify/bicycles.csv") else {
        return Ok(());
    };
    let path = file.to_str().ok_or("the file's path is no text")?;
    let (mut library, mut command) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let shop = place.shop(&format!("library-{round}"))?;
        let purpose = Purpose::Platform;
        let (database, scope) = place::open(&place.location(), &shop.slug, purpose).await?;
        let catalog = SqlCatalog::new(&database);
        let began = Instant::now();
        let read = import(&catalog, &scope, &file).await?;
        library.push(began.elapsed().as_secs_f64());

        let shop = place.shop(&format!("command-{round}"))?;
        let began = Instant::now();
        let printed = place.command(&[
            "catalog", "import", "--format", "shopify", "--tenant", &shop.slug, path,
        ])?;
        command.push(began.elapsed().as_secs_f64());
        assert_eq!(
            printed["products"], read.products,
            "both read the same file"
        );
    }
    for (how, times) in [("library", &mut library), ("command", &mut command)] {
        let name = format!("import of bicycles.csv, {how}, {} (s)", place.name);
        report.limit(&name, median(times), LIMIT_SECONDS);
    }
    Ok(())
}

/// The file's products into a shop, read on a thread of their own while they are stored.
async fn import(
    catalog: &SqlCatalog,
    scope: &TenantScope,
    file: &Path,
) -> Result<Counts, Box<dyn Error>> {
    let input = BufReader::new(File::open(file)?);
    let currency = "USD".parse()?;
    let (sender, mut items) = mpsc::channel(16);
    let reading = tokio::task::spawn_blocking(move || {
        let mut reader = ProductReader::new(Format::Shopify, input, currency)?;
        for item in &mut reader {
            if sender.blocking_send(item).is_err() {
                break;
            }
        }
        Ok::<_, tenancy_commerce::import::ImportError>(reader.counts())
    });
    while let Some(item) = items.recv().await {
        match item? {
            ImportItem::Product(product) => drop(catalog.put_draft(scope, &product.draft).await?),
            ImportItem::Issue(issue) => assert_eq!(issue.severity, Severity::Warning, "{issue:?}"),
        }
    }
    Ok(reading.await??)
}
