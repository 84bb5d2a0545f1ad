use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use http::HeaderValue;

use super::directive::Directive;
use super::source::{FrameAncestor, Source};
use super::tenant::Additions;

/// The longest report path, in bytes.
const REPORT_PATH_BYTES_MAX: usize = 200;

/// A Content-Security-Policy.
///
/// By default a page loads nothing but what its own host serves, its scripts and styles may carry the
/// request's [nonce](super::CspNonce), and nobody frames it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use]
pub struct Policy {
    directives: BTreeMap<Directive, Vec<Source>>,
    frame_ancestors: Vec<FrameAncestor>,
    upgrade_insecure_requests: bool,
    report_path: Option<ReportPath>,
}

impl Default for Policy {
    fn default() -> Self {
        use Directive::{
            ConnectSrc, FontSrc, FormAction, ImgSrc, ManifestSrc, ScriptSrc, StyleSrc,
        };

        let own = [
            ConnectSrc,
            FontSrc,
            FormAction,
            ImgSrc,
            ManifestSrc,
            ScriptSrc,
            StyleSrc,
        ];
        own.into_iter()
            .fold(Self::nothing(), |policy, directive| {
                policy.set(directive, [Source::SelfOrigin])
            })
            .allow(ImgSrc, [Source::Data])
            .allow(ScriptSrc, [Source::Nonce])
            .allow(StyleSrc, [Source::Nonce])
            .upgrade_insecure_requests()
    }
}

impl Policy {
    /// For answers that are no pages: nothing may be loaded, sent or framed.
    pub fn nothing() -> Self {
        let nothing = Self {
            directives: BTreeMap::new(),
            frame_ancestors: Vec::new(),
            upgrade_insecure_requests: false,
            report_path: None,
        };
        nothing
            .set(Directive::BaseUri, [])
            .set(Directive::DefaultSrc, [])
            .set(Directive::FormAction, [])
    }

    /// As by default, but no script runs except those with the nonce and what they load: hosts are no
    /// proof where tenants can upload files.
    pub fn strict() -> Self {
        Self::default().set(Directive::ScriptSrc, [Source::Nonce, Source::StrictDynamic])
    }

    /// These sources and no others; none at all is `'none'`.
    pub fn set(mut self, directive: Directive, sources: impl IntoIterator<Item = Source>) -> Self {
        self.directives
            .insert(directive, sources.into_iter().collect());
        self
    }

    /// These sources as well. Where the directive has not been set, they stand beside what browsers
    /// go by without it.
    pub fn allow(
        mut self,
        directive: Directive,
        sources: impl IntoIterator<Item = Source>,
    ) -> Self {
        let mut allowed = self.effective(directive).to_vec();
        allowed.extend(sources);
        self.directives.insert(directive, allowed);
        self
    }

    /// Who may show the page in a frame. Default: nobody. `X-Frame-Options` stays, for browsers that
    /// know no policy; the others ignore it beside this.
    pub fn frame_ancestors(mut self, ancestors: impl IntoIterator<Item = FrameAncestor>) -> Self {
        self.frame_ancestors = ancestors.into_iter().collect();
        self
    }

    /// Has browsers load over TLS what the page names without. It is said only to clients that come
    /// over TLS themselves.
    pub fn upgrade_insecure_requests(mut self) -> Self {
        self.upgrade_insecure_requests = true;
        self
    }

    /// Has browsers tell of what was refused, to a [`CspReports`](super::CspReports) at this path.
    pub fn report_to(mut self, path: ReportPath) -> Self {
        self.report_path = Some(path);
        self
    }

    pub(in crate::headers) fn report_path(&self) -> Option<&ReportPath> {
        self.report_path.as_ref()
    }

    /// The header's value for one answer.
    pub(in crate::headers) fn value(
        &self,
        additions: Option<&Additions>,
        nonce: Option<&str>,
        over_tls: bool,
    ) -> HeaderValue {
        let text = self.text(additions, nonce, over_tls);
        HeaderValue::try_from(text).expect("sources are visible ASCII by their types")
    }

    fn text(&self, additions: Option<&Additions>, nonce: Option<&str>, over_tls: bool) -> String {
        let nothing = Additions::new();
        let additions = additions.unwrap_or(&nothing);
        let mut text = String::with_capacity(256);
        for (directive, sources) in &self.directives {
            write(*directive, sources, additions, nonce, &mut text);
        }
        let mut added: Vec<_> = additions.sources.iter().map(|(added, _)| *added).collect();
        added.sort_unstable();
        added.dedup();
        added.retain(|directive| !self.directives.contains_key(directive));
        for directive in added {
            write(
                directive,
                self.effective(directive),
                additions,
                nonce,
                &mut text,
            );
        }
        let ancestors = self
            .frame_ancestors
            .iter()
            .chain(&additions.frame_ancestors);
        text.push_str("frame-ancestors");
        let before = text.len();
        for ancestor in ancestors {
            text.push(' ');
            text.push_str(ancestor.as_str());
        }
        none_if_unchanged(before, &mut text);
        if self.upgrade_insecure_requests && over_tls {
            text.push_str("; upgrade-insecure-requests");
        }
        if let Some(path) = &self.report_path {
            text.push_str("; report-uri ");
            text.push_str(path.as_str());
            text.push_str("; report-to csp");
        }
        text
    }

    /// The sources that browsers go by for a directive.
    fn effective(&self, directive: Directive) -> &[Source] {
        let mut asked = std::iter::once(&directive).chain(directive.fallbacks());
        let sources = asked.find_map(|directive| self.directives.get(directive));
        sources.map_or(&[], Vec::as_slice)
    }
}

/// The policy without a nonce, as a client without TLS would be told.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(None, None, false))
    }
}

fn write(
    directive: Directive,
    sources: &[Source],
    additions: &Additions,
    nonce: Option<&str>,
    text: &mut String,
) {
    text.push_str(directive.as_str());
    let before = text.len();
    for source in sources {
        source.write(nonce, text);
    }
    for (_, origin) in additions
        .sources
        .iter()
        .filter(|(added, _)| *added == directive)
    {
        text.push(' ');
        text.push_str(origin.as_str());
    }
    none_if_unchanged(before, text);
    text.push_str("; ");
}

fn none_if_unchanged(before: usize, text: &mut String) {
    if text.len() == before {
        text.push_str(" 'none'");
    }
}

/// Where browsers send their reports: a plain path on the page's own host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReportPath(Box<str>);

/// The text is no plain path such as `/csp-reports`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a report path is a plain path such as /csp-reports")]
pub struct InvalidReportPath;

impl ReportPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ReportPath {
    type Err = InvalidReportPath;

    fn from_str(text: &str) -> Result<Self, InvalidReportPath> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        let is_path = text.starts_with('/') && !text.starts_with("//");
        if !is_path || text.len() > REPORT_PATH_BYTES_MAX || !text.bytes().all(plain) {
            return Err(InvalidReportPath);
        }
        Ok(Self(text.into()))
    }
}
