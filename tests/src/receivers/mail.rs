use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// Longer than anything takes that is sent at all, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mail server for as much of RFC 5321 as a client needs, which notes what it takes. Any name and password
/// are right.
#[derive(Debug)]
pub struct MailReceiver {
    address: SocketAddr,
    kept: Arc<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    mails: watch::Sender<Vec<Mail>>,
    /// What is said to the next mails instead of taking them.
    refusals: Mutex<Vec<&'static str>>,
}

/// A mail as it came.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// Its sender, as the envelope has it.
    pub from: String,
    /// Its receivers, as the envelope has them.
    pub to: Vec<String>,
    /// The mail with its headers.
    pub data: String,
}

impl MailReceiver {
    /// One that takes everything.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let kept = Arc::<Kept>::default();
        let server = kept.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = server.clone();
                tokio::spawn(async move { converse(stream, &kept).await });
            }
        });
        Self { address, kept }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Where it is, for one who signs in.
    pub fn url_as(&self, name: &str, password: &str) -> String {
        format!("smtp://{name}:{password}@{}", self.address)
    }

    /// Says these words to a later mail instead of taking it.
    pub fn refuses(&self, words: &'static str) {
        self.kept.refusals().push(words);
    }

    /// What it has taken until now.
    pub fn mails(&self) -> Vec<Mail> {
        self.kept.mails.borrow().clone()
    }

    /// Waits for so many mails, and gives all that there are.
    ///
    /// # Panics
    /// When they do not come within a minute.
    pub async fn until(&self, count: usize) -> Vec<Mail> {
        let mut mails = self.kept.mails.subscribe();
        let enough = timeout(PATIENCE, mails.wait_for(|all| all.len() >= count)).await;
        match enough {
            Ok(Ok(all)) => all.clone(),
            _ => panic!("{count} mails, and there are {:?}", self.mails()),
        }
    }
}

impl Kept {
    fn refusals(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mail {
    /// The headers, with what goes on in the next line in one.
    ///
    /// # Panics
    /// When it has none.
    pub fn headers(&self) -> Vec<(String, String)> {
        let head = self
            .data
            .split("\r\n\r\n")
            .next()
            .unwrap_or_default()
            .replace("\r\n ", " ");
        let lines = head.split("\r\n");
        let headers = lines.map(|line| line.split_once(": ").expect("a header has a value"));
        headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

async fn converse(stream: TcpStream, kept: &Kept) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test\r\n").await?;
    let mut mail = Mail::default();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let (verb, rest) = line.trim_end().split_at(line.trim_end().len().min(4));
        let answer = match &*verb.to_uppercase() {
            "EHLO" => "250-test\r\n250 AUTH PLAIN".to_owned(),
            "HELO" => "250 test".to_owned(),
            "AUTH" => "235 welcome".to_owned(),
            "MAIL" => {
                mail.from = rest.trim_start_matches(" FROM:").to_owned();
                "250 OK".to_owned()
            }
            "RCPT" => {
                mail.to.push(rest.trim_start_matches(" TO:").to_owned());
                "250 OK".to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                mail.data = data(&mut stream).await?;
                let refusal = kept.refusals().pop();
                let taken = std::mem::take(&mut mail);
                match refusal {
                    Some(words) => words.to_owned(),
                    None => {
                        kept.mails.send_modify(|all| all.push(taken));
                        "250 OK".to_owned()
                    }
                }
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" | "NOOP" => "250 OK".to_owned(),
            _ => "502 unknown".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// Up to the line with a dot and nothing else.
async fn data(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut all = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line == ".\r\n" || line.is_empty() {
            return Ok(all);
        }
        all.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
