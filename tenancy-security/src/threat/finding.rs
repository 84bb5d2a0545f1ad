use std::fmt;

use serde::Serialize;

/// Where in a request a value stood: an attack in one place is ordinary in another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Place {
    /// The path of the target, as it was sent.
    Path,
    /// A parameter of the query.
    Query,
    /// A header that is neither of the two below.
    Header,
    /// A cookie.
    Cookie,
    /// A string in a JSON body.
    Json,
    /// A field of a URL-encoded form.
    Form,
    /// A text part or a file name of a multipart body.
    Multipart,
    /// A whole body of text or XML.
    Body,
}

impl Place {
    /// Its name in events and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Json => "json",
            Self::Form => "form",
            Self::Multipart => "multipart",
            Self::Body => "body",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a value tries to do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ThreatKind {
    /// Changes the meaning of a database query.
    SqlInjection,
    /// Runs a script in another visitor's browser.
    CrossSiteScripting,
    /// Leaves the folder that it is meant to name a file in, or names a file of the system.
    PathTraversal,
    /// Runs a command, or code in the server's own language.
    CommandInjection,
    /// Is evaluated by a template engine or an expression language.
    TemplateInjection,
    /// Makes Java's naming service load a stranger's object, as through Log4j.
    JndiLookup,
    /// Makes an XML parser read a file or call an address.
    XmlEntity,
    /// Defines a function that old versions of bash run on sight.
    Shellshock,
    /// Splits a header, or speaks to a mail server, a directory or a document store.
    ProtocolInjection,
}

impl ThreatKind {
    /// Its name in events and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SqlInjection => "sql-injection",
            Self::CrossSiteScripting => "cross-site-scripting",
            Self::PathTraversal => "path-traversal",
            Self::CommandInjection => "command-injection",
            Self::TemplateInjection => "template-injection",
            Self::JndiLookup => "jndi-lookup",
            Self::XmlEntity => "xml-entity",
            Self::Shellshock => "shellshock",
            Self::ProtocolInjection => "protocol-injection",
        }
    }
}

impl fmt::Display for ThreatKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How sure a finding is, and so what it costs to be wrong about it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// Odd, and seen in ordinary text: worth counting, not refusing. So are the names of files and
    /// objects that a server keeps to itself, where a text may name them as well.
    Low,
    /// The shape of an attack.
    High,
    /// An attack that has no other reading.
    Critical,
}

impl Severity {
    /// What it adds to a request's score.
    pub const fn score(self) -> u32 {
        match self {
            Self::Low => 2,
            Self::High => 5,
            Self::Critical => 10,
        }
    }

    /// Whether the default blocking mode refuses a request for it.
    pub const fn blocks(self) -> bool {
        !matches!(self, Self::Low)
    }
}

/// What was found in a value. It says nothing of the value itself, which may be a secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use]
pub struct Finding {
    pub(super) kind: ThreatKind,
    pub(super) severity: Severity,
    pub(super) place: Place,
    pub(super) description: &'static str,
}

impl Finding {
    /// What the value tries to do.
    pub fn kind(&self) -> ThreatKind {
        self.kind
    }

    /// How sure that is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Where it stood.
    pub fn place(&self) -> Place {
        self.place
    }

    /// What gave it away, in words.
    pub fn description(&self) -> &'static str {
        self.description
    }
}

/// As in `sql-injection in query: a second query is joined on with UNION SELECT`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}: {}", self.kind, self.place, self.description)
    }
}

/// What one of the judges says of one reading of a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) kind: ThreatKind,
    pub(super) severity: Severity,
    pub(super) says: &'static str,
}

impl Verdict {
    pub(super) const fn new(kind: ThreatKind, severity: Severity, says: &'static str) -> Self {
        Self {
            kind,
            severity,
            says,
        }
    }

    /// The first that is to be refused, or the gravest of the others.
    pub(super) fn gravest(verdicts: impl Iterator<Item = Self>) -> Option<Self> {
        let mut gravest: Option<Self> = None;
        for verdict in verdicts {
            if verdict.severity.blocks() {
                return Some(verdict);
            }
            gravest = gravest.or(Some(verdict));
        }
        gravest
    }
}
