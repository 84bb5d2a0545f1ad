use serde_json::{Map, Value};
use tenancy_core::TenantId;

/// The longest text of a report, in bytes; what is longer is cut.
const TEXT_BYTES_MAX: usize = 256;

/// How many reports of one request are read.
const REPORTS_MAX: usize = 20;

/// Takes what browsers report.
///
/// Anybody can send reports and say anything in them. A closure `Fn(CspReport)` is one.
pub trait ReportSink: Send + Sync + 'static {
    /// Takes one report; must not wait.
    fn report(&self, report: CspReport);
}

impl<F: Fn(CspReport) + Send + Sync + 'static> ReportSink for F {
    fn report(&self, report: CspReport) {
        self(report);
    }
}

/// What a browser says it refused. Texts are cut, hold no control characters, and addresses neither
/// query nor fragment nor user.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct CspReport {
    /// What was refused: an address, or a word such as `inline`.
    pub blocked: Box<str>,
    /// Where in the line.
    pub column: Option<u32>,
    /// The directive that refused it.
    pub directive: Box<str>,
    /// The page.
    pub document: Box<str>,
    /// Whether it was really refused, and not only reported.
    pub is_enforced: bool,
    /// Where in the file.
    pub line: Option<u32>,
    /// How what was refused begins, where the policy asks for a sample.
    pub sample: Box<str>,
    /// The script that caused it.
    pub source_file: Box<str>,
    /// Whose host the report was sent to.
    pub tenant: Option<TenantId>,
}

impl CspReport {
    /// What a request's body holds, in either of the forms that browsers send; nothing where it is
    /// neither.
    pub(super) fn read(body: &[u8]) -> Option<Vec<Self>> {
        match serde_json::from_slice(body).ok()? {
            Value::Object(document) => {
                let report = document.get("csp-report")?.as_object()?;
                Some(vec![Self::of_report_uri(report)])
            }
            Value::Array(reports) => {
                let violations = reports.iter().filter_map(|report| {
                    let is_violation = report.get("type")? == "csp-violation";
                    is_violation.then_some(report.get("body")?.as_object()?)
                });
                Some(
                    violations
                        .take(REPORTS_MAX)
                        .map(Self::of_report_to)
                        .collect(),
                )
            }
            _ => None,
        }
    }

    /// The form of `report-uri` (Content Security Policy Level 3, section 5.3).
    fn of_report_uri(report: &Map<String, Value>) -> Self {
        let directive = match text(report, "effective-directive") {
            named if named.is_empty() => text(report, "violated-directive"),
            named => named,
        };
        Self {
            blocked: address(report, "blocked-uri"),
            column: number(report, "column-number"),
            directive,
            document: address(report, "document-uri"),
            is_enforced: is_enforced(report),
            line: number(report, "line-number"),
            sample: text(report, "script-sample"),
            source_file: address(report, "source-file"),
            tenant: None,
        }
    }

    /// The form of `report-to` (section 5.1).
    fn of_report_to(report: &Map<String, Value>) -> Self {
        Self {
            blocked: address(report, "blockedURL"),
            column: number(report, "columnNumber"),
            directive: text(report, "effectiveDirective"),
            document: address(report, "documentURL"),
            is_enforced: is_enforced(report),
            line: number(report, "lineNumber"),
            sample: text(report, "sample"),
            source_file: address(report, "sourceFile"),
            tenant: None,
        }
    }
}

fn is_enforced(report: &Map<String, Value>) -> bool {
    report
        .get("disposition")
        .is_some_and(|word| word == "enforce")
}

fn number(report: &Map<String, Value>, name: &str) -> Option<u32> {
    report.get(name)?.as_u64()?.try_into().ok()
}

fn text(report: &Map<String, Value>, name: &str) -> Box<str> {
    plain(report.get(name).and_then(Value::as_str).unwrap_or_default())
}

/// An address without what may be secret in it.
fn address(report: &Map<String, Value>, name: &str) -> Box<str> {
    let text = report.get(name).and_then(Value::as_str).unwrap_or_default();
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let text = &text[..end];
    let Some((scheme, rest)) = text.split_once("://") else {
        // `data:` and its like carry the whole in the address.
        return plain(text.split_once(':').map_or(text, |(scheme, _)| scheme));
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    plain(&format!("{scheme}://{host}{path}"))
}

/// The beginning of a text, with nothing in it that would end a line of a log.
fn plain(text: &str) -> Box<str> {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    text[..end].replace(char::is_control, " ").into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let old = r#"{"csp-report": {"document-uri": "https://acme.example/cart?token=secret",
            "blocked-uri": "https://u:p@evil.example/x.js#y", "violated-directive": "script-src",
            "effective-directive": "script-src-elem", "disposition": "enforce",
            "source-file": "https://acme.example/a.js", "line-number": 3, "column-number": 7,
            "script-sample": "alert(1)\n"}}"#;
        let new = r#"[{"type": "csp-violation", "body": {
            "documentURL": "https://acme.example/cart?token=secret",
            "blockedURL": "https://u:p@evil.example/x.js#y", "disposition": "enforce",
            "effectiveDirective": "script-src-elem", "sourceFile": "https://acme.example/a.js",
            "lineNumber": 3, "columnNumber": 7, "sample": "alert(1)\n"}},
            {"type": "deprecation", "body": {}}]"#;
        let expected = CspReport {
            blocked: "https://evil.example/x.js".into(),
            column: Some(7),
            directive: "script-src-elem".into(),
            document: "https://acme.example/cart".into(),
            is_enforced: true,
            line: Some(3),
            sample: "alert(1) ".into(),
            source_file: "https://acme.example/a.js".into(),
            tenant: None,
        };
        let expected = Some(vec![expected]);
        assert_eq!(CspReport::read(old.as_bytes()), expected);
        assert_eq!(CspReport::read(new.as_bytes()), expected);
    }

    #[test]
    fn what_is_no_report_is_none_and_what_is_missing_stays_empty() {
        let check = |body: &str, expected: Option<usize>| {
            let reports = CspReport::read(body.as_bytes()).map(|reports| reports.len());
            assert_eq!(reports, expected, "{body}");
        };
        check("", None);
        check("{", None);
        check("7", None);
        check("{}", None);
        check(r#"{"csp-report": 7}"#, None);
        check(
            r#"{"csp-report": {"line-number": -1, "blocked-uri": 7}}"#,
            Some(1),
        );
        check("[]", Some(0));
        check(r#"[7, {"type": "csp-violation"}]"#, Some(0));
        let many = vec![r#"{"type": "csp-violation", "body": {}}"#; 50].join(",");
        check(&format!("[{many}]"), Some(REPORTS_MAX));
        check(&"[".repeat(10_000), None);
    }

    #[test]
    fn texts_are_short_and_of_one_line() {
        let check = |sent: &str, expected: &str| {
            let body = serde_json::json!({"csp-report": {"blocked-uri": sent}}).to_string();
            let reports = CspReport::read(body.as_bytes()).unwrap();
            assert_eq!(&*reports[0].blocked, expected, "{sent:?}");
        };
        check("inline", "inline");
        check("data:text/html,secret", "data");
        check("https://a.example", "https://a.example");
        check("https://a.example/\r\nERROR", "https://a.example/  ERROR");
        check("https://a.example/a@b", "https://a.example/a@b");
        check(&"é".repeat(200), &"é".repeat(128));
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_cut_to_plain_words(sent in "\\PC{0,80}|(https?://)?[ -~\r\n\u{e9}]{0,400}") {
            let body = serde_json::json!({"csp-report": {"blocked-uri": sent, "script-sample": sent}});
            for report in CspReport::read(body.to_string().as_bytes()).unwrap() {
                for text in [report.blocked, report.sample] {
                    prop_assert!(text.len() <= TEXT_BYTES_MAX && !text.contains(char::is_control));
                }
            }
        }
    }
}
