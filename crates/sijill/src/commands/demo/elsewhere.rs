//! A message centre that the demo did not bring: only where no message can reach anybody. The numbers of the demo's
//! people are made up, and what is made up may be the number of somebody real.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// The address of a message centre on this machine or a private network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateAddress {
    /// As it was named.
    pub named: String,
    /// What it stands for; looked up once, so that what was checked is what is connected to.
    pub address: SocketAddr,
}

/// Why the demo sends nothing there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressRefused {
    /// It is no host and port, or of no host that is known.
    #[error("`{0}` is no host and port that is known here: write it as `127.0.0.1:2775`")]
    Unknown(String),
    /// Anybody may listen there, and carry messages to real phones.
    #[error(
        "`{0}` is neither on this machine nor on a private network. The demo's numbers are made up, so they may be real people's, and a gateway there could write to them: name a simulator on a loopback, private (RFC 1918, RFC 4193) or link-local address. Real invitations leave by `sijill invitations send`"
    )]
    Public(String),
}

impl PrivateAddress {
    /// Looks it up: every address that the host has must be private.
    pub fn of(named: &str) -> Result<Self, AddressRefused> {
        let unknown = || AddressRefused::Unknown(named.to_owned());
        let found: Vec<SocketAddr> = named.to_socket_addrs().map_err(|_| unknown())?.collect();
        let first = found.first().filter(|first| first.port() != 0);
        let address = *first.ok_or_else(unknown)?;
        match found.iter().all(|address| is_private(address.ip())) {
            true => Ok(Self {
                named: named.to_owned(),
                address,
            }),
            false => Err(AddressRefused::Public(named.to_owned())),
        }
    }

    /// The host as it was named.
    pub fn host(&self) -> &str {
        let host = self.named.rsplit_once(':').map_or("", |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

/// Whether an address is on this machine or a private network: loopback, RFC 1918, RFC 4193, link-local.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_this_machine_or_a_private_network_is_taken() {
        for named in [
            "127.0.0.1:2775",
            "127.8.8.8:2775",
            "10.1.2.3:2775",
            "172.16.0.1:2775",
            "172.31.255.254:2775",
            "192.168.1.1:2775",
            "169.254.1.1:2775",
            "[::1]:2775",
            "[fd12:3456::1]:2775",
            "[fe80::1]:2775",
            "[::ffff:10.0.0.1]:2775",
            "localhost:2775",
        ] {
            let taken = PrivateAddress::of(named).unwrap();
            assert_eq!(taken.address.port(), 2_775, "{named}");
        }
        assert_eq!(PrivateAddress::of("[::1]:1").unwrap().host(), "::1");
        assert_eq!(
            PrivateAddress::of("localhost:1").unwrap().host(),
            "localhost"
        );
    }

    #[test]
    fn any_other_address_is_refused_and_the_error_says_why() {
        for named in [
            "8.8.8.8:2775",
            "172.15.0.1:2775",
            "172.32.0.1:2775",
            "192.169.0.1:2775",
            "100.64.0.1:2775",
            "0.0.0.0:2775",
            "255.255.255.255:2775",
            "[2001:db8::1]:2775",
            "[::]:2775",
            "[::ffff:8.8.8.8]:2775",
            "[fec0::1]:2775",
            "[ff02::1]:2775",
        ] {
            let refused = PrivateAddress::of(named).unwrap_err();
            assert_eq!(refused, AddressRefused::Public(named.to_owned()));
            assert!(refused.to_string().contains("real people's"));
        }
    }

    #[test]
    fn what_is_no_address_is_named() {
        for named in [
            "",
            "127.0.0.1",
            "127.0.0.1:0",
            "127.0.0.1:sms",
            "::1:x",
            ":2775",
        ] {
            let unknown = AddressRefused::Unknown(named.to_owned());
            assert_eq!(PrivateAddress::of(named), Err(unknown), "{named}");
        }
    }
}
