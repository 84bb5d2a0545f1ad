use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use tenancy_core::json;
use tenancy_core::outbound::Outbound;
use tenancy_core::time::Time;
use uuid::Uuid;

use super::attempt::idempotent;
use crate::alert::Secret;
use crate::alert::message::Message;

/// What a secret for signatures begins with.
const PREFIX: &str = "whsec_";

/// The shortest key, in bytes.
const KEY_BYTES_MIN: usize = 24;

/// A program that is told by a `POST` of the message in JSON, signed as standardwebhooks.com describes:
/// `webhook-signature` is the HMAC-SHA-256 of `webhook-id`, `webhook-timestamp` and the body.
#[derive(Clone, Debug)]
pub struct Webhook {
    outbound: Outbound,
    url: Uri,
    key: hmac::Key,
}

/// What is wrong with a [`Webhook`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidWebhook {
    /// The secret is not `whsec_` and at least 24 bytes in base64.
    #[error("a secret is `whsec_` and at least 24 bytes in base64")]
    Secret,
    /// The address is none.
    #[error("the address is none")]
    Url,
}

/// A message is not what it says, or not from now.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the message was not signed with this secret, or not lately")]
pub struct Forged;

impl Webhook {
    /// Tells the program at this address. For an address that a tenant gave, use a client that refuses
    /// internal addresses.
    ///
    /// # Errors
    /// Each of [`InvalidWebhook`].
    pub fn new(outbound: &Outbound, url: &str, secret: &Secret) -> Result<Self, InvalidWebhook> {
        Ok(Self {
            outbound: outbound.clone(),
            url: url.parse().map_err(|_| InvalidWebhook::Url)?,
            key: key(secret).ok_or(InvalidWebhook::Secret)?,
        })
    }

    pub(super) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    pub(super) fn request(&self, id: Uuid, message: &Message, now: Time) -> Request<Bytes> {
        let body = json::to_vec(message).expect("a message is plain data");
        let (id_text, seconds) = (id.to_string(), now.as_microseconds() / 1_000_000);
        let signed = signed(&id_text, &seconds.to_string(), &body);
        let signature = STANDARD.encode(hmac::sign(&self.key, &signed));
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        let value = |text: &str| HeaderValue::from_str(text).expect("it is plain ASCII");
        headers.insert(CONTENT_TYPE, value("application/json"));
        headers.insert("webhook-id", value(&id_text));
        headers.insert("webhook-timestamp", seconds.into());
        headers.insert("webhook-signature", value(&format!("v1,{signature}")));
        idempotent(request, id)
    }
}

/// Whether a message was signed with this secret, no longer than `tolerance` before or after now. For
/// those who receive messages; they must remember ids for as long, to take each once.
///
/// # Errors
/// [`Forged`].
pub fn verify(
    secret: &Secret,
    headers: &HeaderMap,
    body: &[u8],
    now: Time,
    tolerance: Duration,
) -> Result<(), Forged> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let parts = [
        text("webhook-id"),
        text("webhook-timestamp"),
        text("webhook-signature"),
    ];
    let [Some(id), Some(timestamp), Some(signatures)] = parts else {
        return Err(Forged);
    };
    let at = timestamp.parse::<i64>().map_err(|_| Forged)?;
    let apart = at.abs_diff(now.as_microseconds() / 1_000_000);
    let key = key(secret).ok_or(Forged)?;
    let signed = signed(id, timestamp, body);
    let mut signatures = signatures.split(' ');
    let is_ours = signatures.any(|signature| {
        let bytes = signature.strip_prefix("v1,");
        let bytes = bytes.and_then(|text| STANDARD.decode(text).ok());
        bytes.is_some_and(|bytes| hmac::verify(&key, &signed, &bytes).is_ok())
    });
    match is_ours && apart <= tolerance.as_secs() {
        true => Ok(()),
        false => Err(Forged),
    }
}

fn key(secret: &Secret) -> Option<hmac::Key> {
    let text = secret.expose().strip_prefix(PREFIX)?;
    let bytes = STANDARD.decode(text).ok()?;
    (bytes.len() >= KEY_BYTES_MIN).then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

fn signed(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}
