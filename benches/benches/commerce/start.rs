//! The embedded server's start, with its demonstration shops already there.

use std::error::Error;
use std::time::Instant;

use tenancy_benches::{Report, median};
use tenancy_tests::Server;

const ROUNDS: usize = 5;
const LIMIT_SECONDS: f64 = 1.0;

pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let data = tempfile::tempdir()?;
    let folder = data.path().to_str().ok_or("the folder's path is no text")?;
    let mut times = Vec::new();
    for _ in 0..=ROUNDS {
        let address = Server::free_address();
        let began = Instant::now();
        let server = Server::builder(Server::built("platform"))
            .args(["--data", folder, "--listen", &address.to_string()])
            .ready_when_answering(address);
        let server = server.start().await;
        times.push(began.elapsed().as_secs_f64());
        server.terminate().await;
    }
    // The first start has made the shops.
    let name = "start of the platform with its demonstration shops (s)";
    report.limit(name, median(&mut times[1..]), LIMIT_SECONDS);
    Ok(())
}
