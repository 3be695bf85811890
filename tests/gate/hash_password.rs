//! `pacsgate hash-password`, on a terminal and behind a pipe.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::Duration;

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use pacsgate::identity::password::{Asker, Attempt, Claim, Hashing, Passwords};
use pacsgate::net::Source;
use pacsgate::origins::Origin;

const PASSWORD: &str = "canary: correct horse";

/// The command on a terminal of its own.
struct Typing {
    terminal: File,
    /// The end that the command has, so that what it leaves there is not lost.
    end: OwnedFd,
    child: Child,
    prompts: ChildStderr,
}

impl Typing {
    fn new(arguments: &[&str]) -> Self {
        let pair = openpty(None, None).unwrap();
        let mut command = command(arguments);
        command.stdin(pair.slave.try_clone().unwrap());
        let mut child = command.spawn().unwrap();
        let prompts = child.stderr.take().unwrap();
        Self { terminal: pair.master.into(), end: pair.slave, child, prompts }
    }

    /// What is asked next.
    fn asked(&mut self) -> String {
        let mut told = Vec::new();
        while !told.ends_with(b": ") {
            let mut byte = [0];
            self.prompts.read_exact(&mut byte).unwrap();
            told.extend(byte);
        }
        String::from_utf8(told).unwrap()
    }

    fn types(&mut self, text: &str) {
        writeln!(self.terminal, "{text}").unwrap();
    }

    fn shows(&self) -> bool {
        tcgetattr(&self.end).unwrap().local_flags.contains(LocalFlags::ECHO)
    }

    /// How it ends, and what the terminal has shown. It shows again what is typed.
    fn ends(mut self) -> (Output, String) {
        let mut told = Vec::new();
        self.prompts.read_to_end(&mut told).unwrap();
        let mut output = self.child.wait_with_output().unwrap();
        output.stderr = told;
        assert!(tcgetattr(&self.end).unwrap().local_flags.contains(LocalFlags::ECHO));
        // What it shows is there by now; a child of another test may hold its other end.
        rustix::io::ioctl_fionbio(&self.terminal, true).unwrap();
        let mut shown = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = self.terminal.read(&mut buffer) {
            shown.extend(&buffer[..read]);
        }
        (output, String::from_utf8(shown).unwrap())
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacsgate"));
    command.arg("hash-password").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn piped(arguments: &[&str], input: &str) -> Output {
    let mut child = command(arguments).spawn().unwrap();
    // It may have ended before it has read all.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn words(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Whether a file with this line lets the user in with this password.
fn lets_in(line: &[u8], user: &str, password: &str) -> bool {
    let passwords = Passwords::parse(line).unwrap();
    let source = Source::of("192.0.2.1".parse().unwrap());
    let attempt = Attempt {
        asker: Asker::Stranger(source),
        claim: Claim { origin: Origin::Source(source), calling: None },
        user: user.as_bytes(),
        password: password.as_bytes(),
        is_of_use: true,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let hashing = Hashing::new(1);
    let verified = hashing.verify(&passwords, attempt, Duration::from_secs(60));
    runtime.block_on(verified).is_ok()
}

#[test]
fn asks_twice_on_a_terminal_and_shows_nothing() {
    let mut typing = Typing::new(&["--user", "Anna Müller"]);
    assert_eq!(typing.asked(), "Password of Anna Müller: ");
    assert!(!typing.shows());
    typing.types(PASSWORD);
    assert_eq!(typing.asked(), "Again: ");
    typing.types(PASSWORD);
    let (output, shown) = typing.ends();
    assert_eq!(output.status.code(), Some(0), "{}", words(&output.stderr));
    assert!(lets_in(&output.stdout, "Anna Müller", PASSWORD));
    assert!(!lets_in(&output.stdout, "Anna Müller", "canary: Correct horse"));
    assert_eq!(words(&output.stdout).lines().count(), 1);
    assert!(!words(&output.stdout).contains("canary") && output.stderr.is_empty());
    // Only the ends of the two lines.
    assert_eq!(shown.trim(), "");
}

#[test]
fn prints_nothing_of_two_passwords_that_differ() {
    let mut typing = Typing::new(&["--user", "anna"]);
    typing.asked();
    typing.types(PASSWORD);
    typing.asked();
    typing.types("canary: correct horses");
    let (output, shown) = typing.ends();
    assert_eq!((output.status.code(), words(&output.stdout)), (Some(1), ""));
    assert_eq!(words(&output.stderr), "the two passwords are not the same; try again\n");
    assert_eq!(shown.trim(), "");
}

#[test]
fn leaves_a_terminal_that_shows_what_is_typed_when_it_is_interrupted() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        let mut typing = Typing::new(&[]);
        assert_eq!(typing.asked(), "Password: ");
        assert!(!typing.shows());
        kill(Pid::from_raw(i32::try_from(typing.child.id()).unwrap()), signal).unwrap();
        let (output, _) = typing.ends();
        assert_eq!((output.status.code(), words(&output.stdout)), (Some(1), ""), "{signal}");
    }
}

#[test]
fn reads_a_line_from_a_pipe() {
    for input in [PASSWORD.to_owned(), format!("{PASSWORD}\n"), format!("{PASSWORD}\nmore\n")] {
        let output = piped(&["--user", "anna"], &input);
        assert_eq!((output.status.code(), words(&output.stderr)), (Some(0), ""));
        assert!(lets_in(&output.stdout, "anna", PASSWORD));
    }
}

#[test]
fn without_a_user_it_prints_the_hash_alone() {
    let output = piped(&[], PASSWORD);
    let hash = words(&output.stdout);
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && hash.ends_with('\n'), "{hash}");
    assert!(lets_in(format!("anna:{hash}").as_bytes(), "anna", PASSWORD));
}

#[test]
fn takes_no_password_that_cannot_be_meant() {
    let long = "a".repeat(1025);
    let refused = [
        ("", "the password is empty\n"),
        ("\n", "the password is empty\n"),
        (&long, "the password is longer than 1024 bytes\n"),
        ("ca\rnary\n", "the password has a control character, such as of Tab or an arrow key\n"),
    ];
    for (input, told) in refused {
        let output = piped(&["--user", "anna"], input);
        assert_eq!((output.status.code(), words(&output.stdout)), (Some(1), ""), "{input}");
        assert_eq!(words(&output.stderr), told);
    }
    assert_eq!(piped(&[], &"a".repeat(1024)).status.code(), Some(0));
}

#[test]
fn warns_of_a_short_password_and_takes_it() {
    let output = piped(&[], "elf letters");
    assert_eq!(output.status.code(), Some(0));
    let told = words(&output.stderr);
    assert!(told.starts_with("warning: the password has less than 12 characters"), "{told}");
    assert!(!told.contains("elf"), "{told}");
    assert!(piped(&[], "twelve chars").stderr.is_empty());
}

#[test]
fn takes_no_name_that_the_file_could_not_have() {
    for (name, why) in [
        ("", "is empty"),
        ("a:b", "has a colon"),
        ("#a", "begins with #"),
        (" a", "begins or ends with a space"),
        ("a\tb", "has a control character"),
        (&"a".repeat(65), "is longer than 64 bytes"),
    ] {
        let output = piped(&["--user", name], PASSWORD);
        let told = words(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{told}");
        assert!(told.contains(&format!("for '--user <NAME>': {why}\n")), "{told}");
    }
}
