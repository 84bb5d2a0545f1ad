//! How a command asks the server that runs beside it: through a socket in the data folder.
//!
//! What a server has in memory no other process can look at. A command writes one line, a
//! [`Request`] in JSON, and reads one, an [`Answer`]; then the connection ends. Who may use the
//! socket is a matter of the folder's mode and its own, which let nobody in but the server's user.

mod client;
mod server;

use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};

pub(crate) use self::client::ask;
pub(crate) use self::server::listen;
use crate::failure::Failure;
use crate::platform::Platform;
use crate::why;

/// The socket's name in the data folder.
const SOCKET: &str = "control.sock";

/// The longest request or answer.
const LINE_BYTES_MAX: u64 = 256 * 1024;

/// How long the server waits for a request to come, or for an answer to be taken.
const LINE_WITHIN: Duration = Duration::from_secs(5);

/// How long the server works at an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What a running server can be asked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Request {
    /// Why an entry of the cache is served, or why not.
    CacheWhy(why::Question),
}

/// What it says.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Done(Value),
    Failed(String),
}

impl Request {
    async fn answer(&self, platform: &Platform) -> Result<Value, Failure> {
        Ok(match self {
            Self::CacheWhy(question) => serde_json::to_value(question.answer(platform).await?)?,
        })
    }
}

/// One line of at most [`LINE_BYTES_MAX`], without its end.
async fn read_line(from: impl AsyncRead + Unpin) -> io::Result<Vec<u8>> {
    let mut line = vec![];
    let mut from = BufReader::new(from.take(LINE_BYTES_MAX));
    from.read_until(b'\n', &mut line).await?;
    if line.pop() == Some(b'\n') {
        Ok(line)
    } else {
        Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the line has no end",
        ))
    }
}
