use std::io;

use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::{ANSWER_WITHIN, Answer, LINE_WITHIN, Request, SOCKET, read_line};
use crate::config::Config;
use crate::failure::Failure;

/// Asks the server whose data folder this is.
pub(crate) async fn ask<T: DeserializeOwned>(
    config: &Config,
    request: &Request,
) -> Result<T, Failure> {
    let folder = config.data.display();
    let mut stream = match UnixStream::connect(config.data.join(SOCKET)).await {
        Ok(stream) => stream,
        Err(error) if is_nobody(&error) => {
            return Err(Failure::new(format!(
                "no server runs here with its data in {folder}: this is asked where it runs, with \
                 the same --data"
            )));
        }
        Err(error) => {
            let tried = format!("cannot reach the server with its data in {folder}");
            return Err(Failure::from(error).context(tried));
        }
    };
    let conversation = converse(&mut stream, request);
    // As long as it takes where others have to be answered first.
    let answer = timeout(2 * (LINE_WITHIN + ANSWER_WITHIN), conversation).await;
    let answer = answer.map_err(|_| Failure::new("the server does not answer"))?;
    match answer.map_err(|failure| failure.context("the server did not answer"))? {
        Answer::Done(answer) => Ok(serde_json::from_value(answer)?),
        Answer::Failed(reason) => Err(Failure::new(reason)),
    }
}

async fn converse(stream: &mut UnixStream, request: &Request) -> Result<Answer, Failure> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    let (read, mut write) = stream.split();
    write.write_all(&line).await?;
    Ok(serde_json::from_slice(&read_line(read).await?)?)
}

/// No socket, or one that a server left behind when it was killed.
fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}
