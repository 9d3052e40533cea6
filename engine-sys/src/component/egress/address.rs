//! Which addresses a guest may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// On the internet.
    Public,
    /// On this machine, or on a network that is the operator's: only where the operator allows it.
    Private,
    /// To no host, to many, or of no use: never.
    Nowhere,
}

pub fn may_connect(address: IpAddr, private_allowed: bool) -> bool {
    let farthest = match private_allowed {
        true => Reach::Private,
        false => Reach::Public,
    };
    reach(address) <= farthest
}

fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_of_v4(address),
        IpAddr::V6(address) => reach_of_v6(address),
    }
}

/// As IANA's registry of special addresses has them.
fn reach_of_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [127, ..] | [10, ..] | [192, 168, ..] | [169, 254, ..] => Reach::Private,
        [172, 16..=31, ..] => Reach::Private,
        [100, 64..=127, ..] => Reach::Private, // a carrier's own network
        [198, 18..=19, ..] => Reach::Private,  // benchmarks
        [0, ..] | [224..=255, ..] => Reach::Nowhere,
        [192, 0, 0, _] | [192, 88, 99, _] => Reach::Nowhere,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Reach::Nowhere, // documentation
        _ => Reach::Public,
    }
}

fn reach_of_v6(address: Ipv6Addr) -> Reach {
    let embedded = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        reach_of_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private,
        [0, 0, 0, 0, 0, 0xffff, high, low] => embedded(high, low), // IPv4-mapped
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low), // NAT64
        [0x64, 0xff9b, 1, ..] => Reach::Private,                   // a NAT64 of one's own
        [0x2002, high, low, ..] => embedded(high, low),            // 6to4
        [0xfc00..=0xfdff, ..] => Reach::Private,                   // unique local
        [0xfe80..=0xfeff, ..] => Reach::Private,                   // link-local, site-local
        [0x2001, 0..=0x1ff, ..] => Reach::Nowhere, // Teredo and other protocols' own
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Nowhere, // documentation
        [0x2000..=0x3fff, ..] => Reach::Public,
        // Unspecified, multicast, IPv4-compatible and translated, discarded, not assigned.
        _ => Reach::Nowhere,
    }
}
