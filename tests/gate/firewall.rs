//! The recipes of docs/firewall.md close the PACS, and nothing else.
//!
//! Packets are real: a modality, a router, a gate and a PACS each have a network namespace of their own.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::dcmtk::words;

const PAGE: &str = include_str!("../../docs/firewall.md");
const GATE: [&str; 2] = ["10.10.0.4", "fd00:10::4"];
/// As `pacsgate probe --plain` ends where no connection is possible, and where one is.
const CLOSED: i32 = 0;
const OPEN: i32 = 1;

/// The modality is in another network than gate and PACS, which share a bridge of the router.
const NETWORKS: &str = r#"
for who in modality router gate pacs; do
    ip netns add "$who$RUN"
    # An address counts at once: nobody else can have it.
    for new in default all; do
        ip netns exec "$who$RUN" sysctl -qw "net.ipv6.conf.$new.accept_dad=0"
    done
    ip -n "$who$RUN" link set lo up
done
ip netns exec "router$RUN" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n "router$RUN" link add imaging type bridge
ip -n "router$RUN" link set imaging up
for who in modality gate pacs; do
    ip -n "$who$RUN" link add net type veth peer name "$who" netns "router$RUN"
    ip -n "$who$RUN" link set net up
    ip -n "router$RUN" link set "$who" up
done
ip -n "router$RUN" link set gate master imaging
ip -n "router$RUN" link set pacs master imaging
address() { ip -n "$1$RUN" address add "$3" dev "$2"; }
address router imaging 10.10.0.1/24
address router imaging fd00:10::1/64
address router modality 10.20.0.1/24
address router modality fd00:20::1/64
address gate net 10.10.0.4/24
address gate net fd00:10::4/64
address pacs net 10.10.0.5/24
address pacs net fd00:10::5/64
address modality net 10.20.0.9/24
address modality net fd00:20::9/64
for who in gate pacs; do
    ip -n "$who$RUN" route add default via 10.10.0.1
    ip -n "$who$RUN" route add default via fd00:10::1
done
ip -n "modality$RUN" route add default via 10.20.0.1
ip -n "modality$RUN" route add default via fd00:20::1
"#;

/// Listens at a DICOM port, and at one of which the recipes say nothing.
const LISTEN: &str = "
import socket, threading
def serve(port):
    listener = socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True)
    print(port, flush=True)
    while True: listener.accept()[0].close()
for port in (104, 9999): threading.Thread(target=serve, args=(port,)).start()
";

#[test]
#[ignore = "needs root, nft and iptables: run tests/all"]
fn nftables_closes_the_pacs_to_all_but_the_gate() {
    let site = Site::new();
    let [on_pacs, on_router, _] = snippets("nft").try_into().unwrap();
    // Elsewhere, as Docker does, a port leads to the PACS's.
    site.done("pacs", &["nft", "add table ip nat"]);
    site.done("pacs", &["nft", "add chain ip nat p { type nat hook prerouting priority dstnat; }"]);
    site.done("pacs", &["nft", "add rule ip nat p tcp dport 4242 redirect to :104"]);
    for (machine, recipe) in [("pacs", on_pacs), ("router", on_router)] {
        site.is_open();
        assert_eq!(site.probe("modality", "10.10.0.5:4242"), OPEN);
        let file = site.file("recipe.nft", &recipe);
        site.done(machine, &["nft", "--check", "--file", &file]);
        for _again in 0..2 {
            site.done(machine, &["nft", "--file", &file]);
            site.is_closed();
            assert_eq!(site.probe("modality", "10.10.0.5:4242"), CLOSED);
        }
        assert!(site.done(machine, &["nft", "list", "table", "inet", "pacsgate"]).contains("drop"));
        site.done(machine, &["nft", "delete", "table", "inet", "pacsgate"]);
    }
    site.is_open();
}

#[test]
#[ignore = "needs root, nft and iptables: run tests/all"]
fn iptables_closes_the_pacs_to_all_but_the_gate() {
    let site = Site::new();
    let recipes = snippets("iptables").into_iter().zip(snippets("ip6tables"));
    let places = [("pacs", "raw", "PREROUTING"), ("router", "filter", "FORWARD")];
    for ((machine, table, chain), (four, six)) in places.into_iter().zip(recipes) {
        site.is_open();
        for (command, recipe) in [("iptables", four), ("ip6tables", six)] {
            let file = site.file(command, &recipe);
            let restore = format!("{command}-restore");
            site.done(machine, &[&restore, "--test", "--noflush", &file]);
            site.done(machine, &[&restore, "--noflush", &file]);
        }
        site.is_closed();
        let back = snippets("sh").into_iter().find(|text| text.starts_with("for command in ip"));
        let back = back.unwrap().replace("raw", table).replace("PREROUTING", chain);
        site.done(machine, &["sh", "-euc", &back]);
    }
    site.is_open();
}

#[test]
#[ignore = "needs firewalld: run tests/all"]
fn firewalld_takes_the_recipes() {
    let folder = TempDir::new().unwrap();
    let lines = snippets("firewalld").concat();
    for line in lines.lines() {
        let config = folder.path().display();
        let script = format!("firewall-offline-cmd --system-config={config} {line}");
        let output = Command::new("sh").args(["-euc", &script]).output().unwrap();
        assert!(output.status.success(), "{line}\n{}", words(&output));
    }
    let zone = fs::read_to_string(folder.path().join("zones/public.xml")).unwrap();
    assert_eq!(zone.matches("invert=\"True\"").count(), 2, "{zone}");
    let policy = fs::read_to_string(folder.path().join("policies/pacs.xml")).unwrap();
    assert!(policy.contains("target=\"CONTINUE\"") && policy.contains("ANY"), "{policy}");
}

#[test]
fn what_windows_blocks_is_every_address_but_the_gates() {
    let [powershell, _] = snippets("powershell").try_into().unwrap();
    let [netsh, _] = snippets("netsh").try_into().unwrap();
    let others = powershell.lines().next().unwrap().split_once(" = ").unwrap().1;
    let others: Vec<_> = others.split(", ").map(|range| range.trim_matches('"')).collect();
    let blocked = netsh.lines().next().unwrap().split_once("remoteip=").unwrap().1;
    assert_eq!(blocked, others.join(","));
    let ranges = others.iter().map(|range| range.split_once('-').unwrap());
    let ranges: Vec<(IpAddr, IpAddr)> =
        ranges.map(|(from, to)| (from.parse().unwrap(), to.parse().unwrap())).collect();
    let [four, six] = GATE.map(|gate| gate.parse::<IpAddr>().unwrap());
    let edges = [
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        before(four),
        after(four),
        IpAddr::V4(Ipv4Addr::BROADCAST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        before(six),
        after(six),
        IpAddr::V6(Ipv6Addr::from([0xff; 16])),
    ];
    let ends: Vec<_> = ranges.iter().flat_map(|(from, to)| [*from, *to]).collect();
    assert_eq!(ends, edges);
}

#[test]
fn every_recipe_closes_the_same_ports_to_the_same_gate() {
    let languages = ["nft", "iptables", "ip6tables", "powershell", "netsh"];
    let ports = BTreeSet::from([104, 11112, 4242, 8042, 3306, 5432, 1433]);
    let mut count = 0;
    for line in languages.into_iter().flat_map(snippets).collect::<String>().lines() {
        let named = line.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let named: BTreeSet<u16> = named.filter_map(|word| word.parse().ok()).collect();
        if named.contains(&8042) {
            assert!(ports.is_subset(&named), "{line}");
            count += 1;
        }
    }
    assert_eq!(count, 9);
    let all = languages.into_iter().flat_map(snippets).collect::<String>();
    assert!(GATE.iter().all(|gate| all.matches(gate).count() >= 4));
}

fn snippets(language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let parts = PAGE.split(&opening).skip(1);
    parts.map(|part| part.split_once("```").unwrap().0.to_owned()).collect()
}

fn before(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(four) => Ipv4Addr::from_bits(four.to_bits() - 1).into(),
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() - 1).into(),
    }
}

fn after(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(four) => Ipv4Addr::from_bits(four.to_bits() + 1).into(),
        IpAddr::V6(six) => Ipv6Addr::from_bits(six.to_bits() + 1).into(),
    }
}

/// Four machines. They end when dropped.
struct Site {
    run: String,
    folder: TempDir,
    pacs: Option<Child>,
}

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let run = folder.path().file_name().unwrap().to_string_lossy().replace('.', "-");
        let mut site = Self { run, folder, pacs: None };
        let mut networks = Command::new("bash");
        networks.args(["-euc", NETWORKS]).env("RUN", &site.run);
        let output = networks.output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
        let mut listen = site.command("pacs", &["python3", "-c", LISTEN]);
        let mut pacs = listen.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(pacs.stdout.take().unwrap()).lines();
        assert_eq!(lines.take(2).flatten().count(), 2, "both ports listen");
        site.pacs = Some(pacs);
        site
    }

    /// A command on a machine.
    fn command(&self, machine: &str, words: &[&str]) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &format!("{machine}{}", self.run)]).args(words);
        command
    }

    fn done(&self, machine: &str, arguments: &[&str]) -> String {
        let output = self.command(machine, arguments).output().unwrap();
        assert!(output.status.success(), "{machine}: {arguments:?}\n{}", words(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The test of the page.
    fn probe(&self, machine: &str, target: &str) -> i32 {
        let program = env!("CARGO_BIN_EXE_pacsgate");
        let words = [program, "probe", "--timeout", "1s", "--plain", target];
        let output: Output = self.command(machine, &words).output().unwrap();
        output.status.code().unwrap()
    }

    fn is_open(&self) {
        self.is("modality", OPEN, 104);
        self.is("gate", OPEN, 104);
    }

    fn is_closed(&self) {
        self.is("modality", CLOSED, 104);
        self.is("gate", OPEN, 104);
        // What the recipe does not name, and the PACS's own way to itself.
        self.is("modality", OPEN, 9999);
        for own in ["127.0.0.1:104", "[::1]:104", "10.10.0.5:104"] {
            assert_eq!(self.probe("pacs", own), OPEN, "{own}");
        }
    }

    fn is(&self, machine: &str, how: i32, port: u16) {
        for address in ["10.10.0.5", "[fd00:10::5]"] {
            let target = format!("{address}:{port}");
            assert_eq!(self.probe(machine, &target), how, "{machine} to {target}");
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(mut pacs) = self.pacs.take() {
            let _ = pacs.kill();
            let _ = pacs.wait();
        }
        for machine in ["modality", "router", "gate", "pacs"] {
            let name = format!("{machine}{}", self.run);
            let _ = Command::new("ip").args(["netns", "delete", &name]).output();
        }
    }
}
