use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::response::Response;
use futures_util::FutureExt as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use tenancy_commerce::media::{Media as _, MediaFile, MediaId, MediaQuery, SqlMedia};
use tenancy_core::json::Json;
use utoipa::{IntoParams, ToSchema};

use super::upload::Upload;
use super::{Answer, Id, List, ListOf, Mutation, Paging, Params, Refused, Staff};
use crate::platform::Platform;

/// Which files.
#[derive(Clone, Debug, Deserialize, IntoParams, Serialize)]
#[into_params(parameter_in = Query)]
pub(super) struct Filters {
    /// Their type, such as `image/png`.
    #[serde(rename = "type")]
    #[param(rename = "type")]
    content_type: Option<String>,
    /// The folder they are in, without those below it.
    folder: Option<String>,
}

/// A file, and where visitors find it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Shown {
    #[serde(flatten)]
    file: MediaFile,
    /// At the shop's own host.
    url: String,
}

impl From<MediaFile> for Shown {
    fn from(file: MediaFile) -> Self {
        let name = utf8_percent_encode(&file.name, NON_ALPHANUMERIC);
        // Dots are no danger in the middle of a name, and say what it is.
        let name = name.to_string().replace("%2E", ".");
        Self {
            url: format!("/media/{}/{name}", file.id),
            file,
        }
    }
}

/// What is sent to upload a file.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form, which is read as it comes")]
pub(super) struct UploadForm {
    /// The file, with its name: JPEG, PNG, WebP, GIF or PDF.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Where to keep it.
    folder: Option<String>,
    /// What there is to see, in words.
    alt: Option<String>,
}

/// The files of the shop, the newest first
#[utoipa::path(
    get, path = "/api/media", tag = "media", operation_id = "list_media", params(Paging, Filters),
    responses((status = 200, body = ListOf<Shown>)),
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Params(paging): Params<Paging>,
    Params(filters): Params<Filters>,
) -> Result<Json<ListOf<Shown>>, Refused> {
    let list = List::new(&platform, &scope, "media", &filters);
    let query = MediaQuery {
        after: list.after(&paging)?,
        limit: paging.limit()?,
        content_type: filters.content_type,
        folder: filters.folder,
    };
    let page = platform.media().files().list(&scope, &query).await?;
    Ok(list.page(page.map(Shown::from)))
}

/// What is known of a file
#[utoipa::path(
    get, path = "/api/media/{id}", tag = "media", operation_id = "find_media", params(("id" = MediaId, Path)),
    responses((status = 200, body = Shown)),
)]
pub(super) async fn find(
    State(platform): State<Platform>,
    Staff(scope): Staff,
    Id(id): Id<MediaId>,
) -> Result<Json<Shown>, Refused> {
    let file = platform.media().files().find(&scope, id).await?;
    Ok(Json(file.into()))
}

/// Uploads a file
#[utoipa::path(
    post, path = "/api/media", tag = "media", operation_id = "insert_media",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, body = Shown)),
)]
pub(super) async fn insert(upload: Upload) -> Result<Response, Refused> {
    let work = upload.run(|tx, file, quota_bytes| {
        async move {
            let file = SqlMedia::insert_in(tx, &file, quota_bytes).await?;
            let location = format!("/api/media/{}", file.id);
            Ok(Answer::created(location, &Shown::from(file)))
        }
        .boxed()
    });
    work.await
}

/// Deletes a file
#[utoipa::path(
    delete, path = "/api/media/{id}", tag = "media", operation_id = "delete_media", params(("id" = MediaId, Path)),
    responses((status = 204)),
)]
pub(super) async fn delete(
    State(platform): State<Platform>,
    Id(id): Id<MediaId>,
    change: Mutation,
) -> Result<Response, Refused> {
    let scope = change.scope().clone();
    let gone = Arc::new(OnceLock::new());
    let work = change.run({
        let gone = gone.clone();
        move |tx| {
            async move {
                let file = SqlMedia::delete_in(tx, id).await?;
                let _ = gone.set(file.blob_key);
                Ok(Answer::deleted())
            }
            .boxed()
        }
    });
    let answer = work.await?;
    if let Some(key) = gone.get() {
        // What is left here, the daily sweep finds.
        platform.remove_blob(&scope, key).await;
    }
    Ok(answer)
}
