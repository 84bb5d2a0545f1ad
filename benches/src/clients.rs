//! Clients over HTTP whose own work is next to nothing.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use memchr::memmem;

/// Clients that ask for the same again and again, each over a connection that it keeps, and each
/// waiting for its answer.
#[derive(Debug)]
pub struct Clients {
    clients: Vec<Client>,
    expected: Vec<u8>,
}

#[derive(Debug)]
struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    /// The last response; reused, because its memory is no part of what is measured.
    response: Vec<u8>,
    times: Vec<Duration>,
}

impl Clients {
    /// Connects `count` clients, and asks once to learn the answer that all others must equal.
    ///
    /// # Errors
    /// Those of the connections; an answer that is not 200.
    pub fn connect(count: usize, address: SocketAddr, request: &str) -> io::Result<Self> {
        let client = || {
            Ok(Client {
                stream: TcpStream::connect(address)?,
                request: request.as_bytes().to_vec(),
                response: Vec::new(),
                times: Vec::new(),
            })
        };
        let mut clients = (0..count)
            .map(|_| client())
            .collect::<io::Result<Vec<_>>>()?;
        let expected = clients[0].ask()?.to_vec();
        Ok(Self { clients, expected })
    }

    /// The body that every response must have.
    pub fn expected(&self) -> &[u8] {
        &self.expected
    }

    /// Asks so many times in all.
    ///
    /// # Panics
    /// When an answer is not the expected one.
    pub fn ask(&mut self, requests: usize) {
        let (expected, each) = (&self.expected, requests / self.clients.len());
        thread::scope(|scope| {
            for client in &mut self.clients {
                scope.spawn(move || {
                    for _ in 0..each {
                        let began = Instant::now();
                        let body = client.ask().expect("an answer");
                        assert!(body == expected, "another answer than before");
                        client.times.push(began.elapsed());
                    }
                });
            }
        });
    }

    /// How long each request took since this was asked last.
    pub fn take_times(&mut self) -> Vec<Duration> {
        let times = self.clients.iter_mut().map(|client| &mut client.times);
        times.flat_map(std::mem::take).collect()
    }
}

impl Client {
    /// Sends the request and reads the response; gives its body.
    fn ask(&mut self) -> io::Result<&[u8]> {
        self.stream.write_all(&self.request)?;
        let mut filled = 0;
        let body = loop {
            filled += self.read_some(filled)?;
            if let Some(at) = memmem::find(&self.response[..filled], b"\r\n\r\n") {
                break at + 4;
            }
        };
        let end = body + content_length(&self.response[..body])?;
        while filled < end {
            filled += self.read_some(filled)?;
        }
        Ok(&self.response[body..end])
    }

    fn read_some(&mut self, filled: usize) -> io::Result<usize> {
        if self.response.len() < filled + 64 * 1024 {
            self.response.resize(filled + 64 * 1024, 0);
        }
        match self.stream.read(&mut self.response[filled..])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// The length of the body of a response with this head, which is in lower case as servers here write it.
/// A head of many lines costs its reader next to nothing, since the server alone is measured.
fn content_length(head: &[u8]) -> io::Result<usize> {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let length = memmem::find(head, NAME).and_then(|at| {
        let digits = head[at + NAME.len()..].iter();
        let digits = digits.take_while(|byte| byte.is_ascii_digit());
        digits.copied().try_fold(0_usize, |length, digit| {
            length
                .checked_mul(10)?
                .checked_add(usize::from(digit - b'0'))
        })
    });
    match length {
        Some(length) if head.starts_with(b"HTTP/1.1 200 ") => Ok(length),
        _ => {
            let text = String::from_utf8_lossy(head);
            Err(io::Error::other(format!("no answer: {text}")))
        }
    }
}
