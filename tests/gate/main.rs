//! Tests of the real binary from outside: certificates, wire, audit trail, exit code.
//!
//! Every test has a gate and a PACS of its own on ports that the kernel chose. For each refusal
//! it looks at the answer on the wire, at the audit line with its reason and advice, at the
//! counters when the gate stops, at the connections at the PACS since it started, and at the
//! next good peer's C-ECHO.

// With this attribute the lints for test code hold for the helpers, too.
#![cfg(test)]

mod support;

mod admin;
mod against_running;
mod around_the_gate;
mod associations;
mod audit_trail;
mod behind_a_balancer;
mod blocked_outputs;
mod bounded_queries;
mod certificates;
mod check;
mod coming_again;
mod command_line;
mod comparing;
mod costs;
mod deadlines;
mod demo;
mod dicom_audit;
mod differential;
mod doctor;
mod doctor_and_orthanc;
mod documentation;
mod edge;
mod endings;
mod explaining;
mod firewall;
mod forbidden_requests;
mod half_closed;
mod hash_password;
mod hostile_pacs;
mod hostile_pdus;
mod import;
mod init;
mod keys_of_issuers;
mod kubernetes;
mod limits;
mod malformed_requests;
mod matrix;
mod metrics;
mod nodes;
mod object_caps;
mod openssl_certificates;
mod own_tests;
mod patches;
mod plain_bytes;
mod plain_listeners;
mod probe;
mod ready;
mod real_peers;
mod reload;
mod report_only;
mod service_manager;
mod services;
mod silent_connections;
mod slowing;
mod small_ca;
mod soak;
mod socket_activation;
mod standard_error;
mod status_page;
mod stopping;
mod suggest;
mod syslog;
mod targets;
mod titles;
mod tls_to_the_target;
mod top;
mod traffic;
mod transport_security;
mod unsound_data_sets;
mod unsteady_pacs;
mod users;
mod way_back;
mod way_back_peers;
