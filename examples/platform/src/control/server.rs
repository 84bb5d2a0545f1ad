use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{ANSWER_WITHIN, Answer, LINE_WITHIN, Request, SOCKET, read_line};
use crate::failure::Failure;
use crate::platform::Platform;

/// How many are answered at once; the others wait.
const CONNECTIONS_MAX: usize = 8;

/// How often a server without the socket looks whether it is free by now.
const RETRY: Duration = Duration::from_secs(1);

/// Answers commands until the end, and then finishes those that it has begun with.
///
/// Of several servers with one data folder the first has the socket, and when it ends, another.
pub(crate) async fn listen(platform: Platform, mut ended: watch::Receiver<bool>) {
    let mut end = pin!(async { drop(ended.wait_for(|ended| *ended).await) });
    let folder = &platform.config().data;
    let mut told = false;
    let door = loop {
        let refused = match Door::open(folder) {
            Ok(Some(door)) => break door,
            Ok(None) => Failure::new("another server has the socket"),
            Err(error) => Failure::from(error),
        };
        if !told {
            let (folder, refused) = (folder.display(), refused);
            tracing::warn!(%folder, %refused, "commands cannot ask this server");
            told = true;
        }
        tokio::select! {
            () = sleep(RETRY) => {}
            () = &mut end => return,
        }
    };
    let mut conversations = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut end => break,
            Some(_) = conversations.join_next() => {}
            accepted = door.listener.accept(), if conversations.len() < CONNECTIONS_MAX => {
                match accepted {
                    Ok((stream, _)) => drop(conversations.spawn(converse(platform.clone(), stream))),
                    Err(error) => {
                        tracing::warn!(%error, "a command could not be heard");
                        sleep(RETRY).await;
                    }
                }
            }
        }
    }
    drop(door);
    while conversations.join_next().await.is_some() {}
}

async fn converse(platform: Platform, mut stream: UnixStream) {
    let (read, mut write) = stream.split();
    let answer = match timeout(LINE_WITHIN, read_line(read)).await {
        Ok(Ok(line)) => answer(&platform, &line).await,
        Ok(Err(error)) => Answer::Failed(format!("the request could not be read: {error}")),
        Err(_) => Answer::Failed(format!("no request came within {LINE_WITHIN:?}")),
    };
    let Ok(mut line) = serde_json::to_vec(&answer) else {
        return;
    };
    line.push(b'\n');
    // Who has gone away needs no answer.
    let _ = timeout(LINE_WITHIN, write.write_all(&line)).await;
}

async fn answer(platform: &Platform, line: &[u8]) -> Answer {
    let request: Request = match serde_json::from_slice(line) {
        Ok(request) => request,
        Err(error) => {
            return Answer::Failed(format!(
                "the server does not know this request, and may be of another version: {error}"
            ));
        }
    };
    match timeout(ANSWER_WITHIN, request.answer(platform)).await {
        Ok(Ok(answer)) => Answer::Done(answer),
        Ok(Err(failure)) => Answer::Failed(failure.to_string()),
        Err(_) => Answer::Failed(format!("the server had no answer within {ANSWER_WITHIN:?}")),
    }
}

/// The socket, which goes when this does.
#[derive(Debug)]
struct Door {
    listener: UnixListener,
    socket: PathBuf,
    /// Held as long as the process lives, however it ends: what then lies there is nobody's.
    _lock: File,
}

impl Door {
    /// `None` where another server has it.
    fn open(folder: &Path) -> io::Result<Option<Self>> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let lock = File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join("control.lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let (socket, draft) = (folder.join(SOCKET), folder.join("control.new"));
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Found under its name only once nobody else can open it.
        let listener = UnixListener::bind(&draft)?;
        fs::set_permissions(&draft, Permissions::from_mode(0o600))?;
        fs::rename(&draft, &socket)?;
        Ok(Some(Self {
            listener,
            socket,
            _lock: lock,
        }))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.socket);
    }
}
