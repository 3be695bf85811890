//! `ca list`.

use std::io::{self, Write};
use std::time::SystemTime;

use serde::Serialize;

use super::arguments::List;
use super::fault::Fault;
use super::outcome::head;
use crate::ca::{Ca, Device, Issuance, Moment, Reason, Standing};
use crate::cli::trail::harmless;

/// The document of `--json`; its fields are explained in docs/ca.md.
#[derive(Serialize)]
struct Report {
    subject: String,
    not_after: Moment,
    days_left: Option<u64>,
    permitted_dns: Vec<String>,
    crl: Option<Due>,
    devices: Vec<Named>,
    servers: Vec<Served>,
    leftovers: Vec<String>,
    log: Head,
}

#[derive(Serialize)]
struct Due {
    number: u64,
    not_after: Moment,
    days_left: Option<u64>,
}

#[derive(Serialize)]
struct Named {
    name: String,
    titles: Vec<String>,
    dns: Vec<String>,
    services: Vec<String>,
    pacs: Vec<String>,
    certificates: Vec<Row>,
}

#[derive(Serialize)]
struct Served {
    dns: Vec<String>,
    #[serde(flatten)]
    certificate: Row,
}

#[derive(Serialize)]
struct Row {
    serial: String,
    sha256: String,
    not_before: Moment,
    not_after: Moment,
    state: &'static str,
    days_left: Option<u64>,
    revoked: Option<Moment>,
    reason: Option<Reason>,
}

#[derive(Serialize)]
struct Head {
    lines: u64,
    sha256: String,
}

impl List {
    pub(super) fn run(self) -> Result<(), Fault> {
        let ca = Ca::open(&self.ca)?;
        let now = Moment::of(SystemTime::now());
        let report = Report::of(&ca, now)?;
        let out = &mut io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut *out, &report).map_err(io::Error::from)?;
            writeln!(out)?;
        } else {
            report.tell(&ca, out)?;
        }
        Ok(out.flush()?)
    }
}

impl Report {
    fn of(ca: &Ca, now: Moment) -> Result<Self, Fault> {
        let state = ca.state();
        let due = |(number, not_after): (u64, Moment)| Due {
            number,
            not_after,
            days_left: not_after.days_after(now),
        };
        let devices = state.devices.iter().map(|(name, device)| Named::of(name, device, now));
        let servers = state
            .servers
            .iter()
            .map(|(dns, issued)| Served { dns: dns.clone(), certificate: Row::of(issued, now) });
        let leftovers = ca.leftovers()?;
        let (lines, hash) = ca.head();
        Ok(Self {
            subject: state.subject.clone(),
            not_after: ca.end(),
            days_left: ca.end().days_after(now),
            permitted_dns: state.permitted_dns.clone(),
            crl: state.list.map(due),
            devices: devices.collect(),
            servers: servers.collect(),
            leftovers: leftovers.iter().map(|path| path.display().to_string()).collect(),
            log: Head { lines, sha256: hash.to_owned() },
        })
    }

    fn tell(&self, ca: &Ca, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}: {}", harmless(&self.subject), left(self.days_left, self.not_after))?;
        if let Some(Due { number, not_after, days_left }) = &self.crl {
            writeln!(out, "revocation list {number}: {}", left(*days_left, *not_after))?;
        }
        for device in &self.devices {
            let (titles, dns) = (device.titles.join(", "), device.dns.join(", "));
            writeln!(out, "{}: {titles}; recognised by {dns}", device.name)?;
            device.certificates.iter().try_for_each(|row| row.tell(out))?;
        }
        for server in &self.servers {
            writeln!(out, "gate {}", server.dns.join(", "))?;
            server.certificate.tell(out)?;
        }
        for path in &self.leftovers {
            writeln!(out, "left over, and not in the log: {}; move it away", harmless(path))?;
        }
        head(ca, out)
    }
}

impl Named {
    fn of(name: &str, device: &Device, now: Moment) -> Self {
        let terms = device.terms.clone();
        Self {
            name: name.to_owned(),
            titles: terms.titles,
            dns: terms.dns,
            services: terms.services,
            pacs: terms.pacs,
            certificates: device.issued.iter().map(|issued| Row::of(issued, now)).collect(),
        }
    }
}

impl Row {
    fn of(issued: &Issuance, now: Moment) -> Self {
        let (state, days_left) = match issued.standing(now) {
            Standing::Good(days) => ("good", Some(days)),
            Standing::Expired => ("expired", None),
            Standing::Revoked(..) => ("revoked", None),
        };
        let certificate = issued.certificate.clone();
        Self {
            serial: certificate.serial,
            sha256: certificate.sha256,
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            state,
            days_left,
            revoked: issued.revoked.map(|(time, _)| time),
            reason: issued.revoked.map(|(_, reason)| reason),
        }
    }

    fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        let told = match self.revoked {
            Some(time) => format!("revoked on {time}"),
            None => left(self.days_left, self.not_after),
        };
        writeln!(out, "  {}  {told}", self.serial)
    }
}

fn left(days: Option<u64>, end: Moment) -> String {
    match days {
        Some(1) => format!("1 day left, until {end}"),
        Some(days) => format!("{days} days left, until {end}"),
        None => format!("ended on {end}"),
    }
}
