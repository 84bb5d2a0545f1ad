//! The files that a shop has uploaded: what is known of them. Their content is kept elsewhere, such as in
//! tenancy-core's `Blobs`, under the key that stands here.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;

use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;
use tenancy_core::{TenantId, TenantScope};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::SqlMedia;
use crate::catalog::invalid::Checks;
use crate::error::Error;
use crate::id::id;
use crate::page::{Limit, Page};

/// The longest folder, name and description, in characters.
pub const TEXT_MAX: usize = 500;

id! {
    /// A file's permanent identity.
    MediaId
}

/// A file of one shop.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct MediaFile {
    /// Whose it is. Not part of the JSON.
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Permanent.
    pub id: MediaId,
    /// Where the shop keeps it, in its own words; empty for none.
    pub folder: String,
    /// What whoever uploaded it calls it.
    pub name: String,
    /// Its type, such as `image/png`.
    #[serde(rename = "type")]
    pub content_type: String,
    /// Its size.
    pub bytes: i64,
    /// In pixels, where it is a picture.
    pub width: Option<i64>,
    /// In pixels, where it is a picture.
    pub height: Option<i64>,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// What there is to see, in words.
    pub alt: String,
    /// Where its content is. Not part of the JSON.
    #[serde(skip)]
    pub blob_key: String,
    /// When it was uploaded.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Time,
}

/// A file whose content has been stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewMediaFile {
    /// Where the shop keeps it; blanks and slashes around it do not matter.
    pub folder: String,
    /// What whoever uploaded it calls it.
    pub name: String,
    /// Its type, such as `image/png`.
    pub content_type: String,
    /// Its size.
    pub bytes: u64,
    /// Width and height in pixels, where it is a picture.
    pub size: Option<(u32, u32)>,
    /// The SHA-256 of its content.
    pub sha256: [u8; 32],
    /// What there is to see, in words.
    pub alt: String,
    /// Where its content is; no other file of the shop is there.
    pub blob_key: String,
}

impl NewMediaFile {
    /// The file as it is kept, if it may be.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "sqlite")),
        expect(dead_code, reason = "for the stores")
    )]
    fn checked(&self, tenant_id: TenantId) -> Result<MediaFile, Error> {
        let folder = self.folder.trim().trim_matches('/').trim();
        let mut checks = Checks::default();
        checks.text("folder", folder, TEXT_MAX);
        if folder.chars().any(char::is_control) {
            checks.refuse("folder", "contains a control character");
        }
        // It is a label today, and may become a path in an export.
        let is_odd =
            |part: &str| part.is_empty() || matches!(part, "." | "..") || part.contains('\\');
        if !folder.is_empty() && folder.split('/').any(is_odd) {
            checks.refuse("folder", "is no path of plain parts");
        }
        checks.text("name", &self.name, TEXT_MAX);
        checks.text("alt", &self.alt, TEXT_MAX);
        checks.finish()?;
        let bytes = i64::try_from(self.bytes);
        let bytes = bytes.map_err(|_| Error::invalid("file", "is too large"))?;
        Ok(MediaFile {
            tenant_id,
            id: MediaId::generate(),
            folder: folder.to_owned(),
            name: self.name.clone(),
            content_type: self.content_type.clone(),
            bytes,
            width: self.size.map(|(width, _)| width.into()),
            height: self.size.map(|(_, height)| height.into()),
            sha256: self
                .sha256
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            alt: self.alt.trim().to_owned(),
            blob_key: self.blob_key.clone(),
            created_at: Time::now(),
        })
    }
}

/// Which files, and which page of them, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MediaQuery {
    /// Only those of this type.
    pub content_type: Option<String>,
    /// Only those of this folder; those of folders below it are not.
    pub folder: Option<String>,
    /// What follows this place.
    pub after: Option<MediaPosition>,
    /// How many.
    pub limit: Limit,
}

/// The place of a file in a list.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MediaPosition {
    created_at: Time,
    id: MediaId,
}

/// Keeps what is known of the files of shops.
///
/// Every change is journaled. An id of another shop is [`NotFound`](crate::ErrorKind::NotFound).
/// Implementations must pass the suite in `contract::media` (feature `testing`).
///
/// Store the content first and insert then; delete here first and the content then. Whatever is cut off
/// between the two leaves content that no file names, which a sweep can find, and never a file without
/// content.
pub trait Media: Send + Sync + 'static {
    /// A page of files.
    fn list(
        &self,
        scope: &TenantScope,
        query: &MediaQuery,
    ) -> impl Future<Output = Result<Page<MediaFile, MediaPosition>, Error>> + Send;

    /// The file, or [`NotFound`](crate::ErrorKind::NotFound).
    fn find(
        &self,
        scope: &TenantScope,
        id: MediaId,
    ) -> impl Future<Output = Result<MediaFile, Error>> + Send;

    /// Whether a file of the shop has its content there.
    fn is_used(
        &self,
        scope: &TenantScope,
        blob_key: &str,
    ) -> impl Future<Output = Result<bool, Error>> + Send;

    /// How many bytes the shop's files have together.
    fn bytes(&self, scope: &TenantScope) -> impl Future<Output = Result<u64, Error>> + Send;

    /// Adds a file, or fails with [`QuotaExceeded`](crate::ErrorKind::QuotaExceeded) where the shop's
    /// files would then have more bytes than they may, whoever adds others at the same time.
    fn insert(
        &self,
        scope: &TenantScope,
        file: &NewMediaFile,
    ) -> impl Future<Output = Result<MediaFile, Error>> + Send;

    /// Deletes the file, and says what it was.
    fn delete(
        &self,
        scope: &TenantScope,
        id: MediaId,
    ) -> impl Future<Output = Result<MediaFile, Error>> + Send;
}
