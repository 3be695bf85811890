//! pacsgate: an authenticating TLS reverse proxy for DICOM.
//!
//! The deciding half is the crate `pacsgate_core`; what stands here obeys it. In reading order:
//!
//! - [`connection`]: the story of a connection, from the socket to its end.
//! - [`stream`]: TLS, and so who is there.
//! - [`identity`]: who uses the requestor.
//! - [`x509`]: certificates and revocation lists, as far as they are read here.
//! - [`relay`]: the way to the target, open to a permit only; bytes on their way, and the last of
//!   them.
//! - [`deadline`]: how long each wait on a peer lasts; [`dial`]: TCP to a name or an address.
//! - [`health`]: which addresses of a PACS live, and which of them is used.
//! - [`reason`], [`audit`]: why it ended, and who hears of it; [`syslog`]: the way to collectors, and
//!   [`dicom_audit`]: what those hear that know DICOM's own messages; [`measures`]: how long what took,
//!   and how much has come of whom; [`history`]: what has happened lately; [`audit_line`]: a line of the
//!   audit, read again.
//! - [`site`]: what one load of the configuration makes; [`port`]: what it makes of a listener;
//!   [`gate`]: what outlasts it; [`basis`]: what an association rests on when another one is loaded;
//!   [`register`]: those that are open; [`overview`]: who may ask for them; [`admin`]: who may ask how
//!   the gate is.
//! - [`report_only`]: for whom and for how long refusals of the policy are only reported.
//! - [`renewal`]: certificates and revocation lists near their end; [`last_seen`]: those of the peers.
//! - [`inherited`], [`listening`], [`listener`], [`shortage`], [`slots`], [`turns`], [`timers`], [`live`],
//!   [`net`]: what exists at once; [`asked`]: what peers have asked a PACS to send; [`quotas`]: what was
//!   stored within the hour; [`slowing`]: who was refused again and again; [`origins`]: how often
//!   something came from where.
//! - [`drop_in`]: files of the configuration that the commands write; [`import`]: lists of devices that
//!   other programs keep, and [`suggest`]: what the audit says should stand in them.
//! - [`config`], [`cli`], [`server`], [`service_manager`]: from the administrator's files
//!   to a running gate; [`pulse`]: whether it still moves; [`host`]: what they need of the machine;
//!   [`log`], [`journal`], [`rarely`], [`version`]: what it says of itself.
//!
//! [`ca`] is a small CA for sites without one, and the commands `ca` and `init` are its only users.
//! [`pki`] makes certificates, for the demo, tests and benchmarks: nothing that a gate runs on.
//!
//! Inside [`cli`], `demo` and `probe` make pacsgate a DICOM requestor and a small PACS, with
//! dicom-ul. The gate's own path never uses it: it has the strict parser of core.
//!
//! What does not exist here: a decision about a peer outside of core; a way to the PACS without
//! a permit, but for the gate's own C-ECHO where `health` asks for it; a log line with text that a peer chose, unescaped; a buffer that grows with a data
//! set; a wait on a peer without a deadline; session resumption.
#![forbid(unsafe_code)]

pub mod admin;
pub mod asked;
pub mod audit;
pub mod audit_line;
pub mod basis;
pub mod ca;
pub mod cli;
pub mod config;
pub mod connection;
pub mod deadline;
pub mod dial;
pub mod dicom_audit;
pub mod drop_in;
pub mod gate;
pub mod health;
pub mod history;
pub mod host;
pub mod identity;
pub mod import;
pub mod inherited;
pub mod journal;
pub mod last_seen;
pub mod listener;
pub mod listening;
pub mod live;
pub mod log;
pub mod measures;
pub mod net;
pub mod origins;
pub mod overview;
pub mod pki;
pub mod port;
pub mod pulse;
pub mod quotas;
pub mod rarely;
pub mod reason;
pub mod register;
pub mod relay;
pub mod renewal;
pub mod report_only;
pub mod server;
pub mod service_manager;
pub mod shortage;
pub mod site;
pub mod slots;
pub mod slowing;
pub mod stream;
pub mod suggest;
pub mod syslog;
pub mod timers;
pub mod turns;
pub mod version;
pub mod x509;
