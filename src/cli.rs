//! Arguments and exit codes.
//!
//! - `explain`, `unknown` and `suggest`: why an association is refused, who else was, and who may be a peer;
//!   all with `trail`, the reader of the audit.
//! - `demo`: the whole product on one machine, with throw-away certificates and a PACS in memory.
//! - `ca`: a small CA for sites without one.
//! - `import`: devices that another program knows, as drop-in files.
//! - `hash_password`: a line for the file of passwords.
//! - `init`: the gate's first configuration, with certificates of that CA.
//! - `passphrase`, `typed`: secrets that somebody types.
//! - `probe`: a C-ECHO through the gate, what a PACS may send a device, or the proof that no connection
//!   around the gate is possible.
//! - `doctor`: an attack on one's own perimeter, and a report on it.
//! - `ready`: whether associations may come, as an exit code; asked by `endpoint` at the admin endpoint.
//! - `top`: how the running gate is, in a terminal.
//! - `client`: what these share as DICOM requestors. Only these use dicom-ul; the gate does not.

pub mod ca;
pub mod check;
mod client;
pub mod demo;
pub mod doctor;
mod endpoint;
mod exit;
pub mod explain;
mod files;
pub mod hash_password;
pub mod import;
pub mod init;
mod passphrase;
pub mod probe;
pub mod ready;
pub mod suggest;
mod text;
pub mod top;
mod trail;
mod typed;
pub mod unknown;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, Parser, Subcommand};

use ca::CaArguments;
use demo::Demo;
use doctor::Doctor;
pub use exit::Exit;
use explain::Explain;
use files::CONFIG;
use hash_password::HashPassword;
use import::Import;
use init::Init;
use probe::Probe;
use ready::Ready;
use suggest::Suggest;
use top::Top;
use unknown::Unknown;

use crate::overview::SOCKET;
use crate::version;

/// The arguments of `run`, which is the default command.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The main configuration file; conf.d next to it is read too
    #[arg(short, long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
}

/// The arguments of `check`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The main configuration file; conf.d next to it is read too
    #[arg(short, long, value_name = "FILE", default_value = CONFIG)]
    pub config: PathBuf,
    /// The same without the option
    #[arg(value_name = "FILE", conflicts_with = "config")]
    pub file: Option<PathBuf>,
    /// As whom the gate will run: whether this user can read the files is judged by their modes.
    /// Root is told by the installed pacsgate.service, or by whether there is a user pacsgate
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Treat warnings as errors
    #[arg(long)]
    pub strict: bool,
    /// Ask the gate that runs on this machine which associations are open, and say which of them a
    /// reload would end; and which certificates, of those that peers have shown, end soon. Root and
    /// the gate's own user may ask
    #[arg(long, value_name = "SOCKET", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = SOCKET)]
    pub against_running: Option<PathBuf>,
    /// Write one JSON object for programs instead of lines for people
    #[arg(long)]
    pub json: bool,
}

impl Check {
    /// The main file, however it was named.
    pub fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(&self.config)
    }
}

/// Reads the arguments, of which the first is the program's name.
///
/// # Errors
///
/// The exit code where there is nothing to do: help or version have been printed to standard
/// output, or what is wrong to standard error.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Exit> {
    let read = arguments_of(arguments);
    read.map_err(|error| {
        // A closed terminal leaves nobody to tell.
        let _ = error.print();
        if error.use_stderr() { Exit::Usage } else { Exit::Success }
    })
}

/// The command line, for the manual pages and the shells' completions, which have the version without
/// the commit.
pub fn command() -> clap::Command {
    Arguments::command().version(version::VERSION)
}

fn arguments_of(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let Arguments { command, run } = Arguments::try_parse_from(arguments)?;
    Ok(command.unwrap_or(Command::Run(run)))
}

/// An authenticating TLS reverse proxy for DICOM
///
/// Exit codes: 0 done, 1 failure, 64 wrong arguments, 78 wrong configuration.
#[derive(Parser)]
#[command(name = "pacsgate", version = version::line(), args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Run,
}

/// What the process is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve until a signal comes (the default)
    Run(Run),
    /// Check the configuration, its certificates and its keys, without serving anybody
    ///
    /// Every problem is reported at once on standard output, one a line: `error` or `warning`,
    /// file, line, column, key, and what to do. An error keeps `run` from starting, or has it
    /// refuse everybody; a warning points at something that is allowed but unwise, and `run` logs
    /// it. The last line says what was loaded.
    ///
    /// The environment counts as it does for `run`, so check with that of the service.
    ///
    /// With --json there is one object on one line: `good` (whether the exit code is 0),
    /// `strict`, `findings` and `loaded`. A finding has `severity` ("error" or "warning"), `file`,
    /// `line` and `column` (from 1), or `variable` (of the environment), `key` and `message`;
    /// what does not apply is null. `loaded` has the numbers of `listeners`, `pacs`, `peers`,
    /// `configuration_files` and `other_files` (certificates, keys, revocation lists); it is null
    /// if the configuration does not load. `running` has the number of `open` associations and
    /// those that a reload `ends`, each with `peer`, `pacs`, `listener`, `source`, `calling_ae`,
    /// `called_ae` and `message`, and the `certificates` of peers that end soon, each with `peer`
    /// and `message`; it is null without --against-running.
    ///
    /// Exit codes: 0 good, 1 no gate to be asked, 64 wrong arguments, 78 bad.
    #[command(verbatim_doc_comment)]
    Check(Check),
    /// Make the gate's first configuration, a small CA, and the gate's own certificates
    ///
    /// Asks on the terminal for what is not given: the address and the title of the PACS, the gate's name,
    /// and a passphrase for the CA's key. Makes /etc/pacsgate, readable for the gate's group, and
    /// /etc/pacsgate-ca, for root alone; tries a C-ECHO at the PACS; and says what to do next. What is
    /// there already stays as it is, and what is missing is made: it can be run again at any time.
    ///
    /// Exit codes: 0 done, whether or not the PACS answers; 1 something could not be made; 64 wrong
    /// arguments, or a question and no terminal.
    #[command(verbatim_doc_comment)]
    Init(Box<Init>),
    /// Keep a small CA: issue, renew and revoke the certificates of devices, and of the gate
    ///
    /// Everything is in one folder, which can lie on another machine or on a USB stick. See docs/ca.md.
    ///
    /// Exit codes: 0 done, 1 not done, or not to the end, 64 wrong arguments.
    #[command(verbatim_doc_comment)]
    Ca(Box<CaArguments>),
    /// Hash a password for the file that `[passwords]` names
    ///
    /// On a terminal it is asked for twice, without being shown; otherwise one line is read from
    /// standard input. What is printed is a line for the file, or with no --user only its hash:
    /// argon2id with m=19456, t=2 and p=1. Put the line into the file, and reload the gate.
    ///
    /// Exit codes: 0 done, 1 no password that can be taken, 64 wrong arguments.
    #[command(verbatim_doc_comment)]
    HashPassword(HashPassword),
    /// Make the tables of peers from a list of devices that another program keeps
    ///
    /// It reads a CSV with a header line, orthanc.json, dcmqrscp.cfg, devices or AEs of dcm4chee-arc 5
    /// as JSON, and acrnema.map of Conquest. What is known is filled in; what is not, the certificate
    /// first, is a gap, and a table with a gap does not load. Nothing that exists is written over, and
    /// with a mistake in the list nothing is written at all.
    ///
    /// With --json there is one object on one line: `good` (whether the exit code is 0), `format`;
    /// `problems` and `findings`, each with `line`, `column` and `message`; `devices`, each with `name`,
    /// `line`, `titles`, `host`, `port`, `services`, `gaps` (keys to fill in), `toml` (the table) and
    /// `file`, where it was written. What is not known is null.
    ///
    /// Exit codes: 0 done, 1 a mistake in the list or a file that is there already, 64 wrong arguments,
    /// 78 wrong configuration.
    #[command(verbatim_doc_comment)]
    Import(Import),
    /// Show the gate at work on this machine, with throwaway certificates and a PACS in memory
    Demo(Demo),
    /// Attack one's own perimeter as scanners do, and report what is open, how bad it is and what to do
    ///
    /// Tried are the addresses of the PACS and of the gate in the configuration, and those given: first
    /// it says which addresses and ports. Names are resolved once, and nothing is followed elsewhere.
    /// At a port, DICOM is asked for with usual titles, a C-ECHO and a query for a number, without a
    /// certificate; TLS for its versions and its certificate; the web for its first page. Patient data
    /// is neither asked for nor shown. On the gate, its configuration, clock and service are judged too.
    /// The attempts are in the audit of the gate, and in the log of the PACS as PACSGATE-DOCTOR.
    ///
    /// With --json there is one object on one line: `date`, `version`, `from` (the addresses of this
    /// machine), `at_gate`, `touched`, `worst`, `summary`, the numbers of `open` and `closed` ports,
    /// `not_tried`, and `findings`, each with `code`, `severity` ("critical", "high", "medium", "low" or
    /// "good"), `place`, `title`, `meaning`, `remedy` and `evidence`, which is null where there is none.
    ///
    /// Exit codes: 0 nothing worse than low, 1 nothing could be tried, 2 medium at worst, 3 high at
    /// worst, 4 critical, 64 wrong arguments or no address, 78 wrong configuration.
    #[command(verbatim_doc_comment)]
    Doctor(Box<Doctor>),
    /// Say what the gate would make of an association, and why: check by check, with what it missed by
    /// little and what to do
    ///
    /// Judged by the configuration in the files, as if nobody else were connected. Nothing is sent, and
    /// no secret is shown.
    ///
    /// With --json there is one object on one line: `direction`; `permitted`; `peer` and `pacs`, and
    /// `rule` (where the peer's table begins), as far as they are known; `reason` and `detail`; `checks`,
    /// each with `good` and `finding`; `contexts`, each with `id`, `sop_class`, `operations` or why it is
    /// `removed`; `nearest`, `advice`, `wire` (what the requestor hears), and `passes_until`, where a
    /// listener only reports; `assumed`, sentences on what nobody has said; `then`, for an id: `time`,
    /// `event` and `reason` in the audit. What does not apply is null.
    ///
    /// Exit codes: 0 permitted, 1 refused or not to be judged, 64 wrong arguments, 78 wrong
    /// configuration.
    #[command(verbatim_doc_comment)]
    Explain(Box<Explain>),
    /// List the certificates of nobody that were refused lately, each with what lets its device in
    ///
    /// With --json there is one object on one line: `certificates`, each with `sha256`, `count`, `last`,
    /// `reason`, `common_name`, `not_after`, `calling_ae`, `called_ae`, `sources`, and `certificate`, the
    /// value for the table of a peer; and `more`, the number of lines about others where there were too
    /// many.
    ///
    /// Exit codes: 0 done, 1 no audit to read, 64 wrong arguments, 78 wrong configuration.
    #[command(verbatim_doc_comment)]
    Unknown(Unknown),
    /// Print the peers that the audit shows, as tables that the gate reads
    ///
    /// What the configuration permits is left out. For peers that it has, the keys to change are printed;
    /// what looks wrong is marked, with the reason, and not suggested. Read what is printed before the gate
    /// does: the audit says who came, not who should.
    ///
    /// With --json there is one object on one line: `first`, `last` and `associations` of the audit; `new`,
    /// each with `name`, `seen` and `table`; `changes`, each with `peer`, `at`, `key`, `add` and `whole`;
    /// `doubted`, each with `who`, `why` (`code` and `text`) and `seen`; `more` and `nameless`, the numbers
    /// of associations that are in none of these; `odd` and `foreign`, the lines without a time or of a
    /// time to come, and those of something else. With --unused as well: `first` and `last` of the audit,
    /// `since`, `is_short` (the audit begins later), and `unused`, each with `peer`, `at`, `key` (null where
    /// the peer was not there) and `values`.
    ///
    /// Exit codes: 0 done, 1 no audit to read or a file not written, 64 wrong arguments, 78 wrong
    /// configuration.
    #[command(verbatim_doc_comment)]
    Suggest(Suggest),
    /// C-ECHO through TLS, saying what fails and where; or show that the PACS is not open
    Probe(Box<Probe>),
    /// Ask the gate that runs on this machine whether new associations may come to it
    ///
    /// For Kubernetes, keepalived and monitors, which judge by the exit code, and for comparing nodes: the
    /// line on standard output has the digest of the configuration that is in force. Asked is the admin
    /// endpoint, so `[admin]` has to be in the main file; the files of the configuration are not read.
    ///
    /// Exit codes: 0 ready, or with --alive moving; 1 not, or nobody answers; 64 wrong arguments.
    #[command(verbatim_doc_comment)]
    Ready(Ready),
    /// Show in the terminal how the gate is, who was refused and why, and what to do
    ///
    /// Of the gate that runs on this machine, the same as on its status page, anew each second. `q` quits,
    /// the arrows up and down choose the refusal that is explained, with what to paste. Asked is the admin
    /// endpoint, so `[admin]` has to be in the main file; root and the gate's group may ask at its socket.
    ///
    /// Exit codes: 0 done, 1 nobody answers, 64 wrong arguments or no terminal.
    #[command(verbatim_doc_comment)]
    Top(Top),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, clap::Error> {
        arguments_of(line.split(' ').map(OsString::from))
    }

    fn run(config: &str) -> Command {
        Command::Run(Run { config: config.into() })
    }

    #[test]
    fn runs_when_nothing_else_is_asked_for() {
        assert_eq!(parsed("pacsgate").unwrap(), run("/etc/pacsgate/pacsgate.toml"));
        assert_eq!(parsed("pacsgate run").unwrap(), run("/etc/pacsgate/pacsgate.toml"));
    }

    #[test]
    fn takes_the_configuration_with_and_without_the_command() {
        assert_eq!(parsed("pacsgate --config a.toml").unwrap(), run("a.toml"));
        assert_eq!(parsed("pacsgate run --config=a.toml").unwrap(), run("a.toml"));
        assert_eq!(parsed("pacsgate run -c a.toml").unwrap(), run("a.toml"));
    }

    #[test]
    fn takes_the_options_of_check() {
        let check = |config: &str, strict, json| {
            let (config, against_running) = (config.into(), None);
            Command::Check(Check { config, file: None, user: None, strict, against_running, json })
        };
        let usual = check("/etc/pacsgate/pacsgate.toml", false, false);
        assert_eq!(parsed("pacsgate check").unwrap(), usual);
        let all = parsed("pacsgate check --strict --json --config a.toml").unwrap();
        assert_eq!(all, check("a.toml", true, true));
        for line in ["pacsgate check a.toml", "pacsgate check -c a.toml"] {
            let Ok(Command::Check(check)) = parsed(line) else { panic!("{line}") };
            assert_eq!(check.path(), Path::new("a.toml"));
        }
        assert!(parsed("pacsgate check a.toml --config b.toml").is_err());
    }

    #[test]
    fn takes_durations_as_the_files_have_them() {
        let told = |time| {
            let error = parsed(&format!("pacsgate probe --plain a:1 --timeout {time}"));
            error.unwrap_err().to_string().lines().next().map(str::to_owned)
        };
        let start = "error: invalid value '600' for '--timeout <TIME>': ";
        assert_eq!(told("600"), Some(format!("{start}has no unit; write \"10m\"")));
        let start = start.replace("600", "601s");
        assert_eq!(told("601s"), Some(format!("{start}is outside 10ms to 10m")));
    }

    #[test]
    fn ends_with_64_for_wrong_arguments() {
        let wrong = [
            "pacsgate --confg a",
            "pacsgate serve",
            "pacsgate --config",
            "pacsgate run a.toml",
            "pacsgate check --strikt",
        ];
        for line in wrong {
            let error = parsed(line).unwrap_err();
            assert!(error.use_stderr(), "{line}");
        }
        let arguments = ["pacsgate", "serve"].map(OsString::from);
        assert_eq!(parse(arguments).unwrap_err().code(), 64);
    }

    #[test]
    fn help_and_version_are_no_mistakes() {
        for line in ["pacsgate --help", "pacsgate --version", "pacsgate run --help"] {
            assert!(!parsed(line).unwrap_err().use_stderr(), "{line}");
        }
    }
}
