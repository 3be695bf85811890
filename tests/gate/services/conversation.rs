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
        self.held_at(json!({
            "host": "127.0.0.1",
            "port": front.gate.address.port(),
            "tls": front.certificates(),
            "version": Version::Tls13.number(),
            "name": GATE_NAME,
        }))
    }

    /// The same at any address, with TLS and from an address of its own where the order says so.
    pub(crate) fn held_at(&self, mut order: Value) -> Vec<Value> {
        order["calling"] = "CT1".into();
        order["called"] = PUBLIC_TITLE.into();
        order["contexts"] = json!(self.contexts);
        order["roles"] = json!(self.roles);
        order["steps"] = self.steps.clone();
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
        self.answered(self.held(front))
    }

    /// The answer to each step, where every context was accepted.
    pub(crate) fn answered(&self, mut told: Vec<Value>) -> Vec<Value> {
        let accepted = told.remove(0);
        assert_eq!(accepted["accepted"], json!(self.contexts));
        told
    }
}

/// The status of each step.
pub(crate) fn statuses(answers: &[Value]) -> Vec<Option<u64>> {
    answers.iter().map(|answer| answer["status"].as_u64()).collect()
}
