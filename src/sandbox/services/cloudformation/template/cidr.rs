//! `Fn::Cidr`: cuts an address range into equal blocks.

use std::net::Ipv4Addr;

/// The first `count` blocks of `bits` host bits in `range` (`10.0.0.0/16`). Source: CloudFormation User Guide, `Fn::Cidr`.
pub fn blocks(range: &str, count: u32, bits: u32) -> Result<Vec<String>, String> {
    let wrong = || format!("Template error: every Fn::Cidr object needs a valid CIDR range, found {range}");
    let (address, length) = range.split_once('/').ok_or_else(wrong)?;
    let address: u32 = address.parse::<Ipv4Addr>().map_err(|_| wrong())?.into();
    let length: u32 = length.parse().ok().filter(|length| *length <= 32).ok_or_else(wrong)?;
    if !(1..=256).contains(&count) || bits == 0 || bits > 32 - length.min(32) {
        return Err(format!("Template error: Fn::Cidr cannot cut {range} into {count} blocks of {bits} bits"));
    }
    let room = 1_u64 << (32 - length);
    let size = 1_u64 << bits;
    if u64::from(count) * size > room {
        return Err(format!("Template error: Fn::Cidr cannot cut {range} into {count} blocks of {bits} bits"));
    }
    let mask = if length == 0 { 0 } else { u32::MAX << (32 - length) };
    let base = u64::from(address & mask);
    Ok((0..u64::from(count))
        .filter_map(|index| u32::try_from(base + index * size).ok())
        .map(|start| format!("{}/{}", Ipv4Addr::from(start), 32 - bits))
        .collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_into_blocks() {
        assert_eq!(
            blocks("10.20.0.0/16", 4, 8).unwrap(),
            ["10.20.0.0/24", "10.20.1.0/24", "10.20.2.0/24", "10.20.3.0/24"]
        );
        assert!(blocks("10.0.0.0/24", 4, 7).is_err(), "more blocks than fit");
        assert!(blocks("ten", 1, 8).is_err());
    }
}
