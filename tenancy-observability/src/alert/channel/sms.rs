use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use tenancy_core::outbound::Outbound;
use uuid::Uuid;

use super::attempt::idempotent;
use crate::alert::Secret;
use crate::alert::message::Message;
use crate::alert::segments;

/// How many segments a message may have.
const SEGMENTS_MAX: usize = 2;

/// A service that sends SMS and speaks as Twilio does: a form with `From`, `To` and `Body` is posted
/// under an account and its token.
#[derive(Clone, Debug)]
pub struct Sms {
    outbound: Outbound,
    url: Uri,
    authorization: HeaderValue,
    from: String,
    to: String,
}

/// What is wrong with an [`Sms`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSms {
    /// A number is not one of E.164: `+` and up to fifteen digits.
    #[error("a number is `+` and up to fifteen digits")]
    Number,
    /// The address of the service is none.
    #[error("the address of the service is none")]
    Url,
}

impl Sms {
    /// Sends from one number to another through the service at this address, such as
    /// `https://api.twilio.com/2010-04-01/Accounts/ACCOUNT/Messages.json`.
    ///
    /// # Errors
    /// Each of [`InvalidSms`].
    pub fn new(
        outbound: &Outbound,
        url: &str,
        account: (&str, &Secret),
        from: &str,
        to: &str,
    ) -> Result<Self, InvalidSms> {
        if !is_number(from) || !is_number(to) {
            return Err(InvalidSms::Number);
        }
        let (name, token) = account;
        let credentials = STANDARD.encode(format!("{name}:{}", token.expose()));
        let authorization = HeaderValue::from_str(&format!("Basic {credentials}"));
        let mut authorization = authorization.expect("base64 is a header's value");
        authorization.set_sensitive(true);
        Ok(Self {
            outbound: outbound.clone(),
            url: url.parse().map_err(|_| InvalidSms::Url)?,
            authorization,
            from: from.to_owned(),
            to: to.to_owned(),
        })
    }

    pub(super) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    pub(super) fn request(&self, id: Uuid, message: &Message) -> Request<Bytes> {
        let text = match message.link.is_empty() {
            true => message.title(),
            false => format!("{} {}", message.title(), message.link),
        };
        let fields = [
            ("From", &*self.from),
            ("To", &*self.to),
            ("Body", &*segments::fit(&text, SEGMENTS_MAX)),
        ];
        let fields = fields.map(|(name, value)| format!("{name}={}", encoded(value)));
        let mut request = Request::new(Bytes::from(fields.join("&")));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, kind);
        headers.insert(AUTHORIZATION, self.authorization.clone());
        idempotent(request, id)
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// As a form writes a value: letters and digits as they are, everything else by its bytes.
fn encoded(text: &str) -> String {
    let mut form = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => form.push(char::from(byte)),
            _ => form.push_str(&format!("%{byte:02X}")),
        }
    }
    form
}
