use std::fmt;
use std::str::FromStr;

/// A type of file that uploads may have. Archives and programs are none.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum FileType {
    /// A GIF picture, moving or not.
    Gif,
    /// A page, which is only ever a download.
    Html,
    /// A JPEG picture, or several of them in one file as telephones write them.
    Jpeg,
    /// A PDF document, which is only ever a download.
    Pdf,
    /// A PNG picture, moving or not.
    Png,
    /// An SVG drawing, which is only ever a download.
    Svg,
    /// A WebP picture, moving or not.
    WebP,
}

/// The text names no type of file that uploads may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no type of file that uploads may have")]
pub struct UnknownFileType;

impl FileType {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Gif,
        Self::Html,
        Self::Jpeg,
        Self::Pdf,
        Self::Png,
        Self::Svg,
        Self::WebP,
    ];

    /// The one type that it is served with.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Gif => "image/gif",
            Self::Html => "text/html",
            Self::Jpeg => "image/jpeg",
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
            Self::WebP => "image/webp",
        }
    }

    /// What the names of stored files end with.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Gif => "gif",
            Self::Html => "html",
            Self::Jpeg => "jpg",
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Svg => "svg",
            Self::WebP => "webp",
        }
    }

    /// Whether browsers may show it in a page. The others can act, and are only ever downloads.
    pub const fn is_inert(self) -> bool {
        match self {
            Self::Gif | Self::Jpeg | Self::Png | Self::WebP => true,
            Self::Html | Self::Pdf | Self::Svg => false,
        }
    }

    /// The type that a name's last part stands for, in any case.
    pub(super) fn of_extension(extension: &str) -> Option<Self> {
        Some(match &*extension.to_ascii_lowercase() {
            "gif" => Self::Gif,
            "htm" | "html" | "xhtml" => Self::Html,
            "jfif" | "jpe" | "jpeg" | "jpg" => Self::Jpeg,
            "pdf" => Self::Pdf,
            "png" => Self::Png,
            "svg" => Self::Svg,
            "webp" => Self::WebP,
            _ => return None,
        })
    }

    /// Whether a client that declares `essence` (a type without parameters) means this.
    pub(super) fn is_declared_by(self, essence: &str) -> bool {
        let essence = essence.to_ascii_lowercase();
        essence == self.content_type()
            || match self {
                Self::Html => essence == "application/xhtml+xml",
                Self::Jpeg => matches!(&*essence, "image/jpg" | "image/pjpeg"),
                Self::Pdf => essence == "application/x-pdf",
                Self::Png => matches!(&*essence, "image/apng" | "image/x-png"),
                Self::Gif | Self::Svg | Self::WebP => false,
            }
    }

    /// Whether a file that begins so may be one, where `found` is what its first bytes are known for.
    pub(super) fn is_found_as(self, found: Option<&str>) -> bool {
        match self {
            // Text is known for little; what it has to be is looked at as it comes.
            Self::Html | Self::Svg => matches!(found, None | Some("text/html" | "text/xml")),
            _ => found == Some(self.content_type()),
        }
    }
}

/// By [`content_type`](FileType::content_type), as it is stored.
impl FromStr for FileType {
    type Err = UnknownFileType;

    fn from_str(text: &str) -> Result<Self, UnknownFileType> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.content_type() == text)
            .ok_or(UnknownFileType)
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.content_type())
    }
}
