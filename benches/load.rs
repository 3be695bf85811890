//! What loading and indexing 2,000 peers costs, in one file and in as many drop-in files.
//!
//! `cargo bench --bench load`; the target is a median below 200 ms for each. Reading, parsing and
//! comparing are in it, and the TLS side with one certificate; the files are in the page cache.

#[path = "../tests/gate/support/configuration.rs"]
mod configuration;

use std::error::Error;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use pacsgate::config;
use pacsgate::pki::{self, Identity};

use configuration::{listener, named, pacs, tls};

const PEERS: usize = 2_000;
/// Odd, so that the median is one of them.
const ROUNDS: usize = 15;
const TARGET: Duration = Duration::from_millis(200);

fn main() -> Result<(), Box<dyn Error>> {
    let site = tempfile::tempdir()?;
    write_pair(site.path())?;
    let (one, many) = (site.path().join("one"), site.path().join("many"));
    for directory in [one.clone(), many.join("conf.d")] {
        fs::create_dir_all(&directory)?;
        fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
    }
    fs::set_permissions(&many, Permissions::from_mode(0o700))?;
    let together = (0..PEERS).fold(main_file(), |text, number| text + &peer(number));
    write(one.join("pacsgate.toml"), &together)?;
    write(many.join("pacsgate.toml"), &main_file())?;
    for number in 0..PEERS {
        write(many.join(format!("conf.d/{number:04}.toml")), &peer(number))?;
    }
    let mut out = io::stdout().lock();
    for (name, directory) in [("one file", one), ("drop-in files", many)] {
        let [least, median, most] = measure(&directory.join("pacsgate.toml"))?;
        let verdict = if median < TARGET { "within" } else { "MISSES" };
        writeln!(
            out,
            "{PEERS} peers, {name}: median {median:.1?} (least {least:.1?}, most {most:.1?}); \
             {verdict} {TARGET:?}"
        )?;
    }
    Ok(())
}

/// The least, the median and the most of all rounds.
fn measure(path: &Path) -> Result<[Duration; 3], Box<dyn Error>> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let settings = config::load_with(path, [], SystemTime::now())?;
        times.push(start.elapsed());
        if settings.loaded.peers != PEERS {
            return Err("not all the peers were loaded".into());
        }
    }
    times.sort();
    let at = |place: usize| times.get(place).copied().ok_or("no rounds");
    Ok([at(0)?, at(ROUNDS / 2)?, at(ROUNDS - 1)?])
}

/// Everything but the peers.
fn main_file() -> String {
    let certificate = "../gateway.pem";
    configuration::main_file(&[
        ("listener.front", &listener()),
        ("listener.front.tls", &tls(certificate, "../gateway.key", certificate)),
        ("pacs.archive", &pacs("10.10.0.5:104", &["PACS", "PACS_STORE"])),
    ])
}

/// A peer with every usual key.
fn peer(number: usize) -> String {
    let matchers = [
        ("san_dns", &*format!("p{number}.radiology.example")),
        ("cert_sha256", &format!("{number:064x}")),
    ];
    let calling = [&*format!("P{number}"), &format!("P{number}_QR")];
    let services = ["echo", "store", "find", "worklist", "mpps"];
    let mut peer = configuration::peer(&matchers, &calling, &services);
    peer.extend([
        ("contact", format!("\"Radiology IT, ext. {number}\"")),
        ("from", r#"["192.0.2.0/24", "2001:db8:17::5"]"#.into()),
        ("sop_classes", r#"["CTImageStorage", "1.2.840.10008.5.1.4.1.1.88.67"]"#.into()),
    ]);
    named(format_args!("peer.p{number}"), &peer)
}

/// A certificate that is its own CA, and its key.
fn write_pair(directory: &Path) -> Result<(), Box<dyn Error>> {
    let params = pki::authority("gate.example", pki::today());
    let identity = Identity::self_signed(&params, rcgen::KeyPair::generate()?)?;
    Ok(identity.write(directory, "gateway")?)
}

/// Whatever the umask is: the gate reads no file that others may write.
fn write(path: impl AsRef<Path>, text: &str) -> io::Result<()> {
    fs::write(&path, text)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))
}
