//! Whom a request is for. What could be read in two ways is refused: what is checked is what is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::Scheme;

const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// In lower case, without a dot at its end.
    Name(String),
    Address(IpAddr),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub is_https: bool,
    pub host: Host,
    pub port: u16,
}

impl Host {
    /// A name of ASCII, a dotted quad, or an IPv6 address in brackets. Other spellings of IPv4 addresses, which some
    /// resolvers take ("0x7f.1", "2130706433"), are no hosts.
    pub fn parse(text: &str) -> Option<Host> {
        if let Some(inner) = text.strip_prefix('[') {
            let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
            return Some(Host::Address(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Host::Address(address.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        is_name(name).then(|| Host::Name(name.to_ascii_lowercase()))
    }

    /// Names that are this machine, whatever a resolver says (RFC 6761).
    pub fn is_localhost(&self) -> bool {
        match self {
            Host::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Address(_) => false,
        }
    }
}

/// Of a label: a number as C reads it.
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x").or(label.strip_prefix("0X"));
    match hex {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

pub fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= LONGEST_NAME && name.split('.').all(is_label) && !is_number(last)
}

/// A host and what stands behind it: nothing, or a colon and a port.
pub fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let end = match text.starts_with('[') {
        true => text.find(']')? + 1,
        false => text.find(':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at(end);
    if rest.is_empty() {
        return Some((host, None));
    }
    let digits = rest.strip_prefix(':')?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let port = digits.parse().ok().filter(|port| *port != 0)?;
    Some((host, Some(port)))
}

impl Target {
    /// None: not a URL of HTTP, or with a user's name.
    pub fn of(uri: &Uri) -> Option<Target> {
        let scheme = uri.scheme()?;
        let is_https = *scheme == Scheme::HTTPS;
        if !is_https && *scheme != Scheme::HTTP {
            return None;
        }
        let (host, port) = split_port(uri.authority()?.as_str())?;
        Some(Target {
            is_https,
            host: Host::parse(host)?,
            port: port.unwrap_or(default_port(is_https)),
        })
    }

    /// What the field Host says.
    pub fn host_field(&self) -> String {
        let host = match &self.host {
            Host::Name(name) => name.clone(),
            Host::Address(IpAddr::V4(address)) => address.to_string(),
            Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
        };
        match self.port == default_port(self.is_https) {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }
}

pub fn default_port(is_https: bool) -> u16 {
    match is_https {
        true => 443,
        false => 80,
    }
}
