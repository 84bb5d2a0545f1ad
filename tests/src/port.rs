use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};

/// A loopback port that nothing listens on.
///
/// It lies below the range from which outgoing connections get theirs, so that a server can be
/// stopped and find its port free when it returns.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u64 = 12_000;
    loop {
        let offset = RandomState::new().hash_one(FIRST) % COUNT;
        let port = FIRST + u16::try_from(offset).expect("the range ends below 65,536");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
