//! Why a balancer's header was not taken.

use pacsgate_core::reason::Answer;

pacsgate_core::reasons! {
    /// Why a connection from a network of `proxy_protocol_from` ended before TLS.
    pub enum ProxyFault -> Answer {
        /// The health check of a balancer.
        Closed: "closed-in-proxy-header",
            "the connection was closed before its PROXY protocol header was whole",
            "Nothing, if this is the health check of your balancer; otherwise look at its log."
            => Answer::Close;
        Missing: "proxy-header-missing",
            "no PROXY protocol header came from an address in proxy_protocol_from",
            "Let the balancer send it, in version 2 (`send-proxy-v2` in HAProxy). If this is no balancer, \
             name only the balancers' own addresses in `proxy_protocol_from` of the [listener] table."
            => Answer::Close;
        Version1: "proxy-header-version",
            "the PROXY protocol header has version 1",
            "Set the balancer to version 2 of the PROXY protocol (`send-proxy-v2` instead of \
             `send-proxy` in HAProxy)." => Answer::Close;
        TooLong: "proxy-header-too-long",
            "the PROXY protocol header is longer than 4096 bytes",
            "Let the balancer add less to its header: no certificates, no long names."
            => Answer::Close;
        Invalid(HeaderError = HeaderError::Checksum): "proxy-header-invalid",
            "the PROXY protocol header breaks a rule: {0}",
            "Find out what sent this: it has an address in proxy_protocol_from, and its header is \
             none that a balancer makes." => Answer::Close;
        NoSource: "proxy-header-source",
            "the PROXY protocol header names no source over TCP with IPv4 or IPv6",
            "Look at the balancer: it must pass on TCP connections, and know from where they come."
            => Answer::Close;
        Timeout: "proxy-header-timeout",
            "no whole PROXY protocol header came within limits.proxy_header",
            "Let the balancer send its header as soon as it connects, in version 2 (`send-proxy-v2` in \
             HAProxy). If this is no balancer, name only the balancers' own addresses in \
             `proxy_protocol_from`." => Answer::Close;
    }
}

/// The rule of the specification that a header breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum HeaderError {
    /// Neither 1, which is text, nor 2.
    #[error("its version is not 2")]
    Version,
    /// Neither LOCAL nor PROXY.
    #[error("its command is unknown")]
    Command,
    /// A family or a transport that is assigned to nobody.
    #[error("its address family or transport is unknown")]
    Family,
    /// It is shorter than the addresses of its family.
    #[error("it has no room for its addresses")]
    Addresses,
    /// A value behind the addresses is longer than the header.
    #[error("a value in it is longer than what is left of it")]
    Value,
    /// It has another checksum than it says, or two.
    #[error("its checksum is wrong")]
    Checksum,
}

impl From<HeaderError> for ProxyFault {
    fn from(error: HeaderError) -> Self {
        Self::Invalid(error)
    }
}
