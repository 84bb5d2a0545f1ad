//! What the advisor says of the database.

use tenancy_observability::advisor::{Advisor, Severity};
use tenancy_observability::readiness::Finding;

use crate::advice;
use crate::platform::Platform;

const MEND: &str = "read what `platform advise` says, and follow it with `--apply` or by hand";

/// In a task of its own: it reads hundreds of statements at once, and the other checks wait for nobody.
pub(super) async fn advice(platform: Platform) -> Finding {
    let asked = tokio::spawn(async move {
        let workload = advice::workload();
        advice::advise(&platform, Advisor::new(), None, None, &workload).await
    });
    let advised = match asked.await {
        Ok(Ok(advised)) => advised,
        Ok(Err(failure)) => return Finding::unknown(failure.to_string(), "run `platform advise`"),
        Err(error) => return Finding::unknown(error.to_string(), "run `platform advise`"),
    };
    let all = advised.iter().flat_map(|advised| &advised.report.advice);
    let grave = all.filter(|advice| advice.severity >= Severity::Medium);
    let findings: Vec<_> = grave
        .map(|advice| match advice.severity {
            Severity::High => Finding::fail(&*advice.message, MEND),
            _ => Finding::warn(&*advice.message, MEND),
        })
        .collect();
    if findings.is_empty() {
        return Finding::pass("the advisor found nothing that matters");
    }
    let mut worst = Finding::worst(findings);
    worst.mend = Some(MEND.to_owned());
    worst
}
