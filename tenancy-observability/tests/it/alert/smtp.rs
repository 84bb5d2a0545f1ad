use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server for as much of RFC 5321 as a client needs, which notes what it takes.
pub(super) struct Smtp {
    address: SocketAddr,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    mails: Mutex<Vec<Mail>>,
    /// What is said to the next mails instead of taking them.
    refusals: Mutex<Vec<&'static str>>,
}

/// A mail as it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Mail {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) data: String,
}

impl Smtp {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
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

    pub(super) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub(super) fn refuses(&self, words: &'static str) {
        self.kept.refusals.lock().unwrap().push(words);
    }

    pub(super) fn mails(&self) -> Vec<Mail> {
        self.kept.mails.lock().unwrap().clone()
    }
}

impl Mail {
    /// The headers, with what goes on in the next line in one.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let head = self
            .data
            .split("\r\n\r\n")
            .next()
            .unwrap()
            .replace("\r\n ", " ");
        let lines = head.split("\r\n");
        let headers = lines.map(|line| line.split_once(": ").unwrap());
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
            "EHLO" | "HELO" => "250 test".to_owned(),
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
                let refusal = kept.refusals.lock().unwrap().pop();
                let taken = std::mem::take(&mut mail);
                match refusal {
                    Some(words) => words.to_owned(),
                    None => {
                        kept.mails.lock().unwrap().push(taken);
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
