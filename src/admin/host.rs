//! Whom a request is meant for: a browser on this machine sends one for every page that it is told to
//! load, and a page elsewhere may have a name that leads here (DNS rebinding). By its name it is known.

use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::Request;
use hyper::header::HOST;

/// What a request came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// A port of loopback.
    Tcp,
    /// A Unix socket, which no browser reaches.
    Unix,
}

/// Whether a request names this machine, wherever it names one.
pub(super) fn is_meant<B>(request: &Request<B>, over: Over) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, other) = (hosts.next(), hosts.next());
    // A request line may name another one than the field does.
    let in_line = request.uri().authority();
    let in_line = in_line.is_none_or(|authority| is_ours(authority.as_str(), over));
    let in_field = match host.map(|host| host.to_str()) {
        None => over == Over::Unix,
        Some(host) => host.is_ok_and(|host| is_ours(host, over)),
    };
    in_line && in_field && other.is_none()
}

fn is_ours(host: &str, over: Over) -> bool {
    let name = without_port(host);
    match name {
        "" | "pacsgate" if over == Over::Unix => true,
        name if name.eq_ignore_ascii_case("localhost") => true,
        name => match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inner) => inner.parse() == Ok(Ipv6Addr::LOCALHOST),
            None => name.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback()),
        },
    }
}

fn without_port(host: &str) -> &str {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(host: Option<&str>, target: &str) -> Request<()> {
        let request = Request::get(target);
        let request = host.into_iter().fold(request, |request, host| request.header(HOST, host));
        request.body(()).unwrap()
    }

    #[test]
    fn knows_the_names_of_this_machine_with_any_port() {
        for host in ["localhost", "LOCALHOST:80", "127.0.0.1:9120", "127.1.2.3", "[::1]", "[::1]:1"]
        {
            assert!(is_meant(&request(Some(host), "/"), Over::Tcp), "{host}");
        }
    }

    #[test]
    fn knows_all_others_for_others() {
        let others = [
            "evil.example",
            "evil.example:9120",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:9120:1",
            "0.0.0.0",
            "10.0.0.1",
            "2130706433",
            "0x7f.1",
            "::1",
            "[::]",
            "[::1",
            "[::ffff:10.0.0.1]",
            "localhost:x",
            "user@localhost",
            "",
            "pacsgate",
        ];
        for host in others {
            assert!(!is_meant(&request(Some(host), "/"), Over::Tcp), "{host}");
        }
        assert!(!is_meant(&request(None, "/"), Over::Tcp));
        assert!(!is_meant(&request(Some("localhost"), "http://evil.example/"), Over::Tcp));
        let mut twice = request(Some("localhost"), "/");
        twice.headers_mut().append(HOST, "evil.example".parse().unwrap());
        assert!(!is_meant(&twice, Over::Tcp));
    }

    #[test]
    fn needs_no_name_on_a_socket_but_takes_no_other_one() {
        for host in [None, Some(""), Some("pacsgate"), Some("localhost")] {
            assert!(is_meant(&request(host, "/"), Over::Unix), "{host:?}");
        }
        assert!(!is_meant(&request(Some("evil.example"), "/"), Over::Unix));
    }
}
