use http::StatusCode;
use tenancy_core::problem::Problem;

use super::file_name::InvalidFileName;
use super::file_type::FileType;

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UploadRefusal {
    /// There is something in the file that a browser or a server could run.
    #[error("the file holds what another program would run")]
    Active,
    /// The content is of another type than the name says; what it seems to be, where that is known.
    #[error("the file is not what its name says ({expected})")]
    Content {
        /// The type that the name stands for.
        expected: FileType,
        /// The type that its first bytes are known for.
        found: Option<&'static str>,
    },
    /// The client declares another type than the name says.
    #[error("the declared type is not what the file's name says ({0})")]
    Declared(FileType),
    /// The content is damaged, cut off, or not built as its type has to be.
    #[error("the file is damaged or cut off")]
    Malformed,
    /// See [`InvalidFileName`].
    #[error("{0}")]
    Name(#[from] InvalidFileName),
    /// Something stands behind the end of the picture.
    #[error("something follows the end of the picture")]
    Trailing,
    /// More bytes than a file may have.
    #[error("the file has more than {0} bytes")]
    TooLarge(u64),
    /// More pixels than a picture may have, or more bytes when all its frames are decoded.
    #[error("the picture is too large when it is shown")]
    TooManyPixels,
    /// What the picture says of itself comes to more than a mebibyte once it is inflated.
    #[error("the picture says too much about itself")]
    TooManyWords,
    /// Files of this type are not taken.
    #[error("files of this type are not taken")]
    Type,
}

impl UploadRefusal {
    /// The status to answer with: 413 for what is too large, 415 for what is of a wrong type, 422 for
    /// what is wrong inside.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge(_) | Self::TooManyPixels | Self::TooManyWords => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Content { .. } | Self::Declared(_) | Self::Type => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::Active | Self::Malformed | Self::Name(_) | Self::Trailing => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        }
    }

    /// The same for programs to branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Active => "active_content",
            Self::Content { .. } => "content_mismatch",
            Self::Declared(_) => "type_mismatch",
            Self::Malformed => "malformed_file",
            Self::Name(_) => "invalid_file_name",
            Self::TooLarge(_) => "file_too_large",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooManyWords => "metadata_too_large",
            Self::Trailing => "trailing_data",
            Self::Type => "file_type_not_allowed",
        }
    }
}

impl From<UploadRefusal> for Problem {
    fn from(refusal: UploadRefusal) -> Self {
        Self::new(refusal.status())
            .detail(refusal.to_string())
            .with("code", refusal.code())
    }
}
