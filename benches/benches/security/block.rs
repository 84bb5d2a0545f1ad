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
    let ipv4 = |number| IpAddr::V4(Ipv4Addr::from_bits(spread(number)));
    let ipv6 = |number| IpAddr::V6(Ipv6Addr::from_bits(u128::from(spread(number)) << 96 | 1));
    type Address = fn(u32) -> IpAddr;
    let looks: [(&str, Address, u32); 4] = [
        ("an address that is not", ipv4, ENTRIES),
        ("an address that is", ipv4, 4),
        ("an address of IPv6 that is not", ipv6, ENTRIES),
        ("an address of IPv6 whose /48 is", ipv6, 2),
    ];
    for (whose, address, offset) in looks {
        let mut times = vec![];
        for _ in 0..ROUNDS {
            let began = Instant::now();
            for look in 0..LOOKS {
                let number = offset + (look * 40) % ENTRIES;
                black_box(list.check(address(number), None));
            }
            times.push(began.elapsed().as_secs_f64() / f64::from(LOOKS));
        }
        let name = format!("a look for {whose} in a list of 100,000 (s)");
        report.limit(&name, median(&mut times), 200e-9);
    }
    Ok(())
}
