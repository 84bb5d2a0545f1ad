use std::fmt;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Mailboxes};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use tokio::time::timeout;
use uuid::Uuid;

use super::attempt::Attempt;
use crate::alert::Secret;
use crate::alert::message::Message;

/// How long a message may take, from the connection on.
const TIME_OUT: Duration = Duration::from_secs(20);

/// The longest subject, in characters.
const SUBJECT_MAX: usize = 200;

/// E-mail through a server that takes it by SMTP.
#[derive(Clone)]
pub struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
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
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.expose());
        let server = server.map_err(|_| InvalidMail::Server)?;
        let to: Mailboxes = to.parse().map_err(|_| InvalidMail::Address)?;
        if to.iter().next().is_none() {
            return Err(InvalidMail::Address);
        }
        Ok(Self {
            server: server.timeout(Some(TIME_OUT)).build(),
            from: from.parse().map_err(|_| InvalidMail::Address)?,
            to,
        })
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
        match timeout(TIME_OUT, self.server.send(mail)).await {
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

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The transport knows the password.
        f.debug_struct("Mail")
            .field("from", &self.from)
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}
