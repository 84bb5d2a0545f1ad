use std::error::Error;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use ipnet::IpNet;
use tenancy_benches::{Report, median};
use tenancy_security::block::{Block, BlockList};

const ENTRIES: u32 = 100_000;
const LOOKS: u32 = 200_000;
const ROUNDS: usize = 15;

/// Spreads numbers over all addresses.
fn spread(number: u32) -> u32 {
    number.wrapping_mul(0x9e37_79b9)
}

/// Nine in ten entries are addresses, the others networks of both families.
fn network(number: u32) -> Result<IpNet, ipnet::PrefixLenError> {
    let ipv4 = Ipv4Addr::from_bits(spread(number));
    let ipv6 = Ipv6Addr::from_bits(u128::from(spread(number)) << 96);
    match number % 40 {
        0 => IpNet::new(IpAddr::V4(ipv4), 24),
        1 => IpNet::new(IpAddr::V4(ipv4), 20),
        2 => IpNet::new(IpAddr::V6(ipv6), 48),
        3 => IpNet::new(IpAddr::V6(ipv6), 64),
        _ => IpNet::new(IpAddr::V4(ipv4), 32),
    }
}

/// Whether an address is in a list of 100,000.
pub(crate) fn measure(report: &mut Report) -> Result<(), Box<dyn Error>> {
    let list = BlockList::default();
    for number in 0..ENTRIES {
        list.put(Block::new(network(number)?, "bench"))?;
    }
    for (name, offset) in [
        (
            "a look for an address that is not in a list of 100,000 (s)",
            ENTRIES,
        ),
        ("a look for an address that is in a list of 100,000 (s)", 4),
    ] {
        let mut times = vec![];
        for _ in 0..ROUNDS {
            let began = Instant::now();
            for look in 0..LOOKS {
                let number = offset + (look * 40) % ENTRIES;
                let address = IpAddr::V4(Ipv4Addr::from_bits(spread(number)));
                black_box(list.check(address, None));
            }
            times.push(began.elapsed().as_secs_f64() / f64::from(LOOKS));
        }
        report.limit(name, median(&mut times), 200e-9);
    }
    Ok(())
}
