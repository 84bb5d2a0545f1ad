use bytes::Bytes;
use http::request::Parts;
use http_body::SizeHint;

use super::body::{self, End};
use super::content::{Coding, Content, Encodings};
use super::inflate::{Inflated, InflatedEnd};
use super::inspection::Inspection;
use super::plan::Plan;
use super::refusal::Refusal;

/// How a request's body is to be looked at.
#[derive(Debug)]
pub(super) struct Look {
    plan: Plan,
    content: Content,
    coding: Option<Coding>,
}

impl Look {
    /// What the headers say of a body, or why it is to be refused without reading it.
    ///
    /// Where nothing is refused, a body whose form is not known is looked at as it is.
    pub(super) fn at(
        request: &Parts,
        plan: Plan,
        encodings: Encodings,
        size: &SizeHint,
    ) -> Result<Self, Refusal> {
        let mut content = Content::of(&request.headers).or_else(|reason| {
            plan.unread(reason)?;
            Ok(Content::Text)
        })?;
        let coding = Coding::of(&request.headers, encodings).or_else(|reason| {
            plan.unread(reason)?;
            content = Content::Binary;
            Ok(None)
        })?;
        if size.lower() > plan.body_bytes_max as u64 && plan.refuses_long() {
            return Err(Refusal::BodyTooLarge);
        }
        Ok(Self {
            plan,
            content,
            coding,
        })
    }

    /// Looks at what was read of the body, or says why it is to be refused without.
    pub(super) async fn inspect(
        &self,
        mut inspection: Inspection<'_>,
        body: &Bytes,
        end: End,
    ) -> Result<(), Refusal> {
        let mut is_cut = end != End::Whole;
        let mut is_over = end == End::OverCap;
        let mut text = body.slice(..body.len().min(self.plan.body_bytes_max));
        if let Some(coding) = self.coding {
            let inflated = Inflated::of(coding, &text, self.plan.body_bytes_max);
            if inflated.end == InflatedEnd::Broken && !is_cut {
                self.plan.unread(Refusal::Encoded)?;
            }
            is_over |= inflated.end == InflatedEnd::OverCap;
            is_cut |= inflated.end != InflatedEnd::Whole;
            text = inflated.text.into();
        }
        if is_over {
            self.plan.unread(Refusal::BodyTooLarge)?;
        }
        let looked = body::inspect(&mut inspection, &self.content, &text, is_cut).await;
        looked.or_else(|reason| self.plan.unread(reason))
    }
}
