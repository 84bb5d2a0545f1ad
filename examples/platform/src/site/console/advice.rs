use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use tenancy_observability::advisor::Advisor;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Operator;
use super::tables::{Asked, sorting, view_of};
use crate::advice::{self, Advised};
use crate::pages::{self, Room, TablePage};
use crate::platform::Platform;
use crate::site::refuse::NoPage;

/// How long advice is shown before it is asked for again, which may take seconds.
const KEPT: Duration = Duration::from_secs(300);

type Known = Option<(Instant, Arc<Vec<Advised>>)>;

/// Whoever comes while somebody asks waits for the same answer.
static KNOWN: Mutex<Known> = Mutex::const_new(None);

/// What would make the database better.
pub(super) async fn page(
    State(platform): State<Platform>,
    operator: Operator,
    view: Asked,
) -> Result<Response, NoPage> {
    let sorting = sorting(&view_of(view)?)?;
    let advised = known(&platform).await?;
    let table = pages::advice(operator.language(), &advised);
    let page = TablePage::new(operator.at(Room::Advice), vec![table], sorting);
    Ok(Operator::show(&page))
}

async fn known(platform: &Platform) -> Result<Arc<Vec<Advised>>, NoPage> {
    let mut known = KNOWN.lock().await;
    if let Some((at, advised)) = &*known
        && at.elapsed() < KEPT
    {
        return Ok(advised.clone());
    }
    let workload = advice::workload();
    let advised = advice::advise(platform, Advisor::new(), None, None, &workload).await;
    let advised = Arc::new(advised.map_err(|failure| NoPage::broken(&failure))?);
    *known = Some((Instant::now(), advised.clone()));
    Ok(advised)
}
