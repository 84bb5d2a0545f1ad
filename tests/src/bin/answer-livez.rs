//! Answers its first request with 503 and every later one with 200, as a server that starts slowly
//! does. The harness's own tests wait for it.

use std::io::{self, Read, Write};
use std::net::TcpListener;

fn main() -> io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .expect("one argument: the address to listen on");
    let listener = TcpListener::bind(address)?;
    let mut status = 503;
    loop {
        let (mut connection, _) = listener.accept()?;
        let _length = connection.read(&mut [0; 1024])?;
        println!("{status}");
        write!(
            connection,
            "HTTP/1.1 {status} Status\r\nContent-Length: 0\r\n\r\n"
        )?;
        status = 200;
    }
}
