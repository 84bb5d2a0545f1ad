//! Tags, attributes and events by what they can do.

use crate::threat::words::Words;

/// What a tag can do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tag {
    /// Runs or loads a script whatever it holds.
    Runs,
    /// Can do so, but its name is also an ordinary word, or a component's.
    Ordinary,
}

/// What an attribute can do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attribute {
    /// Runs or loads a script, or says where to.
    Runs,
    Style,
}

static TAGS: Words<Tag, 128> = Words::new(&[
    ("script", Tag::Runs),
    ("iframe", Tag::Runs),
    ("frameset", Tag::Runs),
    ("applet", Tag::Runs),
    ("embed", Tag::Runs),
    ("svg", Tag::Runs),
    ("math", Tag::Runs),
    ("bgsound", Tag::Runs),
    ("isindex", Tag::Runs),
    ("ilayer", Tag::Runs),
    ("xml", Tag::Runs),
    ("xss", Tag::Runs),
    ("body", Tag::Runs),
    ("marquee", Tag::Runs),
    ("foreignobject", Tag::Runs),
    ("noembed", Tag::Runs),
    ("noscript", Tag::Runs),
    ("scriptlet", Tag::Runs),
    ("vmlframe", Tag::Runs),
    ("event-source", Tag::Runs),
    ("animate", Tag::Runs),
    ("animatetransform", Tag::Runs),
    ("animatemotion", Tag::Runs),
    ("object", Tag::Ordinary),
    ("link", Tag::Ordinary),
    ("meta", Tag::Ordinary),
    ("base", Tag::Ordinary),
    ("style", Tag::Runs),
    ("frame", Tag::Ordinary),
    ("layer", Tag::Ordinary),
    ("import", Tag::Ordinary),
    ("set", Tag::Ordinary),
    ("form", Tag::Ordinary),
    ("input", Tag::Ordinary),
    ("button", Tag::Ordinary),
    ("textarea", Tag::Ordinary),
    ("keygen", Tag::Ordinary),
    ("handler", Tag::Ordinary),
    ("listener", Tag::Ordinary),
    ("portal", Tag::Ordinary),
]);

static ATTRIBUTES: Words<Attribute, 64> = Words::new(&[
    ("style", Attribute::Style),
    ("srcdoc", Attribute::Runs),
    ("formaction", Attribute::Runs),
    ("xlink:href", Attribute::Runs),
    ("fscommand", Attribute::Runs),
    ("seeksegmenttime", Attribute::Runs),
    ("dynsrc", Attribute::Runs),
    ("lowsrc", Attribute::Runs),
    ("datasrc", Attribute::Runs),
    ("datafld", Attribute::Runs),
    ("dataformatas", Attribute::Runs),
    ("http-equiv", Attribute::Runs),
    ("classid", Attribute::Runs),
    ("codebase", Attribute::Runs),
    ("allowscriptaccess", Attribute::Runs),
    ("attributename", Attribute::Runs),
    ("background", Attribute::Runs),
    ("folder", Attribute::Runs),
    ("ev:event", Attribute::Runs),
    ("v-html", Attribute::Runs),
    ("ng-app", Attribute::Runs),
    ("ng-csp", Attribute::Runs),
    ("ng-click", Attribute::Runs),
    ("ng-init", Attribute::Runs),
    ("x-on:click", Attribute::Runs),
    ("x-data", Attribute::Runs),
    ("x-init", Attribute::Runs),
]);

/// Names that follow `on`. Browsers know more, and a tag that is really open is judged by the
/// prefix alone; these are for values without one.
static EVENTS: Words<(), 512> = Words::new(&[
    ("abort", ()), ("activate", ()), ("afterprint", ()), ("afterscriptexecute", ()),
    ("afterupdate", ()), ("animationcancel", ()), ("animationend", ()),
    ("animationiteration", ()), ("animationstart", ()), ("auxclick", ()),
    ("beforeactivate", ()), ("beforecopy", ()), ("beforecut", ()), ("beforedeactivate", ()),
    ("beforeinput", ()), ("beforepaste", ()), ("beforeprint", ()),
    ("beforescriptexecute", ()), ("beforetoggle", ()), ("beforeunload", ()), ("begin", ()),
    ("blur", ()), ("bounce", ()), ("canplay", ()), ("canplaythrough", ()), ("change", ()),
    ("click", ()), ("close", ()), ("contentvisibilityautostatechange", ()),
    ("contextmenu", ()), ("copy", ()), ("cuechange", ()), ("cut", ()), ("dataavailable", ()),
    ("dblclick", ()), ("drag", ()), ("dragend", ()), ("dragenter", ()), ("dragexit", ()),
    ("dragleave", ()), ("dragover", ()), ("dragstart", ()), ("drop", ()),
    ("durationchange", ()), ("end", ()), ("ended", ()), ("error", ()), ("filterchange", ()),
    ("finish", ()), ("focus", ()), ("focusin", ()), ("focusout", ()), ("formdata", ()),
    ("fullscreenchange", ()), ("gotpointercapture", ()), ("hashchange", ()), ("help", ()),
    ("input", ()), ("invalid", ()), ("keydown", ()), ("keypress", ()), ("keyup", ()),
    ("layoutcomplete", ()), ("load", ()), ("loadeddata", ()), ("loadedmetadata", ()),
    ("loadend", ()), ("loadstart", ()), ("losecapture", ()), ("lostpointercapture", ()),
    ("message", ()), ("mousedown", ()), ("mouseenter", ()), ("mouseleave", ()),
    ("mousemove", ()), ("mouseout", ()), ("mouseover", ()), ("mouseup", ()),
    ("mousewheel", ()), ("move", ()), ("offline", ()), ("online", ()), ("outofsync", ()),
    ("pagehide", ()), ("pageshow", ()), ("paste", ()), ("pause", ()), ("play", ()),
    ("playing", ()), ("pointercancel", ()), ("pointerdown", ()), ("pointerenter", ()),
    ("pointerleave", ()), ("pointermove", ()), ("pointerout", ()), ("pointerover", ()),
    ("pointerrawupdate", ()), ("pointerup", ()), ("popstate", ()), ("progress", ()),
    ("propertychange", ()), ("ratechange", ()), ("readystatechange", ()), ("repeat", ()),
    ("reset", ()), ("resize", ()), ("resume", ()), ("reverse", ()), ("rowsenter", ()),
    ("rowexit", ()), ("scroll", ()), ("scrollend", ()), ("search", ()),
    ("securitypolicyviolation", ()), ("seek", ()), ("seeked", ()), ("seeking", ()),
    ("select", ()), ("selectionchange", ()), ("selectstart", ()), ("show", ()),
    ("slotchange", ()), ("stalled", ()), ("start", ()), ("stop", ()), ("storage", ()),
    ("submit", ()), ("suspend", ()), ("syncrestored", ()), ("timeerror", ()),
    ("timeupdate", ()), ("toggle", ()), ("touchcancel", ()), ("touchend", ()),
    ("touchmove", ()), ("touchstart", ()), ("trackchange", ()), ("transitioncancel", ()),
    ("transitionend", ()), ("transitionrun", ()), ("transitionstart", ()), ("unload", ()),
    ("unhandledrejection", ()), ("urlflip", ()), ("volumechange", ()), ("waiting", ()),
    ("webkitanimationend", ()), ("webkitanimationiteration", ()),
    ("webkitanimationstart", ()), ("webkittransitionend", ()), ("wheel", ()), ("zoom", ()),
]);

pub(super) fn tag(name: &[u8]) -> Option<Tag> {
    TAGS.get(name)
}

pub(super) fn attribute(name: &[u8]) -> Option<Attribute> {
    ATTRIBUTES.get(name)
}

/// Whether an attribute is an event handler that browsers know.
pub(super) fn is_event(name: &[u8]) -> bool {
    event_of(name).is_some_and(|event| EVENTS.get(event).is_some())
}

/// Whether a browser of today or tomorrow may take it for one.
pub(super) fn may_be_event(name: &[u8]) -> bool {
    event_of(name).is_some_and(|event| event.len() >= 3)
}

fn event_of(name: &[u8]) -> Option<&[u8]> {
    let (on, event) = name.split_at_checked(2)?;
    on.eq_ignore_ascii_case(b"on").then_some(event)
}
