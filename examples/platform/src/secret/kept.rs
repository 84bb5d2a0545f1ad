use std::fs;
use std::io::{ErrorKind as IoErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Secret;
use crate::config::Config;
use crate::failure::Failure;

/// What keys for each purpose are derived from: `secret`, or one that is kept beside the data.
pub(crate) fn of_platform(config: &Config) -> Result<Secret, Failure> {
    match &config.secret {
        Some(secret) => Ok(secret.clone()),
        None => kept_secret(&config.data),
    }
}

/// The secret in the data folder, made when it is missing.
fn kept_secret(folder: &Path) -> Result<Secret, Failure> {
    let file = folder.join("secret");
    let failed = |error: std::io::Error| {
        Failure::from(error).context(format_args!("cannot keep a secret in {}", file.display()))
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Failure::new("the system gives no random numbers"))?;
    let fresh = URL_SAFE_NO_PAD.encode(bytes);
    // Written whole under a name of its own, then linked: whoever comes second takes the first's.
    let draft = folder.join(format!("secret.{}", std::process::id()));
    let written = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| {
            file.write_all(fresh.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| match fs::hard_link(&draft, &file) {
            Err(error) if error.kind() == IoErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        });
    let _ = fs::remove_file(&draft);
    written.map_err(failed)?;
    fs::read_to_string(&file).map(Secret::new).map_err(failed)
}
