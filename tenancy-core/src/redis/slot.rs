/// How many slots the keys of a cluster fall into.
pub(super) const COUNT: usize = 16_384;

/// The slot of a key: of the part between the first `{` and the next `}`, where there is one.
pub(super) fn of(key: &[u8]) -> u16 {
    crc16(tag(key)) % 16_384
}

fn tag(key: &[u8]) -> &[u8] {
    let position = |bytes: &[u8], byte| bytes.iter().position(|other| *other == byte);
    position(key, b'{')
        .map(|open| &key[open + 1..])
        .and_then(|rest| position(rest, b'}').map(|close| &rest[..close]))
        .filter(|tag| !tag.is_empty())
        .unwrap_or(key)
}

/// CRC-16/XMODEM, as the cluster's specification demands.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (crc << 8) ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)]
    })
}

const TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected slots are a Redis 7 server's own, by `CLUSTER KEYSLOT`.
    #[test]
    fn a_key_falls_into_the_slot_that_redis_says() {
        let check = |key: &str, slot: u16| assert_eq!(of(key.as_bytes()), slot, "{key}");
        check("", 0);
        check("123456789", 12_739);
        check("foo", 12_182);
        check("{user1000}.following", 3_443);
        check("user1000", 3_443);
        check("foo{}{bar}", 8_363);
        check("foo{{bar}}zap", 4_015);
        check("foo{bar}{zap}", 5_061);
        check("}{", 12_793);
    }
}
