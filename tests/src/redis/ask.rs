use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Sends a command and returns the answer's text: a status, a number, an error with its sign or
/// one string.
pub(super) fn ask(port: u16, words: &[&str]) -> io::Result<String> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
    }
    connection.write_all(request.as_bytes())?;

    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let line = line.trim_end();
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, format!("answered {line:?}"));
    match line.split_at_checked(1).ok_or_else(invalid)? {
        ("+" | ":", text) => Ok(text.to_owned()),
        ("-", _) => Ok(line.to_owned()),
        ("$", length) => {
            let mut text = vec![0; length.parse().map_err(|_| invalid())?];
            reader.read_exact(&mut text)?;
            String::from_utf8(text).map_err(|_| invalid())
        }
        _ => Err(invalid()),
    }
}
