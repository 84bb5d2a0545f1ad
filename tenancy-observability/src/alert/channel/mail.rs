use std::fmt;
use std::time::{Duration, Instant};

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Mailboxes};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use tokio::time::timeout;
use uuid::Uuid;

use super::attempt::Attempt;
use crate::alert::Secret;
use crate::alert::message::Message;
use crate::outgoing::{Call, SlowOutgoing};

/// How long a message may take, from the connection on.
const TIME_OUT: Duration = Duration::from_secs(20);

/// The longest subject, in characters.
const SUBJECT_MAX: usize = 200;

/// E-mail through a server that takes it by SMTP.
#[derive(Clone)]
pub struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
    /// What it is called in public.
    host: String,
    outgoing: Option<SlowOutgoing>,
    from: Mailbox,
    to: Mailboxes,
}

/// What is wrong with a [`Mail`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMail {
    /// A sender or receiver is no address.
    #[error("the sender is an address, and the receivers are addresses with commas between them")]
    Address,
    /// The server's address is none.
    #[error("the server is smtps://NAME:PASSWORD@HOST, or smtp://…?tls=required")]
    Server,
}

impl Mail {
    /// Sends through the server at this address: `smtps://NAME:PASSWORD@HOST`, or with `smtp` and
    /// `?tls=required` where it begins in the clear.
    ///
    /// # Errors
    /// Each of [`InvalidMail`].
    pub fn new(server: &Secret, from: &str, to: &str) -> Result<Self, InvalidMail> {
        let host = host(server.expose()).to_owned();
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.expose());
        let server = server.map_err(|_| InvalidMail::Server)?;
        let to: Mailboxes = to.parse().map_err(|_| InvalidMail::Address)?;
        if to.iter().next().is_none() {
            return Err(InvalidMail::Address);
        }
        Ok(Self {
            server: server.timeout(Some(TIME_OUT)).build(),
            host,
            outgoing: None,
            from: from.parse().map_err(|_| InvalidMail::Address)?,
            to,
        })
    }

    /// Counts there what takes long or fails, as `SMTP`.
    #[must_use]
    pub fn observe(mut self, outgoing: &SlowOutgoing) -> Self {
        self.outgoing = Some(outgoing.clone());
        self
    }

    pub(super) async fn send(&self, id: Uuid, message: &Message) -> Attempt {
        let never = |says: &str| Attempt::Never {
            says: says.to_owned(),
        };
        let mut mail = lettre::Message::builder()
            .from(self.from.clone())
            // The same each time, so that a receiver can tell a repetition.
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .subject(
                message
                    .title()
                    .chars()
                    .take(SUBJECT_MAX)
                    .collect::<String>(),
            )
            .header(ContentType::TEXT_PLAIN);
        for receiver in self.to.iter() {
            mail = mail.to(receiver.clone());
        }
        let Ok(mail) = mail.body(message.text()) else {
            return never("the message cannot be written as e-mail");
        };
        let later = |says: String| Attempt::Later { says, after: None };
        let began = Instant::now();
        let sent = timeout(TIME_OUT, self.server.send(mail)).await;
        if let Some(outgoing) = &self.outgoing {
            let code = match &sent {
                Ok(Ok(response)) => Some(response.code()),
                Ok(Err(error)) => error.status(),
                Err(_) => None,
            };
            outgoing.hear(&Call {
                method: "SMTP",
                host: &self.host,
                status: code.map(u16::from),
                failed: !matches!(sent, Ok(Ok(_))),
                time: began.elapsed(),
            });
        }
        match sent {
            Ok(Ok(_)) => Attempt::Arrived,
            Ok(Err(error)) => {
                let code = error.status().map(|code| format!(" with {code}"));
                let code = code.unwrap_or_default();
                match error.is_permanent() {
                    true => never(&format!("the server refused the message{code}")),
                    false => later(format!("the server did not take the message{code}")),
                }
            }
            Err(_) => later("the server took too long".to_owned()),
        }
    }
}

/// The server in an address, without name and password.
fn host(address: &str) -> &str {
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The transport knows the password.
        f.debug_struct("Mail")
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_called_by_its_host_and_never_by_who_asks_it() {
        let check = |address: &str, expected: &str| {
            assert_eq!(host(address), expected, "{address}");
        };
        check("smtps://mail.example", "mail.example");
        check("smtp://127.0.0.1:2525?tls=required", "127.0.0.1:2525");
        check("smtps://ada:hunter2@mail.example:465/", "mail.example:465");
        check("smtps://ada:hunter2%40x@[::1]:465", "[::1]:465");
        check("smtps://ada@x:hunter2@mail.example", "mail.example");
    }
}
