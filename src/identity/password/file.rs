//! The file of passwords: a user a line.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use pacsgate_core::certificate::Digest;

use super::cost::Cost;
use super::hash::Hash;
use super::line::{self, LineFault};
use crate::x509::reading::sha256;

/// Ten thousand users with room for comments.
const LONGEST: usize = 1024 * 1024;
/// More than any hospital has users at its devices.
const MOST_LINES: usize = 10_000;

/// The users of the gate with the hashes of their passwords. Nobody without a file.
#[derive(Clone)]
pub struct Passwords {
    users: HashMap<Arc<str>, Hash>,
    /// That of all of them, and of nobody.
    pub(super) cost: Cost,
}

/// Why a file of passwords does not serve. Nothing of a hash is in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordsFault {
    /// Longer than any honest one.
    #[error("is larger than {} MiB", LONGEST / (1024 * 1024))]
    TooLarge,
    /// The same by lines.
    #[error("has more than {MOST_LINES} lines")]
    TooManyLines,
    /// A line does not serve; it counts from 1.
    #[error("line {0}: {1}")]
    Line(usize, LineFault),
}

impl Passwords {
    /// Reads a file: `NAME:HASH` a line, blank lines, and comments that begin with `#`.
    ///
    /// # Errors
    ///
    /// Every line that does not serve.
    pub fn parse(file: &[u8]) -> Result<Self, Vec<PasswordsFault>> {
        if file.len() > LONGEST {
            return Err(vec![PasswordsFault::TooLarge]);
        }
        // An editor's byte order mark.
        let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
        if file.split(|byte| *byte == b'\n').count() > MOST_LINES + 1 {
            return Err(vec![PasswordsFault::TooManyLines]);
        }
        let (mut users, mut faults) = (Users::default(), Vec::new());
        for (at, line) in (1..).zip(file.split(|byte| *byte == b'\n')) {
            let line = line.trim_ascii_end();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            if let Err(fault) = line::parse(line).and_then(|line| users.add(at, line)) {
                faults.push(PasswordsFault::Line(at, fault));
            }
        }
        if faults.is_empty() { Ok(users.into()) } else { Err(faults) }
    }

    /// The user of this name.
    pub(super) fn find(&self, name: &[u8]) -> Option<(Arc<str>, Hash)> {
        let (name, hash) = self.users.get_key_value(str::from_utf8(name).ok()?)?;
        Some((Arc::clone(name), *hash))
    }

    /// Whether there is a user of this name.
    pub fn has(&self, name: &str) -> bool {
        self.users.contains_key(name)
    }

    /// What stands for the password of a user and tells nothing of it; another one for another password.
    pub fn stamp(&self, name: &str) -> Option<Digest> {
        let hash = self.users.get(name)?;
        Some(sha256(hash.text(self.cost).as_bytes()))
    }

    /// The names of all users, in no order.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.users.keys()
    }

    /// These users with passwords that cost nothing to verify.
    #[cfg(test)]
    pub(super) fn cheap(users: &[(&str, &str)]) -> Self {
        let cost = Cost::CHEAP;
        let hash = |password: &str| Hash::new(cost, password.as_bytes()).unwrap();
        let users = users.iter().map(|(name, password)| ((*name).into(), hash(password)));
        Self { users: users.collect(), cost }
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Users::default().into()
    }
}

/// Hashes are shown to nobody.
impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passwords({})", self.users.len())
    }
}

/// The lines so far.
#[derive(Default)]
struct Users {
    hashes: HashMap<Arc<str>, Hash>,
    lines: HashMap<Arc<str>, usize>,
    /// The first parameters, and their line.
    cost: Option<(Cost, usize)>,
}

impl Users {
    fn add(&mut self, at: usize, (name, own, hash): (&str, Cost, Hash)) -> Result<(), LineFault> {
        let name: Arc<str> = name.into();
        match self.lines.entry(Arc::clone(&name)) {
            Entry::Vacant(free) => free.insert(at),
            Entry::Occupied(taken) => {
                let first = *taken.get();
                return Err(LineFault::Twice { name: (&*name).into(), first });
            }
        };
        let (other, first) = *self.cost.get_or_insert((own, at));
        if own != other {
            return Err(LineFault::OtherCost { own, other, first });
        }
        self.hashes.insert(name, hash);
        Ok(())
    }
}

impl From<Users> for Passwords {
    fn from(Users { hashes, cost, .. }: Users) -> Self {
        Self { users: hashes, cost: cost.map_or(Cost::USUAL, |(cost, _)| cost) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::password::cost::CostFault;
    use crate::identity::password::line::NameFault;

    const SALT: &str = "c29tZXNhbHQ";
    const HASH: &str = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    fn line(name: &str, parameters: &str) -> String {
        format!("{name}:$argon2id$v=19${parameters}${SALT}${HASH}")
    }

    fn usual(name: &str) -> String {
        line(name, "m=19456,t=2,p=1")
    }

    fn faults(file: &str) -> Vec<PasswordsFault> {
        Passwords::parse(file.as_bytes()).unwrap_err()
    }

    fn fault(text: &str) -> LineFault {
        let [PasswordsFault::Line(1, fault)] = <[_; 1]>::try_from(faults(text)).unwrap() else {
            panic!("{text}")
        };
        fault
    }

    #[test]
    fn reads_users_comments_and_blank_lines_as_any_editor_leaves_them() {
        let file = format!(
            "\u{feff}# our users\r\n\r\n{}\r\n  \n{}  \n{}",
            usual("ct1"),
            usual("Jörg Müller"),
            usual("a.b@c/d")
        );
        let passwords = Passwords::parse(file.as_bytes()).unwrap();
        let mut names: Vec<_> = passwords.names().map(|name| &**name).collect();
        names.sort_unstable();
        assert_eq!(names, ["Jörg Müller", "a.b@c/d", "ct1"]);
        assert!(passwords.has("ct1") && !passwords.has("CT1") && !passwords.has("ct1 "));
        assert_eq!(passwords.cost, Cost::USUAL);
    }

    #[test]
    fn finds_the_password_of_a_line_by_its_user() {
        let made = Hash::new(Cost::USUAL, b"correct horse").unwrap();
        let file = format!("{}\nct2:{}\n", usual("ct1"), made.text(Cost::USUAL));
        let passwords = Passwords::parse(file.as_bytes()).unwrap();
        let (name, hash) = passwords.find(b"ct2").unwrap();
        assert_eq!(
            (&*name, hash.is_of(passwords.cost, b"correct horse", &mut Default::default())),
            ("ct2", Ok(true))
        );
        assert!(passwords.find(b"ct2\0").is_none() && passwords.find(b"ct\xff").is_none());
    }

    #[test]
    fn an_empty_file_has_no_user() {
        for file in ["", "\n", "# nobody\n"] {
            assert_eq!(Passwords::parse(file.as_bytes()).unwrap().names().count(), 0);
        }
    }

    #[test]
    fn names_every_line_that_does_not_serve() {
        let file = format!("{}\nno colon\n# fine\n{}\n:\n", usual("a"), usual("b "));
        let found = faults(&file);
        let space = LineFault::Name(NameFault::Space);
        let expected =
            [(2, LineFault::NoColon), (4, space), (5, LineFault::Name(NameFault::Empty))];
        assert_eq!(found, expected.map(|(at, fault)| PasswordsFault::Line(at, fault)));
        assert!(found[0].to_string().starts_with("line 2: has no colon; write NAME:HASH"));
    }

    #[test]
    fn a_user_has_one_line() {
        let found = faults(&format!("{}\n\n{}\n", usual("a"), usual("a")));
        let twice = LineFault::Twice { name: "a".into(), first: 1 };
        assert_eq!(found, [PasswordsFault::Line(3, twice)]);
    }

    #[test]
    fn all_lines_have_the_same_parameters() {
        let other = line("b", "m=12288,t=3,p=1");
        let [found] = &faults(&format!("{}\n{other}\n", usual("a")))[..] else { panic!() };
        let told = found.to_string();
        let start =
            "line 2: its hash has m=12288,t=3,p=1, and that on line 1 has m=19456,t=2,p=1; ";
        assert!(told.starts_with(start), "{told}");
    }

    #[test]
    fn takes_names_that_can_be_told_apart() {
        let name = |name: &str| {
            let LineFault::Name(fault) = fault(&usual(name)) else { panic!("{name}") };
            fault
        };
        assert_eq!(name(""), NameFault::Empty);
        assert_eq!(name("a\u{7f}"), NameFault::Control);
        assert_eq!(name("a\u{9f}"), NameFault::Control);
        assert_eq!(name(" a"), NameFault::Space);
        assert_eq!(name("a\u{a0}"), NameFault::Space);
        assert_eq!(name(&"ä".repeat(33)), NameFault::Long);
        assert!(Passwords::parse(usual(&"ä".repeat(32)).as_bytes()).is_ok());
        let judged = [line::name("a:b"), line::name("#a")];
        assert_eq!(judged, [Err(NameFault::Colon), Err(NameFault::Comment)]);
    }

    #[test]
    fn takes_hashes_by_argon2id_only_and_shows_none() {
        let others = [
            "ct1:".to_owned(),
            "ct1:correct horse".to_owned(),
            format!("ct1:$2y$10${SALT}"),
            usual("ct1").replace("argon2id", "argon2i"),
            usual("ct1").replace("argon2id", "argon2d"),
            usual("ct1").replace(&format!("${HASH}"), ""),
            line("ct1", "m=19456,t=2"),
            line("ct1", "m=19456,t=2,p=1,m=19456"),
            line("ct1", "m=19456,t=2,p=1,data=AAAA"),
            line("ct1", "m=0x4c00,t=2,p=1"),
            format!("{}$more", usual("ct1")),
        ];
        for text in others {
            assert_eq!(fault(&text), LineFault::NotArgon2id, "{text}");
        }
        let told = faults(&usual("ct1").replace("argon2id", "argon2i"))[0].to_string();
        assert!(!told.contains(HASH) && !told.contains(SALT), "{told}");
    }

    #[test]
    fn takes_version_19_only() {
        for version in ["$v=16", "$v=18", "$v=20", ""] {
            let text = usual("ct1").replace("$v=19", version);
            assert_eq!(fault(&text), LineFault::Version, "{text}");
        }
    }

    #[test]
    fn takes_parameters_within_bounds_only() {
        let weak = CostFault::Weak { memory: 19_455, passes: 2, least: 19_456 };
        assert_eq!(fault(&line("a", "m=19455,t=2,p=1")), LineFault::Cost(weak));
        let heavy = LineFault::Cost(CostFault::Heavy);
        assert_eq!(fault(&line("a", "m=1048576,t=4,p=1")), heavy);
    }

    #[test]
    fn is_bounded() {
        let long = vec![b'#'; LONGEST + 1];
        assert_eq!(Passwords::parse(&long).unwrap_err(), [PasswordsFault::TooLarge]);
        assert!(Passwords::parse("\n".repeat(MOST_LINES).as_bytes()).is_ok());
        assert_eq!(faults(&"\n".repeat(MOST_LINES + 1)), [PasswordsFault::TooManyLines]);
    }

    #[test]
    fn shows_no_hash_in_its_debug_output() {
        let passwords = Passwords::parse(usual("ct1").as_bytes()).unwrap();
        assert_eq!(format!("{passwords:?}"), "Passwords(1)");
    }
}
