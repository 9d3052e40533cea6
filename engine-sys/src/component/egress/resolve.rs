//! From a host to the addresses that are connected to: each is checked, and nobody looks the name up again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::time::timeout;
use wasmtime_wasi_http::Error;

use super::Egress;
use super::address::may_connect;
use super::pool::Key;
use super::target::Host;

/// The system's own waits are longer.
const LONGEST_LOOK_UP: Duration = Duration::from_secs(5);
const MOST_ADDRESSES: usize = 8;

/// One of them that may not be connected to refuses the host: who has both kinds of addresses wants to get round this.
pub async fn addresses_of(egress: &Egress, key: &Key) -> Result<Vec<SocketAddr>, Error> {
    let found: Vec<IpAddr> = match &key.target.host {
        Host::Address(address) => vec![*address],
        host if host.is_localhost() => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        Host::Name(name) => {
            let looking_up = egress.look_ups.look_up(key.owner, name.clone());
            let found = timeout(LONGEST_LOOK_UP, looking_up).await;
            found.map_err(|_| Error::DnsTimeout)??
        }
    };
    if found.is_empty() {
        return Err(Error::DnsError {
            rcode: Some("the name has no address".into()),
            info_code: None,
        });
    }
    let private_allowed = egress.settings.private_allowed;
    if !found
        .iter()
        .all(|address| may_connect(*address, private_allowed))
    {
        return Err(Error::DestinationIpProhibited);
    }
    let with_port = |address| SocketAddr::new(address, key.target.port);
    Ok(found
        .into_iter()
        .take(MOST_ADDRESSES)
        .map(with_port)
        .collect())
}
