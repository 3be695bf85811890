//! The files in config/ load as they are shipped.

use std::fs;
use std::path::{Path, PathBuf};

use super::site::Site;
use crate::config::limits::KEYS as LIMITS;
use crate::config::{Limits, Log};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

/// A site with a shipped main file, whose paths lead into the site.
fn site(main: &str) -> Site {
    let site = Site::new("");
    let text = fs::read_to_string(shipped(main)).unwrap();
    let directory = site.directory().display().to_string();
    site.write("pacsgate.toml", text.replace("/etc/pacsgate", &directory));
    for (from, to) in [("tls/ca.pem", "tls/client-ca.pem"), ("tls/ca.crl", "tls/client-ca.crl")] {
        let content = fs::read(site.path(from)).unwrap();
        site.write(to, content);
    }
    site
}

fn add_drop_ins(site: &Site) {
    for entry in fs::read_dir(shipped("conf.d")).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("conf.d/{}", path.file_name().unwrap().display());
        site.write(&name, fs::read(path).unwrap());
    }
}

#[test]
fn the_minimal_configuration_loads() {
    assert!(site("minimal.toml").load().unwrap().warnings.is_empty());
}

#[test]
fn the_gate_at_the_edge_loads() {
    let site = site("edge.toml");
    let files = [
        ("tls/ca.pem", "tls/site-ca.pem"),
        ("tls/gateway.pem", "tls/edge-server.pem"),
        ("tls/gateway.key", "tls/edge-server.key"),
        ("tls/gateway.pem", "tls/edge-client.pem"),
        ("tls/gateway.key", "tls/edge-client.key"),
    ];
    for (from, to) in files {
        site.write(to, fs::read(site.path(from)).unwrap());
    }
    let settings = site.load().unwrap();
    assert_eq!((settings.listeners.len(), settings.loaded.peers), (2, 1));
    assert!(settings.site.clients().any(|(table, _)| table == "pacs.central"));
    let warned = settings.warnings.iter().map(|warning| &*warning.key).collect::<Vec<_>>();
    // The files of this test are not those of an edge.
    let own = |key: &&str| {
        key.starts_with("peer.") || !key.ends_with("certificate") && !key.ends_with("key")
    };
    let warned: Vec<_> = warned.into_iter().filter(own).collect();
    assert_eq!(warned, ["listener.back.tls.client_crl", "peer.ct1.certificate"]);
}

#[test]
fn the_reference_loads_with_the_example_peers() {
    let site = site("pacsgate.toml");
    add_drop_ins(&site);
    let settings = site.load().unwrap();
    assert_eq!(settings.site.limits, Limits::default());
    assert_eq!(settings.log, Log::default());
}

#[test]
fn the_defaults_shown_in_the_reference_are_the_real_ones() {
    let site = site("pacsgate.toml");
    add_drop_ins(&site);
    let text = fs::read_to_string(site.path("pacsgate.toml")).unwrap();
    let is_default = |line: &str| line.starts_with('#') && !line.starts_with("# ") && line != "#";
    let shown = text.lines().filter(|line| is_default(line)).count();
    let log = 3;
    assert_eq!(shown, LIMITS.len() + log, "every key of [limits] and [log]");
    let uncommented = text.lines().map(|line| match line.strip_prefix('#') {
        Some(default) if is_default(line) => default,
        _ => line,
    });
    site.write("pacsgate.toml", uncommented.collect::<Vec<_>>().join("\n"));
    let settings = site.load().unwrap();
    assert_eq!(settings.site.limits, Limits::default());
    assert_eq!(settings.log, Log::default());
}
