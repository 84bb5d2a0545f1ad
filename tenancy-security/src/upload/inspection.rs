use aws_lc_rs::rand;

use super::budget::Budget;
use super::container::Container;
use super::file_name::FileName;
use super::file_type::FileType;
use super::marks::{ANYWHERE, Marks};
use super::policy::UploadPolicy;
use super::refusal::UploadRefusal;
use super::text::{Markup, Pdf};

/// How much of a file is needed to tell what it is.
const HEAD_BYTES: usize = 512;

/// A file that is being judged while it comes.
///
/// Hand each piece to [`update`](Self::update) before you store it, and store nothing for good before
/// [`finish`](Self::finish): only the end of a file tells that nothing was wrong.
#[derive(Debug)]
pub struct Inspection {
    name: FileName,
    stored_name: String,
    file_type: FileType,
    bytes: u64,
    bytes_max: u64,
    budget: Budget,
    /// The beginning, until it is long enough to tell what the file is.
    head: Option<Vec<u8>>,
    marks: Marks,
    content: Content,
    refused: Option<UploadRefusal>,
}

#[derive(Debug)]
enum Content {
    Markup(Markup),
    Pdf(Pdf),
    Picture(Container),
}

/// A file that may be kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accepted {
    /// What the client calls it.
    pub name: FileName,
    /// See [`Inspection::stored_name`].
    pub stored_name: String,
    /// What it is.
    pub file_type: FileType,
    /// Its size.
    pub bytes: u64,
    /// Its width in pixels, where it is a picture.
    pub width: Option<u32>,
    /// Its height in pixels, where it is a picture.
    pub height: Option<u32>,
}

impl Inspection {
    pub(super) fn new(policy: &UploadPolicy, name: FileName, file_type: FileType) -> Self {
        Self {
            stored_name: format!("{}.{}", random(), file_type.extension()),
            name,
            file_type,
            bytes: 0,
            bytes_max: policy.bytes_max,
            budget: Budget::new(policy.pixels_max, policy.decoded_bytes_max),
            head: Some(Vec::new()),
            marks: Marks::new(ANYWHERE),
            content: match file_type {
                FileType::Gif => Content::Picture(Container::gif()),
                FileType::Html => Content::Markup(Markup::html()),
                FileType::Jpeg => Content::Picture(Container::jpeg()),
                FileType::Pdf => Content::Pdf(Pdf::default()),
                FileType::Png => Content::Picture(Container::png()),
                FileType::Svg => Content::Markup(Markup::svg()),
                FileType::WebP => Content::Picture(Container::webp()),
            },
            refused: None,
        }
    }

    /// What to store it as: random, with the ending of its type, and of the client's name nothing.
    pub fn stored_name(&self) -> &str {
        &self.stored_name
    }

    /// Judges the next piece. After a refusal all others are refusals.
    ///
    /// # Errors
    /// Each of [`UploadRefusal`] but those of [`begin`](UploadPolicy::begin).
    pub fn update(&mut self, piece: &[u8]) -> Result<(), UploadRefusal> {
        let judged = match self.refused {
            Some(refusal) => Err(refusal),
            None => self.judge(piece),
        };
        self.refused = judged.err();
        judged
    }

    /// Judges the whole.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub fn finish(mut self) -> Result<Accepted, UploadRefusal> {
        if let Some(refusal) = self.refused {
            return Err(refusal);
        }
        if self.head.is_some() {
            self.compare_head()?;
        }
        match &self.content {
            Content::Picture(picture) => picture.finish(),
            Content::Pdf(pdf) => pdf.finish(),
            Content::Markup(markup) => markup.finish(),
        }?;
        let (width, height) = self.budget.size().unzip();
        Ok(Accepted {
            stored_name: self.stored_name,
            name: self.name,
            file_type: self.file_type,
            bytes: self.bytes,
            width,
            height,
        })
    }

    fn judge(&mut self, piece: &[u8]) -> Result<(), UploadRefusal> {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        if self.bytes > self.bytes_max {
            return Err(UploadRefusal::TooLarge(self.bytes_max));
        }
        if let Some(head) = &mut self.head {
            let missing = HEAD_BYTES - head.len();
            head.extend_from_slice(&piece[..missing.min(piece.len())]);
            if head.len() == HEAD_BYTES {
                self.compare_head()?;
            }
        }
        match &mut self.content {
            Content::Picture(picture) => {
                if self.marks.are_in(piece) {
                    return Err(UploadRefusal::Active);
                }
                picture.update(piece, &mut self.budget)
            }
            Content::Pdf(pdf) => pdf.update(piece),
            Content::Markup(markup) => markup.update(piece),
        }
        .map_err(|refusal| self.say_what_it_is(refusal))
    }

    fn compare_head(&mut self) -> Result<(), UploadRefusal> {
        let head = self.head.take().unwrap_or_default();
        let found = infer::get(&head).map(|found| found.mime_type());
        match self.file_type.is_found_as(found) {
            true => Ok(()),
            false => Err(UploadRefusal::Content {
                expected: self.file_type,
                found,
            }),
        }
    }

    /// What is malformed from its first bytes on is mostly another type of file.
    fn say_what_it_is(&mut self, refusal: UploadRefusal) -> UploadRefusal {
        if refusal != UploadRefusal::Malformed || self.head.is_none() {
            return refusal;
        }
        self.compare_head().err().unwrap_or(refusal)
    }
}

/// 128 random bits.
fn random() -> String {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).expect("the system gives random numbers");
    format!("{:032x}", u128::from_be_bytes(bytes))
}
