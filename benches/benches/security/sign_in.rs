use std::error::Error;
use std::hint::black_box;

use tenancy_benches::{Report, paired};
use tenancy_security::credential::{Password, Passwords};

/// Whether the time of a refusal tells if there is an account.
pub(crate) async fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let passwords = Passwords::new();
    let hash = passwords.hash(&Password::generate()).await?;
    let wrong = Password::generate();
    let verify = async |hash, count| {
        for _ in 0..count {
            let _ = black_box(passwords.verify(hash, &wrong).await);
        }
    };
    let name = "a wrong password for nobody's account, against somebody's (s)";
    let ours = async |count| verify(None, count).await;
    let theirs = async |count| verify(Some(&hash), count).await;
    report.row(paired(name, Some(1.05), (15, 10), ours, theirs).await);
    Ok(())
}
