//! The main file: one that is there, as far as it says what `init` has to know, or a new one.

use std::path::Path;

use toml::{Table, Value};

use super::fault::Fault;
use super::folder;
use crate::config::Address;

/// What it is called.
pub(super) const FILE: &str = "pacsgate.toml";

/// A PACS, as far as it can be asked whether it is there.
#[derive(Clone, Debug)]
pub(super) struct Pacs {
    pub(super) address: Address,
    pub(super) title: String,
}

/// A main file that is there.
pub(super) struct Main {
    text: String,
    /// Those that speak no TLS.
    pub(super) pacs: Vec<Pacs>,
    /// Somebody may come in already.
    pub(super) has_peers: bool,
}

impl Main {
    /// Reads it; `None` if there is none.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no TOML.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Fault> {
        if !path.exists() {
            return Ok(None);
        }
        let text = String::from_utf8(folder::read(path)?).ok();
        let read = text.and_then(|text| Some((text.parse::<Table>().ok()?, text)));
        let (root, text) = read.ok_or_else(|| Fault::Syntax(path.to_owned()))?;
        let pacs = root.get("pacs").and_then(Value::as_table).into_iter().flatten();
        let pacs = pacs.filter_map(|(_, table)| Pacs::of(table.as_table()?)).collect();
        let drop_ins = path.parent().map(|folder| folder.join("conf.d").read_dir());
        let is_one = |name: &std::ffi::OsStr| name.to_string_lossy().ends_with(".toml");
        let has_drop_in = drop_ins.is_some_and(|entries| {
            entries
                .is_ok_and(|mut all| all.any(|one| one.is_ok_and(|one| is_one(&one.file_name()))))
        });
        Ok(Some(Self { text, pacs, has_peers: has_drop_in || root.contains_key("peer") }))
    }

    /// Whether it says anything of a file.
    pub(super) fn names(&self, file: &str) -> bool {
        self.text.contains(file)
    }
}

impl Pacs {
    fn of(table: &Table) -> Option<Self> {
        if table.contains_key("tls") {
            return None;
        }
        let address = table.get("address")?.as_str()?.parse().ok()?;
        let called = table.get("called_ae")?.as_array()?.first()?.as_str()?;
        let title = table.get("ae_title").and_then(Value::as_str).unwrap_or(called);
        Some(Self { address, title: title.to_owned() })
    }
}

/// A new one, which loads with the first device.
pub(super) fn text(pacs: &Pacs, port: u16, has_list: bool) -> String {
    let Pacs { address, title } = pacs;
    let address = Value::String(address.to_string());
    let title = Value::String(title.clone());
    let list = if has_list { LIST } else { NO_LIST };
    format!(
        r#"# Made by `pacsgate init`, and yours to change. All keys: man pacsgate, docs/configuration.md.
# After a change: systemctl reload pacsgate. That checks it first; with a mistake, nothing changes.
schema = 1

# Devices with TLS connect here, by IPv4 and IPv6.
[listener.front]
bind = ["[::]:{port}"]

[listener.front.tls]
# The gate's own certificates: some devices understand only RSA, others only ECDSA. To renew them:
# pacsgate ca server --replace, for each kind of key.
certificate = [
    {{ certificate = "tls/gateway.pem", private_key = "tls/gateway.key" }},
    {{ certificate = "tls/gateway-ecdsa.pem", private_key = "tls/gateway-ecdsa.key" }},
]
# The CA that a device's certificate must come from.
client_ca = "tls/client-ca.pem"
{list}
# What is protected: its address, and the title by which devices call it.
[pacs.archive]
address = {address}
called_ae = [{title}]

# Each device has a [peer] table in a file of its own in conf.d, which this writes:
# pacsgate ca issue NAME --title TITLE
"#
    )
}

const LIST: &str = r#"# What it has revoked, which `pacsgate ca revoke` and `pacsgate ca crl` replace. The list ends; within
# the grace the gate goes on with the last one, and warns. After it, no device of this CA comes in.
client_crl = ["tls/ca.crl"]
crl_grace = "30d"
"#;
const NO_LIST: &str = r#"# What it has revoked: without a list, a stolen device is let in until its table is taken out.
# client_crl = ["tls/ca.crl"]
"#;
