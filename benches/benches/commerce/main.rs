//! What the shops cost over HTTP and from files: `cargo bench -p tenancy-benches --bench commerce`.

mod bare;
mod import;
mod list;
mod place;
mod start;

use std::error::Error;

use tenancy_benches::Report;
use tenancy_tests::Postgres;

use self::place::Place;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [program, arguments @ ..] = &arguments[..]
        && program == bare::PROGRAM
    {
        return bare::serve(arguments).await;
    }
    let mut report = Report::new("commerce");
    tenancy_benches::build("platform")?;
    // Durability as in production: every commit waits for the disk.
    let postgres = Postgres::builder().fsync(true).start().await;
    for place in [Place::sqlite()?, Place::postgres(&postgres).await?] {
        list::measure(&mut report, &place).await?;
        import::measure(&mut report, &place).await?;
    }
    start::measure(&mut report).await?;
    println!("{}", report.write()?.display());
    Ok(())
}
