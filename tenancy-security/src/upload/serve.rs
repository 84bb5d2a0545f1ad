use http::HeaderMap;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName,
    HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::file_type::FileType;

/// What RFC 8187 leaves as it is.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// How a stored file is answered with: what every browser has to be told so that it does nothing but show
/// or save it.
#[derive(Clone, Debug)]
pub struct ServeAs<'a> {
    file_type: FileType,
    name: &'a str,
    is_download: bool,
    reader: &'static str,
}

impl<'a> ServeAs<'a> {
    /// A file of this type, which its owner calls `name`.
    pub fn new(file_type: FileType, name: &'a str) -> Self {
        Self {
            file_type,
            name,
            is_download: !file_type.is_inert(),
            reader: "same-origin",
        }
    }

    /// As a download, also where browsers could show it.
    #[must_use]
    pub fn download(mut self) -> Self {
        self.is_download = true;
        self
    }

    /// Also on pages of other sites, such as those of another domain of the same owner. Browsers compare
    /// sites, and know nothing of owners; so it is for files that everybody may see.
    #[must_use]
    pub fn on_other_sites(mut self) -> Self {
        self.reader = "cross-origin";
        self
    }

    /// The headers: the type by our own table and `nosniff`; what it is called, as a download unless it
    /// is a picture; a policy under which it can do nothing even where it is opened by itself; no use by
    /// other sites, unless they [may](Self::on_other_sites); a day in caches, for its content never changes.
    pub fn headers(&self) -> HeaderMap {
        const POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";
        let mut headers = HeaderMap::new();
        let fixed = [
            (CONTENT_TYPE, self.file_type.content_type()),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CONTENT_SECURITY_POLICY, POLICY),
            (
                HeaderName::from_static("cross-origin-resource-policy"),
                self.reader,
            ),
            (CACHE_CONTROL, "public, max-age=86400"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(CONTENT_DISPOSITION, self.disposition());
        headers
    }

    /// `Content-Disposition` (RFC 6266): the name in plain letters for old programs, and as it is.
    fn disposition(&self) -> HeaderValue {
        let kind = if self.is_download {
            "attachment"
        } else {
            "inline"
        };
        let plain = self.name.chars().map(|character| match character {
            '"' | '\\' | '%' => '_',
            ' '..='~' => character,
            _ => '_',
        });
        let plain: String = plain.collect();
        let whole = utf8_percent_encode(self.name, ATTRIBUTE);
        let value = format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{whole}");
        HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("attachment"))
    }
}
