use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How long a side must be silent to have said all it has to say for now.
const SILENCE: Duration = Duration::from_millis(50);

/// Stands between a client and a server, lets them speak in turn and counts the turns.
pub(super) struct Proxy {
    port: u16,
    round_trips: Arc<AtomicUsize>,
}

impl Proxy {
    pub(super) async fn to(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let round_trips = Arc::new(AtomicUsize::new(0));
        let counted = round_trips.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).await;
                tokio::spawn(take_turns(client, server.unwrap(), counted.clone()));
            }
        });
        Self { port, round_trips }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(super) fn round_trips(&self) -> usize {
        self.round_trips.load(Ordering::SeqCst)
    }
}

async fn take_turns(client: TcpStream, server: TcpStream, counted: Arc<AtomicUsize>) {
    let (mut client_reads, mut client_writes) = client.into_split();
    let (mut server_reads, mut server_writes) = server.into_split();
    while forward(&mut client_reads, &mut server_writes).await.is_ok() {
        counted.fetch_add(1, Ordering::SeqCst);
        if forward(&mut server_reads, &mut client_writes)
            .await
            .is_err()
        {
            return;
        }
    }
}

/// Waits for one side to speak, hears it out and passes it on.
async fn forward(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) -> io::Result<()> {
    let mut spoken = Vec::new();
    if from.read_buf(&mut spoken).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    while let Ok(read) = timeout(SILENCE, from.read_buf(&mut spoken)).await {
        if read? == 0 {
            break;
        }
    }
    to.write_all(&spoken).await
}
