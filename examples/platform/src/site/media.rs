use std::ops::Range;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
    IF_RANGE, RANGE,
};
use http::{Method, StatusCode};
use tenancy_commerce::media::{Media as _, MediaFile, MediaId};
use tenancy_core::TenantScope;
use tenancy_core::problem::Problem;
use tenancy_security::upload::{FileType, ServeAs};

use super::refuse::NoPage;
use crate::platform::Platform;

/// A file that the shop has uploaded, in a way that browsers can only show or save. What its address
/// calls it does not matter.
pub(super) async fn serve(
    State(platform): State<Platform>,
    scope: TenantScope,
    path: Result<Path<(String, String)>, PathRejection>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, NoPage> {
    let id = path
        .ok()
        .and_then(|Path((id, _))| id.parse::<MediaId>().ok());
    let id = id.ok_or_else(NoPage::not_found)?;
    let found = platform.media().files().find(&scope, id).await;
    let file = found.map_err(|error| NoPage::of(&scope, &error))?;
    let mut headers = head(&file).ok_or_else(NoPage::not_found)?;
    let is_same = |name| {
        asked
            .get(name)
            .is_some_and(|known| headers.get(ETAG) == Some(known))
    };
    if is_same(IF_NONE_MATCH) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let size = u64::try_from(file.bytes).unwrap_or_default();
    let range = asked
        .get(RANGE)
        .filter(|_| method == Method::GET)
        .filter(|_| !asked.contains_key(IF_RANGE) || is_same(IF_RANGE));
    let range = match range.and_then(|range| range_of(range, size)) {
        Some(Err(Unsatisfiable)) => return Ok(unsatisfiable(size)),
        Some(Ok(range)) => Some(range),
        None => None,
    };
    let (status, bytes) = match &range {
        None => (StatusCode::OK, size),
        Some(Range { start, end }) => {
            let said = format!("bytes {start}-{}/{size}", end - 1);
            let said = HeaderValue::try_from(said).expect("numbers are visible");
            headers.insert(CONTENT_RANGE, said);
            (StatusCode::PARTIAL_CONTENT, end - start)
        }
    };
    headers.insert(CONTENT_LENGTH, bytes.into());
    if method == Method::HEAD {
        return Ok((status, headers).into_response());
    }
    let key = file.blob_key.parse().map_err(|_| NoPage::not_found())?;
    let blob = async { platform.blobs()?.get(&scope, &key, range).await };
    let blob = blob
        .await
        .map_err(|error| NoPage::of(&scope, &tenancy_commerce::Error::from(error)))?;
    let body = Body::from_stream(blob.into_stream());
    Ok((status, headers, body).into_response())
}

/// The headers of the whole file, unless it is of a type that is not served any more.
fn head(file: &MediaFile) -> Option<HeaderMap> {
    let file_type: FileType = file.content_type.parse().ok()?;
    let mut headers = ServeAs::new(file_type, &file.name)
        .on_other_sites()
        .headers();
    let tag = format!("\"{}\"", file.sha256);
    headers.insert(ETAG, HeaderValue::try_from(tag).ok()?);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Some(headers)
}

/// The range lies behind the end.
struct Unsatisfiable;

/// The one range that is asked for. What is no range, or several, is answered with the whole.
fn range_of(range: &HeaderValue, size: u64) -> Option<Result<Range<u64>, Unsatisfiable>> {
    let (first, last) = range
        .to_str()
        .ok()?
        .strip_prefix("bytes=")?
        .split_once('-')?;
    let number = |text: &str| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u64>().ok()).flatten()
    };
    let range = match (first, last) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
    };
    Some(if range.start < range.end {
        Ok(range)
    } else {
        Err(Unsatisfiable)
    })
}

fn unsatisfiable(size: u64) -> Response {
    let said = format!("bytes */{size}");
    let said = HeaderValue::try_from(said).expect("numbers are visible");
    Problem::new(StatusCode::RANGE_NOT_SATISFIABLE)
        .header(CONTENT_RANGE, said)
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood_and_others_mean_the_whole() {
        let check = |text: &'static str, expected: Option<Option<Range<u64>>>| {
            let range = range_of(&HeaderValue::from_static(text), 10);
            assert_eq!(range.map(Result::ok), expected, "{text}");
        };
        check("bytes=0-0", Some(Some(0..1)));
        check("bytes=2-5", Some(Some(2..6)));
        check("bytes=8-99", Some(Some(8..10)));
        check("bytes=8-18446744073709551615", Some(Some(8..10)));
        check("bytes=4-", Some(Some(4..10)));
        check("bytes=-3", Some(Some(7..10)));
        check("bytes=-99", Some(Some(0..10)));
        check("bytes=10-", Some(None));
        check("bytes=-0", Some(None));
        for whole in [
            "bytes=5-2",
            "bytes=0-1,4-5",
            "bytes=-",
            "bytes=a-b",
            "bytes=+1-2",
            "lines=1-2",
            "bytes 1-2",
        ] {
            check(whole, None);
        }
    }
}
