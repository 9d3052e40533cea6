//! What a module, or the operator, says of the hosts that may be asked:
//!
//!   api.example.org        that host, at the port of the scheme: 443 of https, 80 of http
//!   api.example.org:8443   that host, at that port
//!   *.example.net          all hosts below example.net, but not example.net itself
//!   192.0.2.1, [2001:db8::1]:8443
//!                          an address, of which no name is looked up

use super::target::{Host, Target, default_port, is_name, split_port};

enum Hosts {
    One(Host),
    /// Of a suffix, with the dot before it.
    Below(String),
}

pub struct Pattern {
    hosts: Hosts,
    port: Option<u16>,
}

impl Pattern {
    pub fn parse(text: &str) -> Option<Pattern> {
        let (host, port) = split_port(text)?;
        let hosts = match host.strip_prefix("*.") {
            Some(suffix) if is_name(suffix) => {
                Hosts::Below(format!(".{}", suffix.to_ascii_lowercase()))
            }
            Some(_) => return None,
            // The same in two spellings would be found by one who looks for either.
            None if host.ends_with('.') => return None,
            None => Hosts::One(Host::parse(host)?),
        };
        Some(Pattern { hosts, port })
    }

    pub fn allows(&self, target: &Target) -> bool {
        let port = self.port.unwrap_or(default_port(target.is_https));
        port == target.port
            && match (&self.hosts, &target.host) {
                (Hosts::One(host), asked) => host == asked,
                (Hosts::Below(suffix), Host::Name(name)) => {
                    name.len() > suffix.len() && name.ends_with(suffix.as_str())
                }
                (Hosts::Below(_), Host::Address(_)) => false,
            }
    }
}
