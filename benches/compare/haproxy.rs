//! HAProxy as a blind TLS proxy, where it is installed.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;

use crate::material::Material;

/// Where Debian puts it.
pub(crate) const PROGRAM: &str = "/usr/sbin/haproxy";

/// HAProxy before `upstream`, and where it will listen; nothing where it is not installed.
///
/// It does with its client certificates, without resumption and with the cipher that rustls prefers,
/// what the others do.
pub(crate) fn command(
    directory: &Path,
    upstream: SocketAddr,
) -> io::Result<Option<(Command, SocketAddr)>> {
    if !Path::new(PROGRAM).exists() {
        return Ok(None);
    }
    let material = Material::at(directory);
    let pair = directory.join("haproxy.pem");
    let key = fs::read(material.key("server"))?;
    fs::write(&pair, [fs::read(material.certificate("server"))?, key].concat())?;
    // It cannot say which port the system gave it.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let file = directory.join("haproxy.cfg");
    let configuration = format!(
        "global
    maxconn 4000
    tune.ssl.cachesize 0
    ssl-default-bind-options ssl-min-ver TLSv1.3 no-tls-tickets
    ssl-default-bind-ciphersuites TLS_AES_256_GCM_SHA384
defaults
    mode tcp
    timeout connect 10s
    timeout client 10m
    timeout server 10m
frontend front
    bind {address} ssl crt {} ca-file {} verify required
    default_backend archive
backend archive
    server archive {upstream}
",
        pair.display(),
        material.ca().display(),
    );
    fs::write(&file, configuration)?;
    let mut command = Command::new(PROGRAM);
    command.arg("-db").arg("-q").arg("-f").arg(&file);
    Ok(Some((command, address)))
}
