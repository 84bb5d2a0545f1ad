use std::str::FromStr;

use serde::de::IntoDeserializer as _;
use serde::de::value::Error as NoSuchName;
use serde::{Deserialize, Serialize};

/// A directive whose value is a list of sources (Content Security Policy Level 3).
///
/// What may frame a page is said with [`FrameAncestor`](super::FrameAncestor)s instead.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Directive {
    /// What a `<base>` may name.
    BaseUri,
    /// Frames and workers, where they have no directive of their own.
    ChildSrc,
    /// What scripts may connect to.
    ConnectSrc,
    /// What has no directive of its own.
    DefaultSrc,
    /// Fonts.
    FontSrc,
    /// Where forms may be sent.
    FormAction,
    /// Pages in frames.
    FrameSrc,
    /// Images.
    ImgSrc,
    /// The application's manifest.
    ManifestSrc,
    /// Sound and film.
    MediaSrc,
    /// Plug-ins.
    ObjectSrc,
    /// Scripts.
    ScriptSrc,
    /// Event handlers in attributes.
    ScriptSrcAttr,
    /// `<script>` elements.
    ScriptSrcElem,
    /// Style sheets.
    StyleSrc,
    /// Styles in attributes.
    StyleSrcAttr,
    /// `<style>` elements and style sheets.
    StyleSrcElem,
    /// Workers.
    WorkerSrc,
}

impl Directive {
    /// The name in a policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BaseUri => "base-uri",
            Self::ChildSrc => "child-src",
            Self::ConnectSrc => "connect-src",
            Self::DefaultSrc => "default-src",
            Self::FontSrc => "font-src",
            Self::FormAction => "form-action",
            Self::FrameSrc => "frame-src",
            Self::ImgSrc => "img-src",
            Self::ManifestSrc => "manifest-src",
            Self::MediaSrc => "media-src",
            Self::ObjectSrc => "object-src",
            Self::ScriptSrc => "script-src",
            Self::ScriptSrcAttr => "script-src-attr",
            Self::ScriptSrcElem => "script-src-elem",
            Self::StyleSrc => "style-src",
            Self::StyleSrcAttr => "style-src-attr",
            Self::StyleSrcElem => "style-src-elem",
            Self::WorkerSrc => "worker-src",
        }
    }

    /// What browsers go by where this one is absent, in their order.
    pub(super) fn fallbacks(self) -> &'static [Self] {
        match self {
            Self::BaseUri | Self::DefaultSrc | Self::FormAction => &[],
            Self::FrameSrc => &[Self::ChildSrc, Self::DefaultSrc],
            Self::ScriptSrcAttr | Self::ScriptSrcElem => &[Self::ScriptSrc, Self::DefaultSrc],
            Self::StyleSrcAttr | Self::StyleSrcElem => &[Self::StyleSrc, Self::DefaultSrc],
            Self::WorkerSrc => &[Self::ChildSrc, Self::ScriptSrc, Self::DefaultSrc],
            Self::ChildSrc
            | Self::ConnectSrc
            | Self::FontSrc
            | Self::ImgSrc
            | Self::ManifestSrc
            | Self::MediaSrc
            | Self::ObjectSrc
            | Self::ScriptSrc
            | Self::StyleSrc => &[Self::DefaultSrc],
        }
    }
}

/// The text is the name of no [`Directive`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a directive is a name such as img-src or connect-src")]
pub struct InvalidDirective;

impl FromStr for Directive {
    type Err = InvalidDirective;

    fn from_str(text: &str) -> Result<Self, InvalidDirective> {
        let named: Result<_, NoSuchName> = Self::deserialize(text.into_deserializer());
        named.map_err(|_| InvalidDirective)
    }
}
