//! Texts of the configuration that become values: names, networks, addresses and digests.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use pacsgate_core::certificate::{Digest, is_dns_name};

/// Where a PACS is: a name or an IP address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// A DNS name in lower case, or an IP address without brackets.
    pub host: Box<str>,
    /// 1 to 65,535.
    pub port: u16,
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressFault {
    /// A blank, as in `host : port`.
    #[error("has a blank in it; write host and port alone, such as \"10.10.0.5:104\"")]
    Blank,
    /// The address that means all of a machine's, where one is listened on.
    #[error(
        "stands for all addresses of a machine and cannot be connected to; write the system's own"
    )]
    Unspecified,
    /// A scheme before the host.
    #[error("is a URL; write host and port alone, such as \"10.10.0.5:104\"")]
    Url,
    /// No colon and number at the end.
    #[error("has no port; write host and port, such as \"10.10.0.5:104\"")]
    NoPort,
    /// Not a number from 1 to 65,535.
    #[error("has a port outside 1 to 65535")]
    Port,
    /// An IPv6 address without brackets: where it ends is not clear.
    #[error("is an IPv6 address without brackets; write \"[address]:port\"")]
    Brackets,
    /// Neither a DNS name nor an IP address.
    #[error("has a host that is neither a DNS name nor an IP address")]
    Host,
}

impl FromStr for Address {
    type Err = AddressFault;

    fn from_str(text: &str) -> Result<Self, AddressFault> {
        if text.contains(char::is_whitespace) {
            return Err(AddressFault::Blank);
        }
        if text.parse::<std::net::Ipv6Addr>().is_ok() {
            return Err(AddressFault::Brackets);
        }
        if text.contains("://") {
            return Err(AddressFault::Url);
        }
        let (host, port) = text.rsplit_once(':').ok_or(AddressFault::NoPort)?;
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        if !digits {
            return Err(AddressFault::NoPort);
        }
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(AddressFault::Port)?;
        let host = host_name(host)?;
        let is_unspecified =
            host.parse().is_ok_and(|host: IpAddr| host.to_canonical().is_unspecified());
        if is_unspecified { Err(AddressFault::Unspecified) } else { Ok(Self { host, port }) }
    }
}

fn host_name(host: &str) -> Result<Box<str>, AddressFault> {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(inner) = bracketed {
        let address: std::net::Ipv6Addr = inner.parse().map_err(|_| AddressFault::Host)?;
        return Ok(address.to_string().into());
    }
    if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
        return Ok(address.to_string().into());
    }
    let name = host.to_ascii_lowercase();
    let numeric = name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
    if numeric || !is_dns_name(&name) {
        let like_ipv6 = host.contains(':') && !host.contains('/');
        return Err(if like_ipv6 { AddressFault::Brackets } else { AddressFault::Host });
    }
    Ok(name.into())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Why a text is not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NetworkFault {
    /// Neither an address nor an address, a slash and a prefix length.
    #[error("is not a network; write an address and a prefix length, such as \"192.0.2.0/24\"")]
    Grammar,
    /// Bits behind the prefix are set: which of the two is meant is not clear.
    #[error(
        "has bits set after its prefix; write \"{network}\" for the network or \"{address}\" \
         for the one address"
    )]
    HostBits {
        /// The network that the address is in.
        network: IpNet,
        /// The address.
        address: IpAddr,
    },
}

/// Reads a network in CIDR notation, or one address. What is mapped into IPv6 is IPv4, as addresses
/// are when they are compared.
pub(super) fn network(text: &str) -> Result<IpNet, NetworkFault> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_canonical().into());
    }
    let network: IpNet = text.parse().map_err(|_| NetworkFault::Grammar)?;
    if network.addr() != network.network() {
        return Err(NetworkFault::HostBits { network: network.trunc(), address: network.addr() });
    }
    Ok(unmapped(network))
}

fn unmapped(network: IpNet) -> IpNet {
    /// The bits before an IPv4 address in IPv6 (RFC 4291 section 2.5.5.2).
    const MAPPED: u8 = 96;
    let prefix = network.prefix_len().checked_sub(MAPPED).filter(|_| network.addr().is_ipv6());
    let address = network.addr().to_canonical();
    let unmapped = prefix.filter(|_| address.is_ipv4()).map(|prefix| IpNet::new(address, prefix));
    unmapped.and_then(Result::ok).unwrap_or(network)
}

/// Reads an address to listen on. Port 0 lets the system choose one.
pub(super) fn bind(text: &str) -> Option<SocketAddr> {
    text.parse().ok()
}

/// Why a text is not a SHA-256 digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DigestFault {
    /// Something else than hexadecimal digits, in pairs if there are colons.
    #[error(
        "is not a digest; write hexadecimal digits, with a colon between each two or with none"
    )]
    Grammar,
    /// The 40 digits of a SHA-1 digest.
    #[error("is as long as a SHA-1 digest; a SHA-256 digest has 64 digits")]
    Sha1,
    /// Another number of digits.
    #[error("has {0} digits; a SHA-256 digest has 64")]
    Length(usize),
}

/// Reads 64 hexadecimal digits, with colons between all bytes or none, as OpenSSL shows both.
pub(crate) fn digest(text: &str) -> Result<Digest, DigestFault> {
    let pairs: Vec<&[u8]> = if text.contains(':') {
        text.as_bytes().split(|byte| *byte == b':').collect()
    } else {
        text.as_bytes().chunks(2).collect()
    };
    let bytes: Option<Vec<u8>> = pairs.into_iter().map(byte).collect();
    let bytes = bytes.ok_or(DigestFault::Grammar)?;
    let count = bytes.len() * 2;
    match bytes.try_into() {
        Ok(digest) => Ok(Digest(digest)),
        Err(_) if count == 40 => Err(DigestFault::Sha1),
        Err(_) => Err(DigestFault::Length(count)),
    }
}

fn byte(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(*high)? << 4 | digit(*low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_of_each_kind() {
        let cases = [
            ("10.10.0.5:104", "10.10.0.5", 104),
            ("[2001:DB8::5]:104", "2001:db8::5", 104),
            ("Archive.Example:11112", "archive.example", 11112),
            ("old_pacs:104", "old_pacs", 104),
        ];
        for (text, host, port) in cases {
            assert_eq!(text.parse(), Ok(Address { host: host.into(), port }), "{text}");
        }
    }

    #[test]
    fn shows_addresses_as_they_are_written() {
        for text in ["10.10.0.5:104", "[2001:db8::5]:104", "archive:104"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        use AddressFault::{Blank, Brackets, Host, NoPort, Port, Unspecified, Url};
        let cases = [
            ("10.10.0.5", NoPort),
            ("10.10.0.5:", NoPort),
            ("10.10.0.5:dicom", NoPort),
            ("10.10.0.5:+104", NoPort),
            ("10.10.0.5:0", Port),
            ("10.10.0.5:65536", Port),
            ("10.10.0.500:104", Host),
            ("10.10.0:104", Host),
            (":104", Host),
            ("a b:104", Blank),
            ("10.10.0.5 : 104", Blank),
            (" 10.10.0.5:104", Blank),
            ("0.0.0.0:104", Unspecified),
            ("[::]:104", Unspecified),
            ("[::ffff:0.0.0.0]:104", Unspecified),
            ("http://archive:104", Url),
            ("dicom://archive", Url),
            ("[archive]:104", Host),
            ("2001:db8::5", Brackets),
            ("2001:db8:0:0:0:0:0:0:5:104", Brackets),
        ];
        for (text, fault) in cases {
            assert_eq!(text.parse::<Address>(), Err(fault), "{text}");
        }
    }

    #[test]
    fn takes_a_single_address_for_a_network_of_one() {
        assert_eq!(network("192.0.2.7"), Ok("192.0.2.7/32".parse().unwrap()));
        assert_eq!(network("2001:db8::7"), Ok("2001:db8::7/128".parse().unwrap()));
    }

    #[test]
    fn takes_mapped_networks_for_what_is_mapped() {
        for (mapped, plain) in [
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::/64", "::/64"),
        ] {
            assert_eq!(network(mapped), Ok(plain.parse().unwrap()), "{mapped}");
        }
    }

    #[test]
    fn refuses_host_bits_and_says_what_could_be_meant() {
        let told = network("192.0.2.7/24").unwrap_err().to_string();
        let cure = "write \"192.0.2.0/24\" for the network or \"192.0.2.7\" for the one address";
        assert_eq!(told, format!("has bits set after its prefix; {cure}"));
    }

    #[test]
    fn refuses_what_is_no_network() {
        for text in ["", "192.0.2.0/33", "192.0.2/24", "192.0.2.0-255", "ct1.example", "any"] {
            assert_eq!(network(text), Err(NetworkFault::Grammar), "{text}");
        }
    }

    #[test]
    fn reads_a_digest_with_and_without_colons() {
        let expected = Ok(Digest([0xab; 32]));
        assert_eq!(digest(&"ab".repeat(32)), expected);
        assert_eq!(digest(&["AB"; 32].join(":")), expected);
    }

    #[test]
    fn refuses_what_is_no_digest() {
        assert_eq!(digest(&"ab".repeat(20)), Err(DigestFault::Sha1));
        assert_eq!(digest(&"ab".repeat(31)), Err(DigestFault::Length(62)));
        assert_eq!(digest(""), Err(DigestFault::Length(0)));
        let odd = "ab".repeat(31) + "a";
        let grouped = ["abab"; 16].join(":");
        for text in [odd.as_str(), grouped.as_str(), "9f:86:...", "+1", "sha256:ab"] {
            assert_eq!(digest(text), Err(DigestFault::Grammar), "{text}");
        }
    }
}
