//! Plausible mistakes, each with what the administrator is told.

use super::site::{MAIN, Site};

/// Blocks of what stands in the sound file, what the mistake makes of it, and what is told.
const MISTAKES: &str = include_str!("mistakes.txt");
/// Written anew, to be read before it is committed, with `UPDATE_MISTAKES=1`.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/tests/mistakes.txt");

#[test]
fn each_mistake_is_told_with_its_place_and_its_cure() {
    let blocks: Vec<_> = MISTAKES.trim().split("\n\n").collect();
    assert!(blocks.len() > 100, "{}", blocks.len());
    let is_edit = |line: &&str| line.starts_with("- ") || line.starts_with("+ ");
    let told = blocks.iter().map(|block| {
        let (sound, mistaken) = (lines(block, "- "), lines(block, "+ "));
        assert!(MAIN.contains(&sound), "{sound}");
        let told = Site::new(&MAIN.replacen(&sound, &typed(mistaken), 1)).told();
        let edits: Vec<_> = block.lines().filter(is_edit).collect();
        format!("{}\n{told}", edits.join("\n"))
    });
    let told = told.collect::<Vec<_>>().join("\n\n") + "\n";
    if std::env::var_os("UPDATE_MISTAKES").is_some() {
        std::fs::write(FILE, &told).unwrap();
        return;
    }
    for (told, block) in told.trim().split("\n\n").zip(blocks) {
        assert_eq!(told, block);
    }
}

/// The names that the blocks have for characters that a reader would not tell from others.
const DISGUISED: [(&str, &str); 6] = [
    ("<no-break>", "\u{a0}"),
    ("<zero-width>", "\u{200b}"),
    ("<mark>", "\u{feff}"),
    ("<dash>", "\u{2011}"),
    ("<cyrillic C>", "\u{421}"),
    ("<wide colon>", "\u{ff1a}"),
];

fn typed(text: String) -> String {
    DISGUISED.iter().fold(text, |text, (name, character)| text.replace(name, character))
}

/// The lines with a mark, without it.
fn lines(block: &str, mark: &str) -> String {
    block.lines().filter_map(|line| line.strip_prefix(mark)).collect::<Vec<_>>().join("\n")
}

#[test]
fn all_mistakes_are_told_at_once() {
    let main = MAIN
        .replace("calling_ae = [\"CT1\"]", "calling_ae = []")
        .replace("10.10.0.5:104", "10.10.0.5")
        .replace("tls/gateway.key", "tls/absent.key")
        .replace("\"store\"", "\"stor\"");
    let site = Site::new(&(main + "[limits]\nidle = 1\ndial = true\n"));
    let keys: Vec<_> = site.load().unwrap_err().iter().map(|problem| problem.key.clone()).collect();
    let expected = [
        "listener.front.tls.private_key",
        "pacs.archive.address",
        "peer.ct1.calling_ae",
        "peer.ct1.services[1]",
        "limits.idle",
        "limits.dial",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn a_name_needs_a_ca_where_only_another_peer_is_pinned() {
    let pin = format!("certificate = [{{ cert_sha256 = \"{}\" }}]\n", "ab".repeat(32));
    let second = "calling_ae = [\"CT2\"]\npacs = [\"archive\"]\nservices = [\"echo\"]\n";
    let main = MAIN.replace("client_ca = \"tls/ca.pem\"\n", "");
    let site = Site::new(&format!("{main}[peer.ct2]\n{pin}{second}"));
    assert_eq!(
        site.told(),
        "pacsgate.toml:14:18: peer.ct1.certificate: counts only for a certificate that a CA has \
         issued, and no listener has a client_ca; add one or pin the certificate with cert_sha256"
    );
}

#[test]
fn a_revocation_list_needs_a_ca() {
    let pin = format!("cert_sha256 = \"{}\"", "ab".repeat(32));
    let main = MAIN
        .replace("client_ca = \"tls/ca.pem\"", "client_crl = [\"tls/ca.crl\"]")
        .replace("san_dns = \"ct1.example\"", &pin);
    let told = Site::new(&main).told();
    assert!(told.starts_with("pacsgate.toml:8:15: listener.front.tls.client_crl: "), "{told}");
}

#[test]
fn names_the_file_of_a_revocation_list_and_counts_the_lists_in_it() {
    let lists = "client_crl = [\"tls/ca.crl\", \"tls/more.crl\"]\n\n[pacs";
    let site = Site::new(&MAIN.replace("\n[pacs", lists));
    let list = std::fs::read_to_string(site.path("tls/ca.crl")).unwrap();
    let none = "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n";
    site.write("tls/more.crl", list + none);
    assert_eq!(
        site.told(),
        "pacsgate.toml:9:29: listener.front.tls.client_crl: tls/more.crl: revocation list 2: it \
         cannot be used; X.509 v2 lists with nextUpdate can, delta and indirect ones cannot"
    );
}

#[test]
fn a_list_of_certificates_has_its_keys_inside() {
    let pair = "[{ certificate = \"tls/gateway.pem\", private_key = \"tls/other.key\" }]";
    let list = format!("certificate = {pair}");
    let beside = MAIN.replace("certificate = \"tls/gateway.pem\"", &list);
    assert_eq!(
        Site::new(&beside).told(),
        "pacsgate.toml:7:1: listener.front.tls.private_key: belongs next to each certificate when \
         `certificate` is a list"
    );
    let foreign = beside.replace("private_key = \"tls/gateway.key\"\n", "");
    let told = Site::new(&foreign).told();
    assert!(
        told.starts_with("pacsgate.toml:6:51: listener.front.tls.certificate[0].private_key: "),
        "{told}"
    );
}
