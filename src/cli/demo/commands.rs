//! Commands to paste while the demo stays up.

use std::net::SocketAddr;

use super::site::{CALLED, CT1, Site, US1};
use crate::cli::text::quoted;

/// Each with a line that says what will come of it.
pub(super) fn commands(site: &Site, gate: SocketAddr) -> Vec<(&'static str, String)> {
    let directory = quoted(&site.directory().display().to_string());
    // As it was started: nobody has installed it yet.
    let program = std::env::current_exe().unwrap_or_else(|_| "pacsgate".into());
    let program = quoted(&program.display().to_string());
    let host = format!("{} {}", gate.ip(), gate.port());
    let tls =
        format!("+tls {directory}/ct1.key {directory}/ct1.pem \\\n    +cf {directory}/ca.pem");
    let dcmtk = |program: &str, title: &str, tail: &str| {
        format!("{program} -v -aet {title} -aec {CALLED} \\\n    {tls} {host}{tail}")
    };
    let probe = format!(
        "{program} probe {gate} --calling {CT1} --called {CALLED} \\\n    --certificate \
         {directory}/ct1.pem --key {directory}/ct1.key \\\n    --ca {directory}/ca.pem"
    );
    let sample = format!(" \\\n    {directory}/sample.dcm");
    vec![
        ("CT1 asks for C-ECHO: permitted", dcmtk("echoscu", CT1, "")),
        ("CT1 stores an image: permitted", dcmtk("storescu", CT1, &sample)),
        ("the same certificate as US1: refused", dcmtk("echoscu", US1, "")),
        ("without TLS: refused", format!("echoscu -v -aet {CT1} -aec {CALLED} {host}")),
        ("the same C-ECHO without DCMTK, in words", probe),
    ]
}
