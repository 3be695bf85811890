//! What the proxies of other projects are told, each as well as its manual allows.
//!
//! All of them: TLS 1.3 with one cipher suite and one key exchange, which the load offers alone; client
//! certificates of one CA; no resumption, as far as it can be turned off, and the load never resumes;
//! two workers where they have workers; no log of connections; time-outs and limits that no
//! measurement comes near.

use std::net::SocketAddr;
use std::path::PathBuf;

use nix::unistd::Uid;

use crate::proxy::WORKERS;

/// Where nginx finds its module for streams.
pub(crate) const NGINX_STREAM: &str = "/usr/lib/nginx/modules/ngx_stream_module.so";

const CIPHER_SUITE: &str = "TLS_AES_256_GCM_SHA384";
const KEY_EXCHANGE: &str = "X25519";

/// Connections that wait to be accepted; some would take 100.
const BACKLOG: u32 = 1024;

/// Where a proxy is, and what it has.
pub(crate) struct Place {
    pub(crate) address: SocketAddr,
    pub(crate) upstream: SocketAddr,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) both: PathBuf,
    pub(crate) ca: PathBuf,
    pub(crate) directory: PathBuf,
}

/// A thread for each connection; its buffers cannot be changed. Without `TCP_NODELAY` every round trip
/// would wait for a delayed acknowledgement.
pub(crate) fn stunnel(place: &Place) -> String {
    let Place { address, upstream, certificate, key, ca, .. } = place;
    format!(
        "foreground = yes
pid =
syslog = no
debug = warning
[dicom]
accept = {address}
connect = {upstream}
cert = {certificate}
key = {key}
CAfile = {ca}
verifyChain = yes
sslVersion = TLSv1.3
ciphersuites = {CIPHER_SUITE}
curves = {KEY_EXCHANGE}
sessionResume = no
options = NO_TICKET
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
TIMEOUTidle = 3600
",
        certificate = certificate.display(),
        key = key.display(),
        ca = ca.display(),
    )
}

/// Buffers of 64 KiB: with the usual 16 KiB it took more CPU time for each GB.
pub(crate) fn haproxy(place: &Place) -> String {
    let Place { address, upstream, both, ca, .. } = place;
    format!(
        "global
    nbthread {WORKERS}
    maxconn 9000
    tune.bufsize 65536
    tune.ssl.cachesize 0
defaults
    mode tcp
    backlog {BACKLOG}
    timeout connect 10s
    timeout client 1h
    timeout server 1h
listen dicom
    bind {address} ssl crt {both} ca-file {ca} verify required ssl-min-ver TLSv1.3 \
         ciphersuites {CIPHER_SUITE} curves {KEY_EXCHANGE} no-tls-tickets
    server pacs {upstream}
",
        both = both.display(),
        ca = ca.display(),
    )
}

/// Buffers of 64 KiB instead of 16. With `reuseport` each worker has its share of the connections.
pub(crate) fn nginx(place: &Place) -> String {
    let Place { address, upstream, certificate, key, ca, directory, .. } = place;
    let user = if Uid::effective().is_root() { "user www-data;\n" } else { "" };
    format!(
        "load_module {NGINX_STREAM};
{user}daemon off;
worker_processes {WORKERS};
pid {directory}/nginx.pid;
events {{
    worker_connections 20000;
}}
stream {{
    server {{
        listen {address} ssl reuseport backlog={BACKLOG};
        proxy_pass {upstream};
        proxy_buffer_size 64k;
        proxy_timeout 1h;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {ca};
        ssl_verify_client on;
        ssl_protocols TLSv1.3;
        ssl_conf_command Ciphersuites {CIPHER_SUITE};
        ssl_ecdh_curve {KEY_EXCHANGE};
        ssl_session_cache off;
        ssl_session_tickets off;
    }}
}}
",
        directory = directory.display(),
        certificate = certificate.display(),
        key = key.display(),
        ca = ca.display(),
    )
}

/// Its buffers and its tickets cannot be changed. As root it insists on another user.
pub(crate) fn hitch(place: &Place) -> String {
    let Place { address, upstream, both, ca, .. } = place;
    let user = if Uid::effective().is_root() { "user = \"_hitch\"\n" } else { "" };
    format!(
        "{user}daemon = off
workers = {WORKERS}
backlog = {BACKLOG}
log-level = 1
ocsp-dir = \"\"
frontend = \"[{}]:{}\"
backend = \"[{}]:{}\"
pem-file = \"{both}\"
client-verify = required
client-verify-ca = \"{ca}\"
tls-protos = TLSv1.3
ciphersuites = \"{CIPHER_SUITE}\"
ecdh-curve = \"{KEY_EXCHANGE}\"
",
        address.ip(),
        address.port(),
        upstream.ip(),
        upstream.port(),
        both = both.display(),
        ca = ca.display(),
    )
}
