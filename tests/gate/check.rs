//! `pacsgate check`, as administrators meet it: the real binary on real files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use nix::unistd::{User, geteuid};
use pacsgate::pki::{self, Authority};
use rcgen::KeyPair;
use serde_json::Value;

use crate::support::configuration::{named, peer};

/// Blocks of what stands in the sound file, what a slip makes of it, and what is told.
const MISTAKES: &str = include_str!("check/mistakes.txt");
/// Written anew, to be read before it is committed, with `UPDATE_MISTAKES=1`.
const MISTAKES_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gate/check/mistakes.txt");

const SOUND: &str = r#"schema = 1

[listener.front]
bind = ["127.0.0.1:0"]
[listener.front.tls]
certificate = "tls/gateway.pem"
private_key = "tls/gateway.key"
client_ca = "tls/ca.pem"
client_crl = ["tls/ca.crl"]

[pacs.archive]
address = "10.10.0.5:104"
called_ae = ["PACS"]

[peer.ct1]
certificate = [{ san_dns = "ct1.example" }]
calling_ae = ["CT1"]
pacs = ["archive"]
services = ["echo", "store"]

[limits]
idle = "10m"
max_pdu = "1MiB"
"#;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn each_plausible_mistake_is_told_with_its_place_and_its_cure() {
    let site = Site::new(200 * DAY);
    let blocks: Vec<_> = MISTAKES.trim().split("\n\n").collect();
    assert!(blocks.len() >= 20, "{}", blocks.len());
    let is_edit = |line: &&str| line.starts_with("- ") || line.starts_with("+ ");
    let mut told = Vec::new();
    for block in &blocks {
        let (sound, mistaken) = (lines(block, "- "), lines(block, "+ "));
        assert!(SOUND.contains(&sound), "{sound}");
        site.write("pacsgate.toml", SOUND.replacen(&sound, &mistaken, 1));
        let checked = site.check(&[]);
        let edits: Vec<_> = block.lines().filter(is_edit).collect();
        told.push(format!("{}\n{}", edits.join("\n"), checked.text));
        // run says the same of what keeps it from starting.
        let ran = site.run_binary(&["run"]);
        let errors = checked.text.lines().filter_map(|line| line.strip_prefix("error: "));
        assert_eq!((checked.code, ran.code), (78, 78), "{block}");
        let logged = ran.text.lines().filter_map(|line| line.split_once(" ERROR pacsgate: "));
        let logged: Vec<_> = logged.map(|(_time, sentence)| sentence).collect();
        assert_eq!(logged, errors.collect::<Vec<_>>());
    }
    if std::env::var_os("UPDATE_MISTAKES").is_some() {
        fs::write(MISTAKES_FILE, told.join("\n\n") + "\n").unwrap();
        return;
    }
    for (told, block) in told.iter().zip(blocks) {
        assert_eq!(told, block);
    }
}

#[test]
fn says_in_one_line_what_was_loaded() {
    let site = Site::new(200 * DAY);
    let peer = peer(&[("san_dns", "ct2.example")], &["CT2"], &["echo"]);
    site.write("conf.d/ct2.toml", named("peer.ct2", &peer));
    for options in [&[][..], &["--strict"]] {
        let good = site.check(options);
        assert_eq!(
            (good.text.as_str(), good.code),
            (
                "good: pacsgate.toml: 1 listener, 1 PACS, 2 peers, from 2 configuration files and \
                 4 files of certificates, keys and revocation lists",
                0
            )
        );
    }
}

#[test]
fn warns_of_an_expired_server_certificate_and_refuses_it_when_strict() {
    let site = Site::ended(3 * DAY);
    let warned = site.check(&[]);
    let (first, last) = warned.text.split_once('\n').unwrap();
    let start = "warning: pacsgate.toml:6:1: listener.front.tls.certificate: tls/gateway.pem: \
                 the certificate \"CN=gate.example\" expired on ";
    assert!(first.starts_with(start), "{first}");
    assert!(first.ends_with("; whoever verifies it refuses the gate; renew it"), "{first}");
    assert!(last.starts_with("good, with 1 warning: pacsgate.toml: 1 listener"), "{last}");
    assert_eq!(warned.code, 0);
    let strict = site.check(&["--strict"]);
    assert!(strict.text.starts_with(&start.replace("warning", "error")), "{}", strict.text);
    assert!(strict.text.ends_with("\nbad: pacsgate.toml: 1 error, 0 warnings"), "{}", strict.text);
    assert_eq!(strict.code, 78);
}

#[test]
fn finds_bad_a_revocation_list_that_has_ended() {
    let site = Site::new(200 * DAY);
    let now = SystemTime::now();
    let ca = pki::authority("Imaging CA", now - 9 * DAY..now + 300 * DAY);
    let ca = Authority::root(ca, KeyPair::generate().unwrap()).unwrap();
    site.write("tls/ca.pem", ca.issuer.pem());
    let ended = ca.crl(now - 9 * DAY..now - 2 * DAY, &[]).unwrap();
    site.write("tls/ca.crl", ended.pem().unwrap());
    let bad = site.check(&[]);
    let start = "error: pacsgate.toml:9:15: listener.front.tls.client_crl[0]: tls/ca.crl: the \
                 revocation list of \"CN=Imaging CA\" expired on ";
    let end = "; every certificate of its CA is refused; fetch the current list\n\
               bad: pacsgate.toml: 1 error, 0 warnings";
    assert!(bad.text.starts_with(start) && bad.text.ends_with(end), "{}", bad.text);
    assert_eq!(bad.code, 78);
    site.write("pacsgate.toml", SOUND.replace("\n[pacs", "crl_grace = \"7d\"\n[pacs"));
    assert_eq!(site.check(&[]).code, 0);
}

#[test]
fn a_list_of_a_week_is_told_of_only_in_its_last_third() {
    let site = Site::new(200 * DAY);
    let now = SystemTime::now();
    let ca = pki::authority("Imaging CA", now - 9 * DAY..now + 300 * DAY);
    let ca = Authority::root(ca, KeyPair::generate().unwrap()).unwrap();
    site.write("tls/ca.pem", ca.issuer.pem());
    let weekly = |issued| ca.crl(issued..issued + 7 * DAY, &[]).unwrap().pem().unwrap();
    site.write("tls/ca.crl", weekly(now - 4 * DAY));
    let good = site.check(&["--strict"]);
    assert_eq!(good.code, 0, "{}", good.text);
    site.write("tls/ca.crl", weekly(now - 5 * DAY - DAY / 2));
    let late = site.check(&["--strict"]);
    assert!(
        late.text.contains(", in 1 day; see that the next list comes in time"),
        "{}",
        late.text
    );
    assert_eq!(late.code, 78);
}

#[test]
fn neither_check_nor_run_takes_a_file_below_a_folder_that_others_may_write() {
    let site = Site::new(200 * DAY);
    site.write("srv/pki/ca.pem", fs::read(site.path("tls/ca.pem")).unwrap());
    site.write("pacsgate.toml", SOUND.replace("tls/ca.pem", "srv/pki/ca.pem"));
    assert_eq!(site.check(&[]).code, 0);
    site.set_mode("srv", 0o777);
    let start = "pacsgate.toml:8:1: listener.front.tls.client_ca: srv/pki/ca.pem: srv (";
    let end = ", mode 0777) is writable by others than its owner; run `chmod go-w srv`, or move \
               what the gate needs to another folder";
    site.is_refused(start, end);
}

/// What belongs to somebody else, and where that is told.
const FOREIGN: [(&str, &str); 4] = [
    ("conf.d", "conf.d: conf.d ("),
    ("conf.d/ct2.toml", "conf.d/ct2.toml: conf.d/ct2.toml ("),
    (
        "tls/gateway.key",
        "pacsgate.toml:7:1: listener.front.tls.private_key: tls/gateway.key: tls/gateway.key (",
    ),
    ("tls/ca.pem", "pacsgate.toml:8:1: listener.front.tls.client_ca: tls/ca.pem: tls/ca.pem ("),
];

#[test]
#[ignore = "needs root: run tests/all"]
fn neither_check_nor_run_takes_what_belongs_to_somebody_else() {
    let nobody = User::from_name("nobody").unwrap().unwrap().uid.as_raw();
    for (name, start) in FOREIGN {
        let site = Site::new(200 * DAY);
        let peer = peer(&[("san_dns", "ct2.example")], &["CT2"], &["echo"]);
        site.write("conf.d/ct2.toml", named("peer.ct2", &peer));
        assert_eq!(site.check(&[]).code, 0);
        lchown(site.path(name), Some(nobody), None).unwrap();
        site.is_refused(start, &format!(") must belong to root; run `chown root {name}`"));
    }
}

#[test]
#[ignore = "needs root: run tests/all"]
fn finds_bad_what_the_user_of_the_service_cannot_read() {
    let site = Site::new(200 * DAY);
    let folders = ["", "tls", "conf.d"];
    let files = ["pacsgate.toml", "tls/gateway.pem", "tls/gateway.key", "tls/ca.pem", "tls/ca.crl"];
    fs::create_dir(site.path("conf.d")).unwrap();
    for folder in folders {
        site.set_mode(folder, 0o755);
    }
    for file in files {
        site.set_mode(file, 0o644);
    }
    let open = site.check_for("nobody", &[]);
    let warning = "warning: pacsgate.toml:7:1: listener.front.tls.private_key: tls/gateway.key is \
                   readable by every user";
    assert!(open.text.starts_with(warning), "{}", open.text);
    assert_eq!((open.text.lines().count(), open.code), (2, 0));
    for name in folders.iter().chain(&files) {
        let open = if folders.contains(name) { 0o755 } else { 0o644 };
        site.set_mode(name, open & 0o700);
        let closed = site.check_for("nobody", &[]);
        let wanted = match *name {
            "conf.d" => "list",
            folder if folders.contains(&folder) => "enter",
            _ => "read",
        };
        let path = fs::canonicalize(site.path(name)).unwrap();
        let root = fs::canonicalize(site.path("")).unwrap();
        let path = path.strip_prefix(root).unwrap().display().to_string();
        let told = format!("the user nobody, as whom the gate is to run, cannot {wanted} {path}");
        let found: Vec<_> = closed.text.lines().filter(|line| line.contains(&told)).collect();
        assert_eq!((found.len(), closed.code), (1, 78), "{name}: {}", closed.text);
        assert!(found[0].contains("&& chmod g+"), "{}", found[0]);
        // Root may, as it is the user that counts and not whoever checks.
        assert_eq!(site.check(&[]).code, 0);
        site.set_mode(name, open);
    }
    let key = "pacsgate.toml:7:1: listener.front.tls.private_key: the user nobody, ";
    site.set_mode("tls/gateway.key", 0o600);
    site.set_mode("tls/ca.pem", 0o600);
    let closed = site.check_for("nobody", &[]);
    assert!(closed.text.starts_with(&format!("error: {key}")), "{}", closed.text);
    assert!(closed.text.ends_with("\nbad: pacsgate.toml: 2 errors, 0 warnings"), "{}", closed.text);
}

#[test]
fn wants_a_user_that_is_there() {
    let site = Site::new(200 * DAY);
    let told = "there is no user \"nobody-of-this-name\" on this machine";
    let checked = site.check_for("nobody-of-this-name", &[]);
    assert_eq!((checked.text.as_str(), checked.code), (told, 64));
}

#[test]
#[ignore = "needs root: run tests/all"]
fn finds_bad_an_audit_file_that_cannot_be_made() {
    let site = Site::new(200 * DAY);
    site.write("pacsgate.toml", format!("{SOUND}[log]\naudit = \"log/audit.jsonl\"\n"));
    let place = "error: pacsgate.toml:25:1: log.audit: ";
    let absent = site.check(&[]);
    let told =
        format!("{place}there is no folder log; run `install -d -o root -g root -m 750 log`");
    assert_eq!(absent.text.lines().next(), Some(told.as_str()));
    assert_eq!(absent.code, 78);
    fs::create_dir(site.path("log")).unwrap();
    for folder in ["", "log"] {
        site.set_mode(folder, 0o755);
    }
    assert_eq!(site.check(&[]).code, 0);
    let nobody = |name: &str| {
        let told = format!("{place}the user nobody, as whom the gate is to run, cannot {name}");
        let text = site.check_for("nobody", &[]).text;
        text.lines().filter(|line| line.starts_with(&told)).count()
    };
    assert_eq!(nobody("make a file in log"), 1);
    let nobody_id = User::from_name("nobody").unwrap().unwrap().uid.as_raw();
    lchown(site.path("log"), Some(nobody_id), None).unwrap();
    assert_eq!(nobody("make a file in log"), 0);
    lchown(site.path("log"), Some(0), None).unwrap();
    site.write("log/audit.jsonl", "");
    site.set_mode("log", 0o755);
    assert_eq!((nobody("make a file in log"), nobody("write to log/audit.jsonl")), (0, 1));
    fs::remove_file(site.path("log/audit.jsonl")).unwrap();
    fs::create_dir(site.path("log/audit.jsonl")).unwrap();
    let told = format!("{place}log/audit.jsonl is a folder; add the name of a file in it");
    assert_eq!(site.check(&[]).text.lines().next(), Some(told.as_str()));
}

#[test]
fn finds_bad_an_address_that_this_machine_does_not_have() {
    let site = Site::new(200 * DAY);
    // Of the documentation (RFC 5737 and RFC 3849), and of no machine.
    let addresses = "[\"127.0.0.1:0\", \"192.0.2.1:2762\", \"[2001:db8::1]:2762\"]";
    site.write("pacsgate.toml", SOUND.replace("[\"127.0.0.1:0\"]", addresses));
    let checked = site.check(&[]);
    for (column, address) in [(24, "192.0.2.1"), (42, "2001:db8::1")] {
        let start = format!("error: pacsgate.toml:4:{column}: listener.front.bind: {address} ");
        assert!(checked.text.lines().any(|line| line.starts_with(&start)), "{}", checked.text);
    }
    let told = "192.0.2.1 is not an address of this machine, which has 127.0.0.1";
    assert!(checked.text.contains(told), "{}", checked.text);
    assert!(
        checked.text.ends_with("\nbad: pacsgate.toml: 2 errors, 0 warnings"),
        "{}",
        checked.text
    );
}

#[test]
fn warns_of_titles_that_look_like_patterns() {
    let site = Site::new(200 * DAY);
    let peer = "calling_ae = [\"CT?\"]\npacs = [\"archive\"]\nservices = [\"move\"]\n\
                move_to = [\"CT1\", \"ROOM*\"]\n";
    let (before, behind) = SOUND.split_once("calling_ae").unwrap();
    let (_, behind) = behind.split_once("[limits]").unwrap();
    let main = format!("{before}{peer}\n[limits]{behind}");
    site.write("pacsgate.toml", main.replace("\"PACS\"", "\"PACS\", \"PAC*\""));
    let warned = site.check(&[]);
    let line = |place: &str, title: &str| {
        format!(
            "warning: pacsgate.toml:{place}: \"{title}\" is compared as a whole, so its `*` or `?` \
             matches nothing else; name each title that is meant\n"
        )
    };
    let told = [
        line("13:22: pacs.archive.called_ae", "PAC*"),
        line("17:15: peer.ct1.calling_ae", "CT?"),
        line("20:19: peer.ct1.move_to", "ROOM*"),
        "good, with 3 warnings: pacsgate.toml: 1 listener, 1 PACS, 1 peer, from 1 configuration \
         file and 4 files of certificates, keys and revocation lists"
            .into(),
    ];
    assert_eq!((warned.text, warned.code), (told.concat(), 0));
    assert_eq!(site.check(&["--strict"]).code, 78);
}

#[test]
fn tells_mistakes_of_all_files_and_warnings_at_once() {
    let site = Site::new(10 * DAY);
    site.write("pacsgate.toml", SOUND.replace("10.10.0.5:104", "10.10.0.5"));
    site.write("conf.d/a.toml", "[peer.ct1]\nservices = [\"ecko\"]\n");
    site.write("conf.d/b.toml", "[pacs.second\n");
    let checked = site.check(&[]);
    let told: Vec<_> = checked.text.lines().collect();
    let starts = [
        "error: pacsgate.toml:12:1: pacs.archive.address: ",
        "error: conf.d/a.toml:1:7: peer.ct1: is already in pacsgate.toml:15:7",
        "error: conf.d/b.toml:1:13: ",
        "warning: pacsgate.toml:6:1: listener.front.tls.certificate: ",
        "bad: pacsgate.toml: 3 errors, 1 warning",
    ];
    assert_eq!(told.len(), starts.len(), "{}", checked.text);
    for (line, start) in told.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(checked.code, 78);
}

#[test]
fn writes_one_json_document() {
    let site = Site::new(10 * DAY);
    let good = site.check(&["--json"]);
    assert_eq!((good.text.lines().count(), good.code), (1, 0));
    let document: Value = serde_json::from_str(&good.text).unwrap();
    assert_eq!((&document["good"], &document["strict"]), (&true.into(), &false.into()));
    assert_eq!(
        document["loaded"],
        serde_json::json!({
            "listeners": 1, "pacs": 1, "peers": 1, "configuration_files": 1, "other_files": 4
        })
    );
    let finding = &document["findings"][0];
    assert_eq!(finding["severity"], "warning");
    assert_eq!((&finding["line"], &finding["column"]), (&6.into(), &1.into()));
    assert_eq!(finding["key"], "listener.front.tls.certificate");
    assert!(finding["file"].as_str().unwrap().ends_with("pacsgate.toml"));
    let strict = site.check(&["--json", "--strict"]);
    let document: Value = serde_json::from_str(&strict.text).unwrap();
    assert_eq!((&document["good"], strict.code), (&false.into(), 78));
    assert_eq!(document["findings"][0]["severity"], "error");
}

#[test]
fn names_a_variable_of_the_environment() {
    let site = Site::new(200 * DAY);
    let mut command = site.command(&[&["check", "--json"], as_ourselves()].concat());
    let checked = site.end(command.env("PACSGATE__LIMITS__IDEL", "5m"));
    let document: Value = serde_json::from_str(&checked.text).unwrap();
    let finding = &document["findings"][0];
    assert_eq!(
        (&finding["variable"], &finding["file"]),
        (&"PACSGATE__LIMITS__IDEL".into(), &Value::Null)
    );
    assert_eq!((&document["loaded"], checked.code), (&Value::Null, 78));
}

#[test]
fn never_shows_a_secret() {
    let site = Site::new(200 * DAY);
    let key = fs::read_to_string(site.path("tls/gateway.key")).unwrap();
    let secret = key.lines().nth(1).unwrap();
    let damaged = key.replace("-----END", "----END");
    for content in [damaged, key.replace("PRIVATE KEY", "SECRET"), secret.to_owned()] {
        site.write("tls/gateway.key", content);
        for options in [&[][..], &["--json"]] {
            let checked = site.check(options);
            assert_eq!(checked.code, 78);
            assert!(!checked.text.contains(secret), "{}", checked.text);
        }
    }
}

#[test]
fn wrong_arguments_are_exit_code_64() {
    let site = Site::new(200 * DAY);
    for options in [&["--strikt"][..], &["pacsgate.toml"], &["--json=yes"]] {
        assert_eq!(site.check(options).code, 64, "{options:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_exit_code_78() {
    let site = Site::new(200 * DAY);
    fs::remove_file(site.path("pacsgate.toml")).unwrap();
    let checked = site.check(&[]);
    let told = "error: pacsgate.toml: no such file; correct the path, or have `pacsgate init` make one\n\
                bad: pacsgate.toml: 1 error, 0 warnings";
    assert_eq!((checked.text.as_str(), checked.code), (told, 78));
}

/// The lines with a mark, without it.
fn lines(block: &str, mark: &str) -> String {
    block.lines().filter_map(|line| line.strip_prefix(mark)).collect::<Vec<_>>().join("\n")
}

/// Has `check` judge for whoever runs this test: what is installed here as pacsgate is another gate.
pub(crate) fn as_ourselves() -> &'static [&'static str] {
    if geteuid().is_root() { &["--user", "root"] } else { &[] }
}

/// A directory with a configuration, certificates and keys.
struct Site {
    directory: tempfile::TempDir,
}

/// How the binary ended, and what it said, without the directory.
struct Ended {
    text: String,
    code: i32,
}

impl Site {
    /// A site whose server certificate ends after this time.
    fn new(left: Duration) -> Self {
        Self::with_end(SystemTime::now() + left)
    }

    /// A site whose server certificate ended that long ago.
    fn ended(since: Duration) -> Self {
        Self::with_end(SystemTime::now() - since)
    }

    fn with_end(end: SystemTime) -> Self {
        let site = Self { directory: tempfile::tempdir().unwrap() };
        site.write("pacsgate.toml", SOUND);
        let now = SystemTime::now();
        let key = || KeyPair::generate().unwrap();
        let ca = pki::authority("Imaging CA", now - DAY..now + 300 * DAY);
        let ca = Authority::root(ca, key()).unwrap();
        site.write("tls/ca.pem", ca.issuer.pem());
        let crl = ca.crl(now - DAY..now + 200 * DAY, &[]).unwrap();
        site.write("tls/ca.crl", crl.pem().unwrap());
        for name in ["gateway", "other"] {
            let start = SystemTime::UNIX_EPOCH;
            let params = pki::leaf("gate.example", &["gate.example"], None, start..end).unwrap();
            let identity = ca.issue(&params, key()).unwrap();
            site.write(&format!("tls/{name}.pem"), identity.chain_pem());
            site.write(&format!("tls/{name}.key"), identity.key.serialize_pem());
        }
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file that only its owner may read.
    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        let directory = path.parent().unwrap();
        fs::create_dir_all(directory).unwrap();
        fs::write(&path, content).unwrap();
        for (path, mode) in [(directory, 0o700), (&path, 0o600)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    fn check(&self, options: &[&str]) -> Ended {
        self.run_binary(&[&["check"], as_ourselves(), options].concat())
    }

    /// Neither `check` nor `run` loads it, and both say one sentence and nothing else.
    fn is_refused(&self, start: &str, end: &str) {
        let (checked, ran) = (self.check(&[]), self.run_binary(&["run"]));
        assert_eq!((checked.code, ran.code), (78, 78), "{}", checked.text);
        let told = checked.text.lines().next().and_then(|line| line.strip_prefix("error: "));
        let told = told.unwrap_or_default();
        assert!(told.starts_with(start) && told.ends_with(end), "{}", checked.text);
        assert!(ran.text.ends_with(&format!(" ERROR pacsgate: {told}")), "{}", ran.text);
        assert!(checked.text.ends_with("\nbad: pacsgate.toml: 1 error, 0 warnings"), "{told}");
    }

    fn check_for(&self, user: &str, options: &[&str]) -> Ended {
        self.run_binary(&[&["check", "--user", user], options].concat())
    }

    /// Opens a file or a folder to everybody, or closes it.
    fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn run_binary(&self, arguments: &[&str]) -> Ended {
        self.end(&mut self.command(arguments))
    }

    /// The binary, with nothing of our environment that could change what it loads.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
        command.args(arguments).arg("--config").arg(self.path("pacsgate.toml"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PACSGATE__") {
                command.env_remove(name);
            }
        }
        command
    }

    fn end(&self, command: &mut Command) -> Ended {
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let directory = format!("{}/", self.directory.path().display());
        let text = text.replace(&directory, "").trim_end().to_owned();
        Ended { text, code: output.status.code().unwrap() }
    }
}
