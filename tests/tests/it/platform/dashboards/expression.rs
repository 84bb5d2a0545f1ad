use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::vec::IntoIter;

pub(super) type Labels = BTreeSet<String>;

/// What series there are, each with its labels.
pub(super) type Known = BTreeMap<String, Labels>;

/// What belongs to the language, as far as it is used here. Where nothing says by what, the second leave no label.
const FUNCTIONS: [&str; 3] = ["histogram_quantile", "increase", "rate"];
const AGGREGATIONS: [&str; 5] = ["avg", "count", "max", "min", "sum"];
const CHOICES: [&str; 2] = ["bottomk", "topk"];
const OPERATORS: [&str; 3] = ["and", "or", "unless"];

/// The labels of what an expression in Prometheus' language gives.
///
/// # Errors
/// Where it names a series or a label that there is not, joins what has no labels in common, or is more than is
/// read here.
pub(super) fn labels(expression: &str, known: &Known) -> Result<Labels, String> {
    let mut reader = Reader {
        tokens: tokens(expression)?.into_iter().peekable(),
        known,
    };
    let labels = reader.operands()?.ok_or("it gives no series")?;
    match reader.tokens.next() {
        None => Ok(labels),
        Some(token) => Err(format!("{token:?} stands where nothing is expected")),
    }
}

/// The series that are told, and the labels that each of them has at least once.
pub(super) fn scraped(text: &str) -> Known {
    let mut known = Known::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, _value) = line.rsplit_once(' ').unwrap();
        let mut tokens = tokens(series).unwrap().into_iter().peekable();
        let Some(Token::Name(name)) = tokens.next() else {
            panic!("{line}")
        };
        let labels = matchers(&mut tokens).unwrap();
        known.entry(name).or_default().extend(labels);
    }
    known
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Token {
    Name(String),
    Number,
    Sign(char),
    Text,
}

struct Reader<'k> {
    tokens: Peekable<IntoIter<Token>>,
    known: &'k Known,
}

impl Reader<'_> {
    /// Reads until a comma, what closes, or the end. What is joined is joined by all of its labels.
    fn operands(&mut self) -> Result<Option<Labels>, String> {
        let mut joined: Option<Labels> = None;
        while let Some(token) = self
            .tokens
            .next_if(|token| !matches!(token, Token::Sign(',' | ')')))
        {
            let operand = match token {
                Token::Name(name) if OPERATORS.contains(&name.as_str()) => None,
                Token::Name(name) => self.named(&name)?,
                Token::Sign('(') => {
                    let within = self.operands()?;
                    self.expect(')')?;
                    within
                }
                Token::Number | Token::Sign(_) | Token::Text => None,
            };
            let Some(operand) = operand else { continue };
            match &joined {
                Some(labels) if *labels != operand => {
                    return Err(format!("{labels:?} and {operand:?} match nothing"));
                }
                Some(_) => {}
                None => joined = Some(operand),
            }
        }
        Ok(joined)
    }

    fn named(&mut self, name: &str) -> Result<Option<Labels>, String> {
        if AGGREGATIONS.contains(&name) {
            let kept = match self.tokens.next_if_eq(&Token::Name("by".to_owned())) {
                Some(_) => self.list()?,
                None => Labels::new(),
            };
            let labels = self.argument()?;
            if let Some(label) = kept.difference(&labels).next() {
                return Err(format!("{name} by {label}, and there are {labels:?}"));
            }
            return Ok(Some(kept));
        }
        if FUNCTIONS.contains(&name) || CHOICES.contains(&name) {
            let mut labels = self.argument()?;
            if name == "histogram_quantile" && !labels.remove("le") {
                return Err(format!("{name} of what has no le: {labels:?}"));
            }
            return Ok(Some(labels));
        }
        let Some(labels) = self.known.get(name) else {
            return Err(format!("there is no {name}"));
        };
        let matched = matchers(&mut self.tokens)?;
        match matched.difference(labels).next() {
            Some(label) => Err(format!("{name} has no {label}, but {labels:?}")),
            None => Ok(Some(labels.clone())),
        }
    }

    /// What stands in parentheses, the last where there are several.
    fn argument(&mut self) -> Result<Labels, String> {
        self.expect('(')?;
        let mut last = self.operands()?;
        while self.tokens.next_if_eq(&Token::Sign(',')).is_some() {
            last = self.operands()?;
        }
        self.expect(')')?;
        last.ok_or_else(|| "nothing is given to it".to_owned())
    }

    fn list(&mut self) -> Result<Labels, String> {
        self.expect('(')?;
        let mut labels = Labels::new();
        loop {
            match self.tokens.next() {
                Some(Token::Name(label)) => labels.insert(label),
                token => return Err(format!("{token:?} is no label")),
            };
            if self.tokens.next_if_eq(&Token::Sign(',')).is_none() {
                break;
            }
        }
        self.expect(')')?;
        Ok(labels)
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        match self.tokens.next() {
            Some(Token::Sign(found)) if found == sign => Ok(()),
            found => Err(format!("{found:?} stands where {sign} is expected")),
        }
    }
}

/// The names in `{name="value",…}`, if there is such.
fn matchers(tokens: &mut Peekable<IntoIter<Token>>) -> Result<Labels, String> {
    let mut labels = Labels::new();
    if tokens.next_if_eq(&Token::Sign('{')).is_none() {
        return Ok(labels);
    }
    loop {
        match tokens.next() {
            Some(Token::Name(label)) => labels.insert(label),
            token => return Err(format!("{token:?} is no label")),
        };
        while tokens
            .next_if(|token| matches!(token, Token::Sign('=' | '!' | '~')))
            .is_some()
        {}
        if tokens.next() != Some(Token::Text) {
            return Err("a label is compared with nothing".to_owned());
        }
        match tokens.next() {
            Some(Token::Sign(',')) => {}
            Some(Token::Sign('}')) => return Ok(labels),
            token => return Err(format!("{token:?} stands between labels")),
        }
    }
}

/// Without what tells how far back is looked, as in `[5m]`.
fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = vec![];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "_:".contains(letter);
        let (token, length) = match first {
            '"' => (Some(Token::Text), quoted(rest)?),
            '[' => (None, rest.find(']').ok_or("a [ is left open")? + 1),
            '0'..='9' => {
                let is_of_number = |letter: char| letter.is_ascii_alphanumeric() || letter == '.';
                let end = rest.find(|letter| !is_of_number(letter));
                (Some(Token::Number), end.unwrap_or(rest.len()))
            }
            _ if is_of_name(first) => {
                let end = rest.find(|letter| !is_of_name(letter));
                let end = end.unwrap_or(rest.len());
                (Some(Token::Name(rest[..end].to_owned())), end)
            }
            _ => (Some(Token::Sign(first)), first.len_utf8()),
        };
        tokens.extend(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// How long the quoted text at the beginning is.
fn quoted(text: &str) -> Result<usize, String> {
    let mut is_escaped = false;
    for (place, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return Ok(place + 1),
            _ => {}
        }
    }
    Err(format!("{text} is left open"))
}

#[test]
fn what_would_show_nothing_is_told() {
    let known = scraped(
        "# TYPE requests_total counter\nrequests_total{tenant=\"a \\\"b\\\"\",status=\"200\"} 1\n\
         seconds_bucket{tenant=\"a\",le=\"+Inf\"} 1\nopen 3\n",
    );
    let of = |expression: &str| labels(expression, &known);
    let set = |labels: &[&str]| Ok(labels.iter().map(|label| (*label).to_owned()).collect());
    assert_eq!(of("open > 0.5"), set(&[]));
    assert_eq!(
        of("rate(requests_total{tenant!=\"}\"}[5m])"),
        set(&["status", "tenant"])
    );
    assert_eq!(
        of("topk(10, histogram_quantile(0.95, sum by (tenant, le) (rate(seconds_bucket[5m]))))"),
        set(&["tenant"])
    );
    assert_eq!(
        of("sum(open) / (sum(open) + sum(requests_total))"),
        set(&[])
    );
    for (wrong, expected) in [
        ("request_total", "there is no request_total"),
        ("requests_total{route=\"/\"}", "requests_total has no route"),
        ("sum by (route) (requests_total)", "sum by route"),
        (
            "sum by (le) (sum by (tenant) (seconds_bucket))",
            "sum by le",
        ),
        ("histogram_quantile(0.5, requests_total)", "has no le"),
        ("sum(open) / requests_total", "match nothing"),
        ("sum(open) by (tenant)", "there is no by"),
        ("sum by (tenant) open", "( is expected"),
        ("sum(open", ") is expected"),
        ("open)", "nothing is expected"),
        ("open{a=\"", "left open"),
        ("1 + 1", "no series"),
        ("irate(open[5m])", "there is no irate"),
    ] {
        let error = of(wrong).unwrap_err();
        assert!(error.contains(expected), "{wrong}: {error}");
    }
}
