//! What the commands of the CA say of what they have done.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use super::arguments::ForGate;
use super::fault::Fault;
use super::gate::{Gate, Placed};
use super::service::{self, Reload};
use crate::ca::{self, Ca, Certificate, Issued, List, Moment, Revoked};
use crate::cli::explain::tell;
use crate::cli::text::paragraph;
use crate::cli::trail::harmless;

const INDENT: usize = 2;

/// Of a new CA.
pub(super) fn made(ca: &Ca, out: &mut impl Write) -> io::Result<()> {
    let folder = ca.folder().display();
    let subject = harmless(&ca.state().subject);
    writeln!(out, "{folder} holds a new CA, {subject}, until {}.", ca.end())?;
    say(
        out,
        format!(
            "{folder}/ca.pem is its certificate: the gate names a copy of it in client_ca, and devices \
             import it to know the gate. {folder}/ca.crl is its revocation list, for client_crl."
        ),
    );
    say(
        out,
        "Keep a copy of the folder elsewhere: without its key and its log, no certificate can be \
         renewed or revoked.",
    );
    head(ca, out)
}

/// What to write down, so that a change of the log shows even where the whole folder is exchanged.
pub(super) fn head(ca: &Ca, out: &mut impl Write) -> io::Result<()> {
    let (lines, hash) = ca.head();
    writeln!(out, "The log has {lines} lines; SHA-256 of the last: {hash}")
}

/// Of a device's certificate.
pub(super) fn issued(name: &str, issued: &Issued, ca: &Ca, out: &mut impl Write) -> io::Result<()> {
    let Certificate { serial, not_after, .. } = &issued.certificate;
    writeln!(out, "{name} has certificate {serial}, until {not_after}:")?;
    if issued.is_shortened {
        say(out, "It ends with the CA itself, before the days that were asked for.");
    }
    // The first is the certificate, after which all are called.
    let stem = issued.files.first().and_then(|path| path.file_stem()).unwrap_or_default();
    for path in &issued.files {
        writeln!(out, "  {:<16}{}", what_is(path, stem), path.display())?;
    }
    let ca = ca.folder().join("ca.pem");
    writeln!(out, "  {:<16}{}, by which the device knows the gate", "the CA", ca.display())
}

/// Of titles that are hardly meant; `check` says the same once they are in the gate's configuration.
pub(super) fn titles(name: &str, titles: &[String], gate: Option<&Gate>) {
    for title in titles {
        let shown = harmless(title);
        if title.contains(',') {
            tell(format_args!(
                "warning: \"{shown}\" is one title with a comma in it; give --title once for each, unless \
                 the device is called that"
            ));
        }
        if let Some(other) = gate.and_then(|gate| gate.other_with(title, name)) {
            tell(format_args!(
                "warning: \"{shown}\" is a title of peer.{other}, too, so the PACS cannot tell the two apart"
            ));
        }
    }
}

/// Of a list that ends soon: somebody has the CA's key at hand.
pub(super) fn due(ca: &Ca, now: Moment, out: &mut impl Write) {
    const SOON: u64 = 30;
    let left = ca.state().list.and_then(|(_, end)| end.days_after(now));
    if left.is_none_or(|days| days < SOON) {
        say(
            out,
            "The revocation list ends soon or has ended, and then the gate lets in no device of this \
             CA: make the next one, pacsgate ca crl",
        );
    }
}

fn what_is(path: &Path, stem: &OsStr) -> &'static str {
    match path.extension().and_then(OsStr::to_str) {
        Some("pem") => "certificate",
        Some("key") => "key",
        Some("p12") if path.file_stem() == Some(stem) => "both, PKCS#12",
        Some("p12") => "both, old",
        _ => "its password",
    }
}

/// Where the device's table went. Tells whether the gate has something to load.
pub(super) fn table(
    name: &str,
    table: &ca::Table,
    gate: Option<&Gate>,
    ca: &[u8],
    out: &mut impl Write,
) -> Result<bool, Fault> {
    let path = table.path.display();
    let Some(gate) = gate else {
        let gap = if table.text.contains("# GAP:") { ", fill the gap in it," } else { "" };
        say(
            out,
            format!(
                "Its table for the gate is {path}: copy it into conf.d there{gap} and reload the gate."
            ),
        );
        return Ok(false);
    };
    if !gate.trusts(ca) {
        say(
            out,
            format!(
                "No listener of {} has this CA in client_ca, so that the device is not let in yet: put \
                 a copy of ca.pem there.",
                gate.main.display()
            ),
        );
    }
    let placed = gate.place(name, table).map_err(|error| {
        Fault::Said(format!(
            "{error}. {name} has its certificate nevertheless; copy its table, {path}, into conf.d \
             yourself, and reload the gate."
        ))
    })?;
    match placed {
        Placed::New(placed) | Placed::Renewed(placed) => {
            writeln!(out, "Its table for the gate is {}.", placed.display())?;
            Ok(true)
        }
        Placed::Elsewhere(found) => {
            say(
                out,
                format!(
                    "[peer.{name}] is in {} already, which was left as it is. Compare it with {path}: \
                     its certificate needs what stands there.",
                    found.display()
                ),
            );
            Ok(true)
        }
    }
}

/// Of a renewal: the gate knows the names already, unless somebody has taken them out. Tells whether it
/// has something to load.
pub(super) fn renewed(
    name: &str,
    count: usize,
    gate: Option<&Gate>,
    table: &ca::Table,
    out: &mut impl Write,
) -> Result<bool, Fault> {
    let placed = gate.map(|gate| gate.place(name, table)).transpose()?;
    if let Some(Placed::New(path)) = placed {
        writeln!(out, "Its table for the gate is {}.", path.display())?;
        return Ok(true);
    }
    if count > 1 {
        say(
            out,
            format!(
                "The gate needs no change: it lets in this certificate and those before. Once the \
                 device shows the new one, end the others: pacsgate ca retire {name}"
            ),
        );
    }
    Ok(false)
}

/// Of the gate's own certificate.
pub(super) fn server(
    server: &ca::Server,
    certificate: &Certificate,
    out: &mut impl Write,
) -> io::Result<()> {
    let stem = server.folder.join(&server.stem);
    let Certificate { serial, not_after, .. } = certificate;
    writeln!(out, "{}.pem and .key have certificate {serial}, until {not_after}.", stem.display())
}

/// Of what counts no more.
pub(super) fn revoked(
    revoked: &Revoked,
    gate: Option<&Gate>,
    out: &mut impl Write,
) -> Result<(), Fault> {
    for serial in &revoked.serials {
        let of = revoked.device.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        writeln!(out, "Certificate {serial}{of} is revoked.")?;
    }
    if let (Some(gate), Some(name), Some(table)) = (gate, &revoked.device, &revoked.table)
        && gate.has_peer(name)
    {
        gate.place(name, table)?;
    }
    Ok(())
}

/// Where a list went, and when the next one is due.
pub(super) fn list(
    ca: &Ca,
    list: &List,
    gate: Option<&Gate>,
    out: &mut impl Write,
) -> Result<(), Fault> {
    let own = ca.folder().join("ca.crl");
    let revoked = crate::cli::text::counted(list.revoked, "revoked certificate");
    writeln!(out, "Revocation list {} has {revoked}: {}", list.number, own.display())?;
    say(
        out,
        format!(
            "It counts until {} (at a gate, for its crl_grace longer). From then on the gate lets in no \
             device of this CA, so make the next one before, with `pacsgate ca crl`; put it in the calendar.",
            list.until
        ),
    );
    let Some(gate) = gate else {
        say(
            out,
            "Copy it to each gate, over the file that client_crl names, and reload the gate. Until then \
             revoked devices are still let in.",
        );
        return Ok(());
    };
    let taken = gate.take_list(&list.pem, ca.certificate())?;
    for path in &taken {
        writeln!(out, "The gate's copy is new: {}", path.display())?;
    }
    if taken.is_empty() {
        return Err(Fault::Said(format!(
            "No listener of {} has a list of this CA in client_crl, so that the gate still lets in what \
             is revoked. Copy {} to where the gate's group can read it, name it in client_crl beside \
             client_ca, and reload the gate; or take the device's table out of its configuration.",
            gate.main.display(),
            own.display()
        )));
    }
    Ok(())
}

/// Lets the running gate take it, or says how it does.
pub(super) fn reload(
    is_needed: bool,
    options: &ForGate,
    gate: Option<&Gate>,
    out: &mut impl Write,
) -> Result<(), Fault> {
    let Some(gate) = gate.filter(|_| is_needed) else { return Ok(()) };
    match service::reload(options.unit.as_deref(), gate.is_usual()) {
        Reload::Done(unit) => writeln!(out, "{unit} was reloaded, and has taken it.")?,
        Reload::NotRunning(unit) => {
            writeln!(out, "{unit} does not run; once it starts, it takes this.")?;
        }
        Reload::Refused(unit, said) => {
            return Err(Fault::Said(format!(
                "{unit} was not reloaded, and goes on with what it had. `pacsgate check --config {}` \
                 says why; then `systemctl reload {unit}`. systemd said: {}",
                gate.main.display(),
                harmless(&said)
            )));
        }
        Reload::Unknown => writeln!(
            out,
            "Reload the gate, so that it takes this: systemctl reload pacsgate, or kill -HUP its process"
        )?,
    }
    Ok(())
}

fn say(out: &mut impl Write, text: impl std::fmt::Display) {
    paragraph(out, "  ", INDENT, text);
}
