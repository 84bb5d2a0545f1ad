//! What the stores' statements share.

use std::error::Error as StdError;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tenancy_core::on_tx;
use tenancy_core::sql::TenantTx;
use tenancy_core::sql::filter::{Bind, Query};
use uuid::Uuid;

use crate::error::{Error, ErrorKind};
use crate::money::{Currency, Money};

/// The most words a search looks at, and the most characters of each.
const TERMS_MAX: usize = 8;
const TERM_MAX: usize = 100;

/// The longest text that is searched, in bytes.
const SEARCH_BYTES_MAX: usize = 64 * 1024;

/// Adds `column` (a name with `IN`) and the ids, repeated up to a power of two so that lists of
/// all lengths share a few plans.
pub(crate) fn push_ids(
    query: &mut Query,
    in_column: &'static str,
    ids: impl IntoIterator<Item = Uuid>,
) {
    let mut ids: Vec<_> = ids.into_iter().collect();
    if let Some(last) = ids.last().copied() {
        ids.resize(ids.len().next_power_of_two(), last);
    }
    query.push(in_column, []);
    for (index, id) in ids.into_iter().enumerate() {
        query.push(if index == 0 { " (?" } else { ", ?" }, [id.into()]);
    }
    query.push(")", []);
}

/// How many rows one statement inserts at the most.
const ROWS_MAX: usize = 16;

/// Inserts rows; `into` ends with `VALUES`. They go in statements of 16, 8, 4, 2 and 1 rows, so
/// that any number of them shares a few plans.
pub(crate) async fn insert_rows<const N: usize>(
    tx: &mut TenantTx,
    into: &'static str,
    rows: Vec<[Bind; N]>,
) -> Result<(), Error> {
    let (mut left, mut rows) = (rows.len(), rows.into_iter());
    while left > 0 {
        let count = (1 << left.ilog2()).min(ROWS_MAX);
        left -= count;
        let mut statement = Query::new(into, []);
        for (index, row) in rows.by_ref().take(count).enumerate() {
            statement.push(if index == 0 { " (" } else { ", (" }, []);
            for (column, value) in row.into_iter().enumerate() {
                statement.push(if column == 0 { "?" } else { ", ?" }, [value]);
            }
            statement.push(")", []);
        }
        on_tx!(tx, |conn| statement
            .query()?
            .execute(conn)
            .await
            .map(|done| done.rows_affected()))?;
    }
    Ok(())
}

/// Adds a condition for each word searched for; the statement's table calls the searched text
/// `search_text`.
pub(crate) fn push_search(query: &mut Query, words: &str) {
    for term in words.split_whitespace().take(TERMS_MAX) {
        let mut pattern = String::from("%");
        for character in term.to_lowercase().chars().take(TERM_MAX) {
            match character {
                '%' | '_' | '!' => pattern.extend(['!', character]),
                // PostgreSQL has no such text.
                '\0' => {}
                _ => pattern.push(character),
            }
        }
        pattern.push('%');
        query.push(" AND search_text LIKE ? ESCAPE '!'", [pattern.into()]);
    }
}

/// The text that a search looks into, the words that matter most first.
pub(crate) fn search_text<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for word in words {
        if text.len() > SEARCH_BYTES_MAX {
            break;
        }
        if !word.is_empty() {
            text.push_str(word);
            text.push('\n');
        }
    }
    text.truncate(text.floor_char_boundary(SEARCH_BYTES_MAX));
    text.to_lowercase()
}

/// The next number of a counter. Until the transaction ends, the others who ask for it wait.
pub(crate) async fn next_number(tx: &mut TenantTx, counter: &'static str) -> Result<i64, Error> {
    const NEXT: &str = "INSERT INTO commerce_counters (tenant_id, name, value) \
         VALUES ($1, $2, 1) ON CONFLICT (tenant_id, name) \
         DO UPDATE SET value = commerce_counters.value + 1 RETURNING value";
    let tenant = tx.tenant_id().as_uuid();
    Ok(on_tx!(tx, |conn| {
        sqlx::query_scalar(NEXT)
            .bind(tenant)
            .bind(counter)
            .fetch_one(conn)
            .await
    })?)
}

/// Gives a violated unique key its meaning.
pub(crate) fn unique(taken: ErrorKind) -> impl FnOnce(tenancy_core::Error) -> Error {
    move |error| match error.kind() {
        tenancy_core::ErrorKind::UniqueViolation => Error::with_source(taken, error),
        _ => error.into(),
    }
}

pub(crate) fn corrupt(error: impl StdError + Send + Sync + 'static) -> Error {
    Error::corrupt(error)
}

pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers have a form in JSON")
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(corrupt)
}

pub(crate) fn money(amount: i64, currency: &str) -> Result<Money, Error> {
    let currency: Currency = currency.parse().map_err(corrupt)?;
    Ok(Money::new(amount, currency))
}
