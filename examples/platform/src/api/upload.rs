mod pieces;

use std::panic;

use axum::extract::{FromRequest, Request};
use axum::response::Response;
use futures_util::future::BoxFuture;
use futures_util::{TryStreamExt as _, stream};
use http::StatusCode;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tenancy_commerce::media::{Media as _, NewMediaFile};
use tenancy_core::TenantScope;
use tenancy_core::blob::BlobKey;
use tenancy_core::problem::Problem;
use tenancy_core::sql::TenantTx;
use tracing::Instrument as _;

use self::pieces::{Pieces, Unused};
use super::answer::{Answer, is_replay};
use super::body::has_stopped;
use super::mutation::Mutation;
use super::refused::Refused;
use super::staff::Staff;
use crate::media::Unnamed;
use crate::platform::Platform;

/// What a form has besides its file: names, boundaries and the texts.
const FORM_BYTES_MAX: u64 = 64 * 1024;

/// The field that shows where a form was sent from.
const TOKEN: &str = "_csrf";

/// The longest text of a form.
const TEXT_BYTES_MAX: u64 = 4 * 1024;

/// A file that staff uploads, whose content is stored and belongs to nothing yet.
#[derive(Debug)]
pub(super) struct Upload {
    platform: Platform,
    change: Mutation,
    received: Received,
}

/// A file whose content is in its place.
#[derive(Debug)]
struct Received {
    file: NewMediaFile,
    content: Unnamed,
}

impl Upload {
    /// Does the work in a transaction and commits it with its answer, as [`Mutation::run`] does. Where
    /// nothing came of it, the content goes again.
    ///
    /// A client that goes away does not end it: whether a file names the content must be known.
    pub(super) async fn run<F>(self, work: F) -> Result<Response, Refused>
    where
        F: for<'t> FnOnce(
                &'t mut TenantTx,
                NewMediaFile,
                u64,
            ) -> BoxFuture<'t, Result<Answer, Refused>>
            + Send
            + 'static,
    {
        let scope = self.change.scope().clone();
        let done =
            tokio::spawn(async move { scope.in_logs(self.complete(work)).await }.in_current_span());
        match done.await {
            Ok(outcome) => outcome,
            Err(error) => panic::resume_unwind(error.into_panic()),
        }
    }

    async fn complete<F>(self, work: F) -> Result<Response, Refused>
    where
        F: for<'t> FnOnce(
                &'t mut TenantTx,
                NewMediaFile,
                u64,
            ) -> BoxFuture<'t, Result<Answer, Refused>>
            + Send,
    {
        let Received { file, content } = self.received;
        let quota_bytes = self.platform.media().files().quota_bytes();
        let outcome = self.change.run(|tx| work(tx, file, quota_bytes)).await;
        let is_unused = match &outcome {
            Ok(answer) => is_replay(answer),
            // Whether a commit that failed has taken place may be unknown; the daily sweep knows later.
            Err(refused) => refused.status().is_client_error(),
        };
        match is_unused {
            true => content.remove().await,
            false => content.keep(),
        }
        outcome
    }
}

impl FromRequest<Platform> for Upload {
    type Rejection = Refused;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, Refused> {
        use axum::extract::FromRequestParts as _;

        let (mut parts, body) = request.into_parts();
        let Staff(scope) = Staff::from_request_parts(&mut parts, platform).await?;
        // A key that is none is refused before anything was read.
        Mutation::of_stream(platform, &parts, &scope, b"")?;
        let received = receive(platform, &scope, &parts.headers, body.into_data_stream()).await;
        // The rest of the body is not read, so the connection is of no further use.
        let received = received
            .map_err(|refused| refused.header(CONNECTION, HeaderValue::from_static("close")))?;
        let file = &received.file;
        let sent = (&file.folder, &file.name, &file.alt, file.sha256);
        let sent = serde_json::to_vec(&sent).expect("texts and numbers are plain data");
        let texts = [
            ("file", &*file.name),
            ("folder", &file.folder),
            ("alt", &file.alt),
        ];
        // The body has streamed past the layer that looks for attacks.
        let checked = platform.threat().check_texts(&parts, texts);
        let change = checked
            .map_err(|problem| Refused::from(*problem))
            .and_then(|()| Mutation::of_stream(platform, &parts, &scope, &sent));
        match change {
            Ok(change) => Ok(Self {
                platform: platform.clone(),
                change,
                received,
            }),
            Err(refused) => {
                received.content.remove().await;
                Err(refused)
            }
        }
    }
}

/// Reads a form and stores its file as it comes.
async fn receive(
    platform: &Platform,
    scope: &TenantScope,
    headers: &HeaderMap,
    body: axum::body::BodyDataStream,
) -> Result<Received, Refused> {
    if headers.contains_key(CONTENT_ENCODING) {
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        return Err(problem.detail("the body must not be compressed").into());
    }
    let boundary = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| multer::parse_boundary(value).ok());
    let Some(boundary) = boundary else {
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        return Err(problem
            .detail("the body must be multipart/form-data")
            .into());
    };
    let bytes_max = platform.media().policy().bytes_max() + FORM_BYTES_MAX;
    let declared = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > bytes_max) {
        return Err(too_large());
    }
    // A shop that is full is told before it sends anything; what counts is counted with the file's row.
    let files = platform.media().files();
    if files.bytes(scope).await? >= files.quota_bytes() {
        return Err(
            tenancy_commerce::Error::from(tenancy_commerce::ErrorKind::QuotaExceeded).into(),
        );
    }
    let limits = SizeLimit::new()
        .whole_stream(bytes_max)
        .for_field("folder", TEXT_BYTES_MAX)
        .for_field("alt", TEXT_BYTES_MAX)
        .for_field(TOKEN, TEXT_BYTES_MAX);
    let limits = Constraints::new()
        .allowed_fields(vec!["file", "folder", "alt", TOKEN])
        .size_limit(limits);
    let (pieces, unused) = Pieces::new(body);
    let mut form = Multipart::with_constraints(pieces, boundary, limits);
    let mut received: Option<Received> = None;
    let read = read_fields(platform, scope, &mut form, &unused, &mut received).await;
    match (read, received) {
        (Ok((folder, alt)), Some(Received { file, content })) => Ok(Received {
            file: NewMediaFile {
                folder,
                alt,
                ..file
            },
            content,
        }),
        (Ok(_), None) => Err(Refused::invalid("file", "is missing")),
        (Err(refused), Some(received)) => {
            received.content.remove().await;
            Err(refused)
        }
        (Err(refused), None) => Err(refused),
    }
}

/// Reads the texts, and puts the file where it is found also when something after it is refused.
async fn read_fields(
    platform: &Platform,
    scope: &TenantScope,
    form: &mut Multipart<'_>,
    unused: &Unused,
    file: &mut Option<Received>,
) -> Result<(String, String), Refused> {
    let (mut folder, mut alt) = (None, None);
    while let Some(field) = unused.none_after(form.next_field().await).map_err(unread)? {
        let text = match field.name() {
            Some("file") if file.is_none() => {
                *file = Some(store(platform, scope, field, unused).await?);
                continue;
            }
            // Read by the layer that asks for it.
            Some(TOKEN) => continue,
            Some("folder") => ("folder", &mut folder),
            Some("alt") => ("alt", &mut alt),
            _ => return Err(Refused::invalid("file", "is there more than once")),
        };
        let (name, place) = text;
        if place.is_some() {
            return Err(Refused::invalid(name, "is there more than once"));
        }
        let bytes = unused.none_after(field.bytes().await).map_err(unread)?;
        let text = String::from_utf8(bytes.into());
        *place = Some(text.map_err(|_| Refused::invalid(name, "is no text in UTF-8"))?);
    }
    Ok((folder.unwrap_or_default(), alt.unwrap_or_default()))
}

/// Judges a file and stores its content, both as it comes.
async fn store(
    platform: &Platform,
    scope: &TenantScope,
    field: Field<'_>,
    unused: &Unused,
) -> Result<Received, Refused> {
    let name = field.file_name().unwrap_or_default();
    let declared = field.content_type().map(|kind| kind.essence_str());
    let inspection = platform.media().policy().begin(name, declared)?;
    let key = format!("media/{}", inspection.stored_name());
    let key: BlobKey = key.parse().expect("a generated name makes a key");
    let mut accepted = None;
    let place = &mut accepted;
    let pieces = stream::try_unfold(
        (field, Some(inspection), place),
        async |(mut field, mut inspection, place)| match unused
            .none_after(field.chunk().await)
            .map_err(unread)?
        {
            Some(piece) => {
                if let Some(inspection) = &mut inspection {
                    inspection.update(&piece)?;
                }
                Ok::<_, Refused>(Some((piece, (field, inspection, place))))
            }
            // Before the end is known to be one: what is refused here was never there.
            None => {
                *place = inspection.map(|one| one.finish()).transpose()?;
                Ok(None)
            }
        },
    );
    let content = Unnamed::new(platform, scope, &key);
    let stored = platform
        .blobs()?
        .put(scope, &key, pieces.into_stream())
        .await?;
    let accepted = accepted.ok_or_else(|| Refused::invalid("file", "is missing"))?;
    let file = NewMediaFile {
        folder: String::new(),
        name: accepted.name.to_string(),
        content_type: accepted.file_type.content_type().to_owned(),
        bytes: stored.bytes,
        size: accepted.width.zip(accepted.height),
        sha256: stored.sha256,
        alt: String::new(),
        blob_key: key.to_string(),
    };
    Ok(Received { file, content })
}

fn too_large() -> Refused {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE)
        .detail("the body has more bytes than an upload may have")
        .with("code", "file_too_large")
        .into()
}

/// Why a form was not read to its end. One that stops coming is no fault in what it says.
fn unread(error: multer::Error) -> Refused {
    if let Some(problem) = has_stopped(&error) {
        return problem.into();
    }
    match error {
        multer::Error::StreamSizeExceeded { .. } => too_large(),
        multer::Error::FieldSizeExceeded {
            field_name: Some(name),
            ..
        } => Refused::invalid(name, "is too long"),
        multer::Error::UnknownField {
            field_name: Some(name),
        } => Refused::invalid(name, "is no field of this form"),
        _ => Problem::new(StatusCode::BAD_REQUEST)
            .detail("the body is no whole multipart/form-data")
            .into(),
    }
}
