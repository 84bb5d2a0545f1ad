use serde_json::json;

use super::Output;
use crate::config::Config;
use crate::failure::Failure;
use crate::platform::Platform;

pub(super) async fn run(config: Config) -> Result<Output, Failure> {
    let database = if config.any_database_url().is_some() {
        "postgres"
    } else {
        "sqlite"
    };
    let checked = async { Platform::open(config).await?.check().await };
    match checked.await {
        Ok(()) => {
            let text = format!("{database} answers, and its schema is current.");
            Output::text(&json!({ "status": "ok", "database": database }), text)
        }
        Err(failure) => {
            let error = failure.to_string();
            let document = json!({ "status": "failed", "database": database, "error": error });
            Ok(Output::text(&document, error)?.failed_if(true))
        }
    }
}
