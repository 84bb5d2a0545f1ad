use std::collections::{HashMap, HashSet};

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::response::Response;
use serde::Deserialize;
use tenancy_core::journal::{EntryQuery, PlatformEntry};
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, Slug, TenantId};
use tenancy_observability::alert::Fate;
use tenancy_observability::slow_query::SlowQueryHistory;
use uuid::Uuid;

use super::Operator;
use crate::blocks;
use crate::pages::{self, AlertView, Room, Sorting, TablePage};
use crate::platform::Platform;
use crate::site::refuse::NoPage;
use crate::site::sign_in::see;

/// What somebody wants to see of a room's tables.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct View {
    /// What the tables are sorted by.
    sort: Option<String>,
    /// The entry before the first one shown.
    before: Option<Uuid>,
}

pub(super) type Asked = Result<Query<View>, QueryRejection>;

pub(super) async fn slow_statements(
    State(platform): State<Platform>,
    operator: Operator,
    view: Asked,
) -> Result<Response, NoPage> {
    let sorting = sorting(&view_of(view)?)?;
    let now = Time::now();
    let kept = platform.config().slow_queries.kept();
    let kept = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
    let from = Time::from_microseconds(now.as_microseconds().saturating_sub(kept));
    let history = SlowQueryHistory::new(platform.database(), platform.scope());
    let findings = history.read(from, now).await;
    let findings = findings.map_err(|error| NoPage::failed(&error))?;
    let slugs = slugs(&platform, findings.tenants().collect()).await;
    let slugs = slugs.map_err(|error| NoPage::failed(&error))?;
    let tables = pages::slow_statements(operator.language(), &findings, &slugs, from);
    let page = TablePage::new(operator.at(Room::SlowStatements), tables, sorting);
    Ok(Operator::show(&page))
}

pub(super) async fn blocks(
    State(platform): State<Platform>,
    operator: Operator,
    view: Asked,
) -> Result<Response, NoPage> {
    let sorting = sorting(&view_of(view)?)?;
    let listed = async {
        let mut tx = platform.database().platform_read(platform.scope()).await?;
        let records = blocks::list(&mut tx).await?;
        tx.commit().await?;
        Ok(records)
    };
    let records = listed.await.map_err(|error| NoPage::failed(&error))?;
    let ids = records
        .iter()
        .filter_map(|record| record.tenant_id)
        .collect();
    let slugs = slugs(&platform, ids).await;
    let slugs = slugs.map_err(|error| NoPage::failed(&error))?;
    let table = pages::blocks(operator.language(), &records, &slugs);
    let page = TablePage::new(operator.at(Room::Blocks), vec![table], sorting);
    Ok(Operator::show(&page))
}

pub(super) async fn health(
    State(platform): State<Platform>,
    operator: Operator,
    view: Asked,
) -> Result<Response, NoPage> {
    let sorting = sorting(&view_of(view)?)?;
    let table = pages::health(operator.language(), &platform.health().kept());
    let page = TablePage::new(operator.at(Room::Health), vec![table], sorting);
    Ok(Operator::show(&page))
}

pub(super) async fn alerts(
    State(platform): State<Platform>,
    operator: Operator,
    view: Asked,
) -> Result<Response, NoPage> {
    let sorting = sorting(&view_of(view)?)?;
    show_alerts(&platform, operator, sorting, None).await
}

async fn show_alerts(
    platform: &Platform,
    operator: Operator,
    sorting: Option<Sorting>,
    notice: Option<String>,
) -> Result<Response, NoPage> {
    let alerts = platform.alerts();
    let read = async {
        Ok(AlertView {
            active: alerts.active().await?,
            channels: alerts.channels(),
            dead: alerts.deliveries(Fate::Dead).await?,
            silences: alerts.silences().await?,
        })
    };
    let view = read.await.map_err(|error| NoPage::failed(&error))?;
    let tables = view.tables(operator.language(), operator.token());
    let page = TablePage {
        notice,
        ..TablePage::new(operator.at(Room::Alerts), tables, sorting)
    };
    Ok(Operator::show(&page))
}

/// Which message that was given up.
#[derive(Debug, Deserialize)]
pub(super) struct Dead {
    id: Uuid,
}

/// Sends a message again, and shows what has become of the others. One that is not there any more was
/// sent by somebody else meanwhile.
pub(super) async fn resend(
    State(platform): State<Platform>,
    _: Operator,
    dead: Result<Form<Dead>, FormRejection>,
) -> Result<Response, NoPage> {
    let Form(dead) = dead.map_err(|rejection| NoPage::Status(rejection.status()))?;
    let sent = platform.alerts().resend(dead.id, Time::now()).await;
    sent.map_err(|error| NoPage::failed(&error))?;
    Ok(see(&Room::Alerts.link()))
}

/// Which channel is to be tried.
#[derive(Debug, Deserialize)]
pub(super) struct Tried {
    id: String,
}

/// Sends a message through a channel, and says whether it has arrived.
pub(super) async fn test(
    State(platform): State<Platform>,
    operator: Operator,
    tried: Result<Form<Tried>, FormRejection>,
) -> Result<Response, NoPage> {
    let Form(tried) = tried.map_err(|rejection| NoPage::Status(rejection.status()))?;
    let alerts = platform.alerts();
    let mut channels = alerts.channels().iter();
    if !channels.any(|channel| channel.name() == tried.id) {
        return Err(NoPage::not_found());
    }
    let sent = alerts.test(&tried.id).await;
    let notice = pages::tested(operator.language(), &tried.id, sent);
    show_alerts(&platform, operator, None, Some(notice)).await
}

pub(super) async fn journal(
    State(platform): State<Platform>,
    operator: Operator,
    view: Asked,
) -> Result<Response, NoPage> {
    let view = view_of(view)?;
    let sorting = sorting(&view)?;
    let wanted = EntryQuery {
        before: view.before,
        ..EntryQuery::default()
    };
    let read = async {
        let mut tx = platform.database().platform_read(platform.scope()).await?;
        let trail = PlatformEntry::trail(&mut tx, &wanted).await?;
        tx.commit().await?;
        Ok(trail)
    };
    let trail = read.await.map_err(|error| NoPage::failed(&error))?;
    let ids = trail
        .entries
        .iter()
        .filter_map(|entry| entry.about)
        .collect();
    let slugs = slugs(&platform, ids).await;
    let slugs = slugs.map_err(|error| NoPage::failed(&error))?;
    let table = pages::journal(operator.language(), &trail.entries, &slugs);
    let before = |id: Uuid| {
        let id = id.to_string();
        Room::Journal.link().with_query(&[("before", &id)])
    };
    let page = TablePage {
        first: view.before.is_some().then(|| Room::Journal.link()),
        next: trail.next.map(before),
        ..TablePage::new(operator.at(Room::Journal), vec![table], sorting)
    };
    Ok(Operator::show(&page))
}

pub(super) fn view_of(view: Asked) -> Result<View, NoPage> {
    view.map(|Query(view)| view)
        .map_err(|_| NoPage::not_found())
}

pub(super) fn sorting(view: &View) -> Result<Option<Sorting>, NoPage> {
    let parsed = view.sort.as_deref().map(str::parse).transpose();
    parsed.map_err(|_| NoPage::not_found())
}

/// What commands call these tenants; one that is gone has no name.
pub(super) async fn slugs(
    platform: &Platform,
    ids: HashSet<TenantId>,
) -> Result<HashMap<TenantId, Slug>, Error> {
    let mut slugs = HashMap::new();
    for id in ids {
        match platform.scope().tenant(id).await {
            Ok(scope) => drop(slugs.insert(id, scope.tenant().slug.clone())),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(slugs)
}
