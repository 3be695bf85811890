//! pynetdicom as a requestor that does one thing after the other on one association.

use crate::matrix::front::{Front, PUBLIC_TITLE, Version};
use crate::matrix::installed::{python, run, script};
use crate::support::dcmtk::words;
use crate::support::site::GATE_NAME;
use serde_json::{Value, json};
use std::process::Command;

/// What is proposed and done.
pub(crate) struct Conversation<'a> {
    pub(crate) contexts: &'a [&'static str],
    /// The SOP classes for which both roles are proposed.
    pub(crate) roles: &'a [&'static str],
    pub(crate) steps: Value,
}

impl<'a> Conversation<'a> {
    /// One without roles.
    pub(crate) fn on(contexts: &'a [&'static str], steps: Value) -> Self {
        Self { contexts, roles: &[], steps }
    }

    /// Has it with the gate, as `CT1`. What was told: of the association, then of each step.
    pub(crate) fn held(&self, front: &Front) -> Vec<Value> {
        let order = json!({
            "host": "127.0.0.1",
            "port": front.gate.address.port(),
            "calling": "CT1",
            "called": PUBLIC_TITLE,
            "tls": front.certificates(),
            "version": Version::Tls13.number(),
            "name": GATE_NAME,
            "contexts": self.contexts,
            "roles": self.roles,
            "steps": self.steps,
        });
        let mut command = Command::new(python());
        // It imports its neighbour, of which nothing compiled shall stay in the source tree.
        command.arg("-B").arg(script("services.py")).arg(order.to_string());
        let output = run(&mut command);
        assert!(output.status.success(), "{}", words(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The same where every context is accepted; the answer to each step.
    pub(crate) fn answers(&self, front: &Front) -> Vec<Value> {
        let mut told = self.held(front);
        let accepted = told.remove(0);
        assert_eq!(accepted["accepted"], json!(self.contexts));
        told
    }
}

/// The status of each step.
pub(crate) fn statuses(answers: &[Value]) -> Vec<Option<u64>> {
    answers.iter().map(|answer| answer["status"].as_u64()).collect()
}
