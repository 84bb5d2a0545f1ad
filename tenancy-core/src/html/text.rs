use ammonia::Builder;

/// Elements that end a word: what stands before and after them is not one word.
const BREAKS: [&str; 22] = [
    "blockquote",
    "br",
    "caption",
    "dd",
    "div",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "p",
    "pre",
    "table",
    "td",
    "th",
    "tr",
];

/// The words of sanitised markup, separated by single spaces.
pub(super) fn words(html: &str) -> String {
    let spaced = space_out(html);
    let escaped = Builder::empty().clean(&spaced).to_string();
    let text = unescape(&escaped);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What stands between tags, without a thought for what they mean. Entities stay.
pub(super) fn without_tags(html: &str) -> String {
    let mut parts = html.split('<');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (_, after) = part.split_once('>').unwrap_or_default();
        text.push_str(after);
    }
    text
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Puts a blank before every tag that ends a word. Sanitised markup has no `<` but in tags.
fn space_out(html: &str) -> String {
    let mut spaced = String::with_capacity(html.len() + html.len() / 8);
    let mut parts = html.split('<');
    spaced.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let name_end = part
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '/')
            .unwrap_or(part.len());
        if BREAKS.contains(&part[..name_end].trim_matches('/')) {
            spaced.push(' ');
        }
        spaced.push('<');
        spaced.push_str(part);
    }
    spaced
}

/// Undoes the escapes that the serialiser writes in text.
fn unescape(text: &str) -> String {
    text.replace("&nbsp;", "\u{a0}")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
