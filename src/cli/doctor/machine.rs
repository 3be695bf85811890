//! From the gate's side: what `check` says, and what a configuration leaves open without being wrong.

use std::path::Path;
use std::time::SystemTime;

use pacsgate_core::direction::Direction;

use super::finding::{Finding, Severity};
use crate::config::{self, Errors, Settings};
use crate::host;

/// Whether this machine is the gate: it has the address of a listener, or the listeners are at every
/// address of whichever machine has the configuration.
pub(super) fn is_gate(settings: &Settings) -> bool {
    let own = host::addresses();
    let mut binds = settings.listeners.iter().flat_map(|it| &it.bind).map(|(at, _)| at.ip());
    binds.any(|ip| ip.is_unspecified() || own.contains(&ip.to_canonical()))
}

/// What is found in a configuration.
pub(super) fn of_configuration(path: &Path, loaded: &Result<Settings, Errors>) -> Vec<Finding> {
    let settings = match loaded {
        Ok(settings) => settings,
        Err(errors) => {
            let broken = errors.iter().map(|error| {
                of_check(Severity::High, &error.location, &error.key, &error.what).means(
                    "With this the gate does not start, or refuses everybody, at its next start.",
                )
            });
            return broken.collect();
        }
    };
    // Of report-only, and of listeners without any list, this report says more than `check`.
    let without: Vec<_> =
        irrevocable(settings).map(|it| format!("listener.{it}.tls.client_crl")).collect();
    let said = |warning: &config::Finding| {
        warning.key.contains("report_only") || without.contains(&warning.key)
    };
    let warnings = settings.warnings.iter().filter(|it| !said(it)).map(|warning| {
        let severity = if is_over(&warning.what) { Severity::High } else { Severity::Medium };
        of_check(severity, &warning.location, &warning.key, &warning.what)
    });
    let mut findings: Vec<_> = warnings.collect();
    findings.extend(reporting(path, settings));
    findings.extend(unguarded(path, settings));
    findings.extend(irrevocable(settings).map(|name| without_list(path, name)));
    if findings.is_empty() {
        let good = Finding::new(
            Severity::Good,
            "configuration",
            path.display(),
            "The configuration is sound",
        );
        findings.push(good.means("`pacsgate check` has nothing to say of it."));
    }
    findings
}

/// Whether something has ended already, which a gate that runs is only warned of.
fn is_over(what: &str) -> bool {
    what.contains("has expired") || what.contains("has ended")
}

fn of_check(severity: Severity, place: &dyn std::fmt::Display, key: &str, what: &str) -> Finding {
    let of = if key.is_empty() { "the configuration" } else { key };
    Finding::new(severity, "configuration", place, format!("`pacsgate check` speaks of {of}"))
        .means("A configuration that is allowed, and leaves something open or ends soon.")
        .cure("Do what it says; `pacsgate check --strict` shows when it is done.")
        .shown(what)
}

/// Listeners at which the policy refuses nobody yet.
fn reporting(path: &Path, settings: &Settings) -> Vec<Finding> {
    let now = SystemTime::now();
    let found = settings.site.ports.iter().filter_map(|(name, port)| {
        let until = port.report_only.as_ref().filter(|it| it.is_on(now))?.end();
        let title = format!("listener.{name} reports what the policy refuses, and lets it through");
        Some(
            Finding::new(Severity::High, "report-only", path.display(), title)
                .means("From the networks of `report_only_from`, whoever speaks DICOM reaches the PACS.")
                .cure("Take both `report_only` keys out as soon as `pacsgate suggest` shows that all devices are known.")
                .shown(format_args!("it ends by itself: {until}")),
        )
    });
    found.collect()
}

/// Systems of which unsound data sets pass.
fn unguarded(path: &Path, settings: &Settings) -> Vec<Finding> {
    let found = settings.site.policy.unguarded().map(|(kind, name)| {
        let title = format!("Unsound data sets of {kind}.{name} are reported and let through");
        Finding::new(Severity::Medium, "guard-off", path.display(), title)
            .means("A file made to crash or to take over a PACS reaches it, or its readers.")
            .cure(format!("Take `guard = \"report\"` out of [{kind}.{name}], and name in `tolerate` what its objects need."))
    });
    found.collect()
}

/// Listeners at which a certificate cannot be withdrawn.
fn irrevocable(settings: &Settings) -> impl Iterator<Item = &str> {
    settings.site.ports.iter().filter_map(|(name, port)| {
        let is_inward = port.direction == Direction::Inward;
        port.tls.as_ref().filter(|tls| is_inward && tls.has_cas() && !tls.has_lists())?;
        Some(&**name)
    })
}

fn without_list(path: &Path, name: &str) -> Finding {
    let title = format!("listener.{name} has no revocation list");
    Finding::new(Severity::Medium, "no-revocation", path.display(), title)
        .means("The certificate of a device that is lost, sold or broken into is good until its last day.")
        .cure(format!(
            "Let the CA issue a list (`pacsgate ca crl` does), and name its file in `client_crl` of \
             [listener.{name}.tls]."
        ))
}
