mod destination;
mod issues;

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};
use tenancy_commerce::catalog::{Catalog as _, ProductDraft, ProductId};
use tenancy_commerce::export::{ExportColumns, ProductWriter};
use tenancy_commerce::import::{
    Counts, Format, ImportError, ImportItem, ImportedProduct, ProductReader, Severity,
};
use tenancy_commerce::money::Currency;
use tenancy_commerce::{ErrorKind, Limit};
use tenancy_core::{Slug, TenantScope};
use tokio::sync::mpsc;

use self::destination::Destination;
use self::issues::Issues;
use super::Output;
use crate::failure::Failure;
use crate::platform::Platform;
use crate::shop::ShopCurrency;

/// How many products the reader may be ahead of the database.
const AHEAD: usize = 16;

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Add the products of a merchant's file, or bring them up to date
    Import {
        /// The tenant whose shop gets them
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
        /// Whose file it is: shopify or woocommerce
        #[arg(long)]
        format: Format,
        /// Read and check the file, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// The CSV file
        file: PathBuf,
    },
    /// Write a shop's products as a file that the same format's import reads
    Export {
        /// The tenant
        #[arg(long, value_name = "SLUG")]
        tenant: Slug,
        /// For whom: shopify or woocommerce
        #[arg(long)]
        format: Format,
        /// The CSV file to write
        file: PathBuf,
    },
}

impl CatalogCommand {
    pub(super) async fn run(self, platform: &Platform) -> Result<Output, Failure> {
        let (Self::Import { tenant, .. } | Self::Export { tenant, .. }) = &self;
        let tenant = platform.tenant(tenant).await?;
        let scope = platform.scope().tenant(tenant.id).await?;
        match self {
            Self::Import {
                format,
                dry_run,
                file,
                ..
            } => {
                let currency = tenant.settings.get::<ShopCurrency>();
                let reading = Reading::start(&file, format, currency)?;
                import(platform, &scope, reading, dry_run).await
            }
            Self::Export { format, file, .. } => export(platform, &scope, format, &file).await,
        }
    }
}

/// A file that a thread of its own reads, no faster than its products are stored.
struct Reading {
    items: mpsc::Receiver<Result<ImportItem, ImportError>>,
    counts: tokio::task::JoinHandle<Counts>,
}

impl Reading {
    fn start(file: &Path, format: Format, currency: Currency) -> Result<Self, Failure> {
        let unreadable =
            |error: Failure| error.context(format_args!("cannot read {}", file.display()));
        let input = File::open(file).map_err(|error| unreadable(error.into()))?;
        let (sender, items) = mpsc::channel(AHEAD);
        let counts = tokio::task::spawn_blocking(move || {
            let mut reader = match ProductReader::new(format, BufReader::new(input), currency) {
                Ok(reader) => reader,
                Err(error) => {
                    // Nobody listens any more when the command has failed.
                    let _ = sender.blocking_send(Err(error));
                    return Counts::default();
                }
            };
            for item in &mut reader {
                if sender.blocking_send(item).is_err() {
                    break;
                }
            }
            reader.counts()
        });
        Ok(Self { items, counts })
    }
}

async fn import(
    platform: &Platform,
    scope: &TenantScope,
    mut reading: Reading,
    dry_run: bool,
) -> Result<Output, Failure> {
    let progress = indicatif::ProgressBar::new_spinner();
    let (mut warnings, mut errors) = (Issues::default(), Issues::default());
    while let Some(item) = reading.items.recv().await {
        match item {
            Ok(ImportItem::Issue(issue)) => {
                let list = match issue.severity {
                    Severity::Error => &mut errors,
                    Severity::Warning => &mut warnings,
                };
                list.add(issue)?;
            }
            Ok(ImportItem::Product(product)) if !dry_run => {
                if let Some(refused) = put(platform, scope, &product).await? {
                    errors.add(refused)?;
                }
                progress.inc(1);
                progress.set_message(product.draft.name.clone());
            }
            Ok(ImportItem::Product(_)) => progress.inc(1),
            Err(error) => {
                errors.add(json!({
                    "row": null,
                    "column": null,
                    "message": Failure::from(error).to_string(),
                }))?;
            }
        }
    }
    progress.finish_and_clear();
    let counts = reading.counts.await?;
    let mut text = format!(
        "{} products, {} variants, {} images {}",
        counts.products,
        counts.variants,
        counts.images,
        if dry_run {
            "read; nothing was changed"
        } else {
            "read"
        },
    );
    warnings.write("warning", &mut text);
    errors.write("error", &mut text);
    let failed = !errors.is_empty();
    let mut document = json!({
        "products": counts.products,
        "variants": counts.variants,
        "images": counts.images,
    });
    for (kind, issues) in [("warnings", &warnings), ("errors", &errors)] {
        document[kind] = issues.kept().into();
        if issues.omitted() > 0 {
            document[format!("{kind}_omitted")] = issues.omitted().into();
        }
    }
    Ok(Output::text(&document, text)?.failed_if(failed))
}

/// Stores a product, and says what is wrong with it; what is wrong with the store ends the
/// command.
async fn put(
    platform: &Platform,
    scope: &TenantScope,
    product: &ImportedProduct,
) -> Result<Option<Value>, Failure> {
    let Err(error) = platform.catalog().put_draft(scope, &product.draft).await else {
        return Ok(None);
    };
    match error.kind() {
        ErrorKind::Store(_) => Err(error.into()),
        _ => Ok(Some(json!({
            "row": product.row,
            "column": null,
            "message": error.to_string(),
        }))),
    }
}

/// Reads the shop twice, because the header needs to know all products: once for the columns,
/// once for the rows. What is added in between has the columns that are there.
async fn export(
    platform: &Platform,
    scope: &TenantScope,
    format: Format,
    file: &Path,
) -> Result<Output, Failure> {
    let mut columns = ExportColumns::default();
    each_product(platform, scope, |draft| {
        columns.add(draft);
        Ok(())
    })
    .await?;
    let failed = |error: io::Error| {
        Failure::from(error).context(format_args!("cannot write {}", file.display()))
    };
    let output = BufWriter::new(Destination::open(file).map_err(failed)?);
    let mut writer = ProductWriter::new(format, output, &columns).map_err(failed)?;
    let mut products = 0_u64;
    each_product(platform, scope, |draft| {
        products += 1;
        writer.write(draft).map_err(failed)
    })
    .await?;
    let output = writer.finish().map_err(failed)?;
    let destination = output
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    destination.finish().map_err(failed)?;
    Output::text(
        &json!({ "products": products, "file": file }),
        format!("{products} products are in {}.", file.display()),
    )
}

async fn each_product(
    platform: &Platform,
    scope: &TenantScope,
    mut with: impl FnMut(&ProductDraft) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut after: Option<ProductId> = None;
    loop {
        let page = platform.catalog().export(scope, after, Limit::MAX).await?;
        for product in page.items {
            with(&ProductDraft::new(product.to_fields())?)?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
