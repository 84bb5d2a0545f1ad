use std::cell::RefCell;
use std::collections::HashSet;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, StartTag, Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// Elements that have no end tag.
const EMPTY: [&str; 7] = ["br", "hr", "img", "input", "link", "meta", "source"];

/// Elements that would end a paragraph.
const BLOCKS: [&str; 16] = [
    "article", "details", "div", "footer", "form", "h1", "h2", "h3", "header", "main", "nav", "ol",
    "p", "section", "table", "ul",
];

/// The elements and the text of a document, after a strict reading.
#[derive(Debug, Default)]
pub(super) struct Markup {
    pub(super) elements: Vec<Element>,
    /// What a visitor reads, without scripts.
    pub(super) text: String,
    open: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    /// The names of the elements around it, outermost first.
    pub(super) around: Vec<String>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self
            .attributes
            .iter()
            .find(|(attribute, _)| attribute == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn is_in(&self, name: &str) -> bool {
        self.around.iter().any(|outer| outer == name)
    }
}

impl Markup {
    /// Reads a document, and panics unless every element is closed in its place.
    pub(super) fn read(html: &str) -> Self {
        let options = TokenizerOpts {
            exact_errors: true,
            ..TokenizerOpts::default()
        };
        let tokenizer = Tokenizer::new(Reader::default(), options);
        let input = BufferQueue::default();
        input.push_back(StrTendril::from(html));
        let _finished = tokenizer.feed(&input);
        tokenizer.end();
        let markup = tokenizer.sink.0.into_inner();
        assert_eq!(markup.open, Vec::<String>::new(), "left open");
        let mut ids = HashSet::new();
        for id in markup
            .elements
            .iter()
            .filter_map(|element| element.attribute("id"))
        {
            assert!(ids.insert(id), "two elements with the id {id}");
        }
        markup
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.elements
            .iter()
            .filter(move |element| element.name == name)
    }

    pub(super) fn one(&self, name: &str) -> &Element {
        let mut all = self.all(name);
        let element = all.next().unwrap_or_else(|| panic!("no {name}"));
        assert!(all.next().is_none(), "more than one {name}");
        element
    }

    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = tag.name.to_string();
        let inside = |outer: &str| self.open.iter().any(|open| open == outer);
        assert!(
            !tag.had_duplicate_attributes,
            "two attributes of one name in {tag:?}"
        );
        assert!(
            !(BLOCKS.contains(&&*name) && inside("p")),
            "{name} in a paragraph"
        );
        assert!(!(name == "a" && inside("a")), "a link in a link");
        let attributes = tag.attrs.iter().map(|attribute| {
            (
                attribute.name.local.to_string(),
                attribute.value.to_string(),
            )
        });
        self.elements.push(Element {
            name: name.clone(),
            attributes: attributes.collect(),
            around: self.open.clone(),
        });
        if !EMPTY.contains(&&*name) {
            self.open.push(name.clone());
        }
        match &*name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }
}

#[derive(Default)]
struct Reader(RefCell<Markup>);

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut markup = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == StartTag => return markup.start(&tag),
            Token::TagToken(tag) => {
                let open = markup.open.pop();
                assert_eq!(open.as_deref(), Some(&*tag.name), "closed out of turn");
            }
            Token::CharacterTokens(text)
                if markup.open.last().is_none_or(|name| name != "script") =>
            {
                markup.text.push_str(&text);
            }
            Token::ParseError(error) => panic!("{error}"),
            Token::NullCharacterToken => panic!("a null character"),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::CharacterTokens(_)
            | Token::EOFToken => {}
        }
        TokenSinkResult::Continue
    }
}
