use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenancy_core::sql::{Database, PlatformTx};
use tenancy_core::time::Time;
use tenancy_core::{Error, ErrorKind, PlatformScope, on_tx};
use uuid::Uuid;

use super::{FOUND_MAX, LEASE, LISTED_MAX, WAITS_MAX};
use crate::alert::delivery::{Delivery, Fate};
use crate::alert::ledger::Ledger;

/// How long what has arrived is kept, and what has not.
const KEPT: (Duration, Duration) = (
    Duration::from_secs(24 * 60 * 60),
    Duration::from_secs(30 * 24 * 60 * 60),
);

/// In the platform's tables, for all servers together.
#[derive(Debug)]
pub(in crate::alert) struct SqlBook {
    database: Database,
    scope: PlatformScope,
}

/// Which table something is kept in, by id and as JSON.
#[derive(Clone, Copy)]
enum Kind {
    Alert,
    Group,
    Silence,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Alert, Self::Group, Self::Silence];

    fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Group => "group",
            Self::Silence => "silence",
        }
    }
}

/// A ledger as it is kept: what each row holds.
type Rows = BTreeMap<(&'static str, Uuid), String>;

#[derive(sqlx::FromRow)]
struct DeliveryRow {
    id: Uuid,
    channel: String,
    message: String,
    created_at: i64,
    next_at: i64,
    attempts: i64,
    fate: String,
    says: Option<String>,
}

impl SqlBook {
    pub(in crate::alert) fn new(database: &Database, scope: &PlatformScope) -> Self {
        Self {
            database: database.clone(),
            scope: scope.clone(),
        }
    }

    pub(super) async fn turn(
        &self,
        now: Time,
        work: impl FnOnce(&mut Ledger) -> Vec<Delivery> + Send,
    ) -> Result<(), Error> {
        // Whoever has changed the row is alone until the end of the transaction.
        const ALONE: &str = "UPDATE observability_alert_turns SET turns = turns + 1";
        let mut tx = self.database.platform(&self.scope).await?;
        on_tx!(&mut tx, |conn| sqlx::query(ALONE)
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
        let before = load(&mut tx).await?;
        let mut ledger = to_ledger(&before)?;
        let new = work(&mut ledger);
        store(&mut tx, &before, &to_rows(&ledger)?).await?;
        for delivery in &new {
            insert(&mut tx, delivery).await?;
        }
        tidy(&mut tx, now).await?;
        tx.commit().await
    }

    pub(super) async fn claim(
        &self,
        channel: &str,
        now: Time,
        mut wanted: impl FnMut(&str) -> bool + Send,
    ) -> Result<Vec<Delivery>, Error> {
        const DUE: &str = "SELECT id, subject FROM (SELECT id, subject, created_at, \
             row_number() OVER (PARTITION BY subject ORDER BY created_at, id) AS turn \
             FROM observability_alert_deliveries AS one WHERE channel = $1 AND fate = 'waiting' \
             AND next_at <= $2 AND leased_until <= $2 AND NOT EXISTS \
             (SELECT 1 FROM observability_alert_deliveries AS before \
             WHERE before.fate = 'waiting' AND before.channel = one.channel \
             AND before.subject = one.subject AND before.rule = one.rule \
             AND (before.created_at, before.id) < (one.created_at, one.id))) AS due \
             ORDER BY turn, created_at LIMIT $3";
        const CLAIM: &str = "UPDATE observability_alert_deliveries \
             SET leased_until = $3, attempts = attempts + 1 \
             WHERE id = $1 AND fate = 'waiting' AND leased_until <= $2 \
             RETURNING id, channel, message, created_at, next_at, attempts, fate, says";
        let mut tx = self.database.platform_read(&self.scope).await?;
        let due: Vec<(Uuid, String)> = on_tx!(&mut tx, |conn| {
            sqlx::query_as(DUE)
                .bind(channel)
                .bind(now.as_microseconds())
                .bind(FOUND_MAX as i64)
                .fetch_all(conn)
                .await
        })?;
        tx.commit().await?;
        let due: Vec<_> = due
            .into_iter()
            .filter(|(_, subject)| wanted(subject))
            .collect();
        if due.is_empty() {
            return Ok(vec![]);
        }
        let mut tx = self.database.platform(&self.scope).await?;
        let mut claimed = vec![];
        for (id, _) in due {
            let row: Option<DeliveryRow> = on_tx!(&mut tx, |conn| {
                sqlx::query_as(CLAIM)
                    .bind(id)
                    .bind(now.as_microseconds())
                    .bind(now.after(LEASE).as_microseconds())
                    .fetch_optional(conn)
                    .await
            })?;
            claimed.extend(row.map(Delivery::try_from).transpose()?);
        }
        tx.commit().await?;
        Ok(claimed)
    }

    /// What has arrived stays so, whoever else has taken it meanwhile.
    pub(super) async fn settle(&self, delivery: &Delivery) -> Result<(), Error> {
        const SETTLE: &str = "UPDATE observability_alert_deliveries \
             SET fate = $2, says = $3, next_at = $4, leased_until = $4 \
             WHERE id = $1 AND fate = 'waiting' AND (attempts = $5 OR $2 = 'arrived')";
        let mut tx = self.database.platform(&self.scope).await?;
        on_tx!(&mut tx, |conn| {
            sqlx::query(SETTLE)
                .bind(delivery.id)
                .bind(delivery.fate.as_str())
                .bind(&delivery.says)
                .bind(delivery.next_at.as_microseconds())
                .bind(i64::from(delivery.attempts))
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await
    }

    pub(super) async fn resend(&self, id: Uuid, now: Time) -> Result<bool, Error> {
        const RESEND: &str = "UPDATE observability_alert_deliveries \
             SET fate = 'waiting', attempts = 0, next_at = $2, leased_until = $2 \
             WHERE id = $1 AND fate = 'dead'";
        let mut tx = self.database.platform(&self.scope).await?;
        let found = on_tx!(&mut tx, |conn| {
            sqlx::query(RESEND)
                .bind(id)
                .bind(now.as_microseconds())
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await?;
        Ok(found > 0)
    }

    pub(super) async fn ledger(&self) -> Result<Ledger, Error> {
        let mut tx = self.database.platform_read(&self.scope).await?;
        let rows = load(&mut tx).await?;
        tx.commit().await?;
        to_ledger(&rows)
    }

    pub(super) async fn deliveries(&self, fate: Fate) -> Result<Vec<Delivery>, Error> {
        const LATEST: &str = "SELECT id, channel, message, created_at, next_at, attempts, fate, says \
             FROM observability_alert_deliveries WHERE fate = $1 ORDER BY id DESC LIMIT $2";
        let mut tx = self.database.platform_read(&self.scope).await?;
        let rows: Vec<DeliveryRow> = on_tx!(&mut tx, |conn| {
            sqlx::query_as(LATEST)
                .bind(fate.as_str())
                .bind(LISTED_MAX as i64)
                .fetch_all(conn)
                .await
        })?;
        tx.commit().await?;
        rows.into_iter().map(Delivery::try_from).collect()
    }

    pub(super) async fn forget(&self, subject: &str) -> Result<(), Error> {
        const FORGET: &str = "DELETE FROM observability_alert_deliveries WHERE subject = $1";
        let mut tx = self.database.platform(&self.scope).await?;
        on_tx!(&mut tx, |conn| {
            sqlx::query(FORGET)
                .bind(subject)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        tx.commit().await
    }
}

async fn load(tx: &mut PlatformTx) -> Result<Rows, Error> {
    const LOAD: &str = "SELECT id, body FROM observability_alerts WHERE kind = $1";
    let mut rows = Rows::new();
    for kind in Kind::ALL {
        let found: Vec<(Uuid, String)> = on_tx!(tx, |conn| {
            sqlx::query_as(LOAD).bind(kind.name()).fetch_all(conn).await
        })?;
        let found = found.into_iter();
        rows.extend(found.map(|(id, body)| ((kind.name(), id), body)));
    }
    Ok(rows)
}

/// Writes what has changed.
async fn store(tx: &mut PlatformTx, before: &Rows, after: &Rows) -> Result<(), Error> {
    const PUT: &str = "INSERT INTO observability_alerts (kind, id, body) VALUES ($1, $2, $3) \
         ON CONFLICT (kind, id) DO UPDATE SET body = $3";
    const REMOVE: &str = "DELETE FROM observability_alerts WHERE kind = $1 AND id = $2";
    for ((kind, id), body) in after {
        if before.get(&(*kind, *id)) == Some(body) {
            continue;
        }
        on_tx!(tx, |conn| {
            sqlx::query(PUT)
                .bind(*kind)
                .bind(id)
                .bind(body)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
    }
    for (kind, id) in before.keys().filter(|key| !after.contains_key(key)) {
        on_tx!(tx, |conn| {
            sqlx::query(REMOVE)
                .bind(*kind)
                .bind(id)
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
    }
    Ok(())
}

async fn insert(tx: &mut PlatformTx, delivery: &Delivery) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO observability_alert_deliveries \
         (id, channel, subject, rule, message, created_at, next_at, leased_until, attempts, fate) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 'waiting')";
    let message = text_of(&delivery.message)?;
    on_tx!(tx, |conn| {
        sqlx::query(INSERT)
            .bind(delivery.id)
            .bind(&delivery.channel)
            .bind(delivery.message.subject.key())
            .bind(&delivery.message.rule)
            .bind(&message)
            .bind(delivery.created_at.as_microseconds())
            .bind(delivery.next_at.as_microseconds())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    Ok(())
}

/// Gives up what nobody sends, and removes what nobody asks about any longer.
async fn tidy(tx: &mut PlatformTx, now: Time) -> Result<(), Error> {
    const GIVE_UP: &str = "UPDATE observability_alert_deliveries SET fate = 'dead', \
         says = 'nobody sent it for a day' WHERE fate = 'waiting' AND next_at < $1";
    const OLD: &str = "DELETE FROM observability_alert_deliveries WHERE fate = $1 AND next_at < $2";
    let before = |age: Duration| {
        let micros = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        now.as_microseconds().saturating_sub(micros)
    };
    on_tx!(tx, |conn| {
        sqlx::query(GIVE_UP)
            .bind(before(WAITS_MAX))
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    for (fate, age) in [(Fate::Arrived, KEPT.0), (Fate::Dead, KEPT.1)] {
        on_tx!(tx, |conn| {
            sqlx::query(OLD)
                .bind(fate.as_str())
                .bind(before(age))
                .execute(conn)
                .await
                .map(|done| done.rows_affected())
        })?;
    }
    Ok(())
}

fn to_rows(ledger: &Ledger) -> Result<Rows, Error> {
    let mut rows = Rows::new();
    for (id, alert) in &ledger.alerts {
        rows.insert((Kind::Alert.name(), *id), text_of(alert)?);
    }
    for (id, group) in &ledger.groups {
        rows.insert((Kind::Group.name(), *id), text_of(group)?);
    }
    for silence in &ledger.silences {
        rows.insert((Kind::Silence.name(), silence.id), text_of(silence)?);
    }
    Ok(rows)
}

fn to_ledger(rows: &Rows) -> Result<Ledger, Error> {
    let mut ledger = Ledger::default();
    for ((kind, id), body) in rows {
        match *kind {
            "alert" => drop(ledger.alerts.insert(*id, of_text(body)?)),
            "group" => drop(ledger.groups.insert(*id, of_text(body)?)),
            _ => ledger.silences.push(of_text(body)?),
        }
    }
    Ok(ledger)
}

fn text_of(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(corrupt)
}

fn of_text<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(corrupt)
}

fn corrupt(error: serde_json::Error) -> Error {
    Error::with_source(ErrorKind::Corrupt, error)
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = Error;

    fn try_from(row: DeliveryRow) -> Result<Self, Error> {
        let fate = Fate::of_str(&row.fate);
        Ok(Self {
            id: row.id,
            channel: row.channel,
            message: of_text(&row.message)?,
            created_at: Time::from_microseconds(row.created_at),
            next_at: Time::from_microseconds(row.next_at),
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            fate: fate
                .ok_or_else(|| Error::with_source(ErrorKind::Corrupt, "a message has no fate"))?,
            says: row.says,
        })
    }
}
