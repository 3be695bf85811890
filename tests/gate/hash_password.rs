//! `pacsgate hash-password`, on a terminal and behind a pipe.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::support::typing::Typing;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pacsgate::identity::password::{Asker, Attempt, Claim, Hashing, Passwords};
use pacsgate::net::Source;
use pacsgate::origins::Origin;

const PASSWORD: &str = "canary: correct horse";

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
    let mut typing = Typing::new(command(&["--user", "Anna Müller"]));
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
    let mut typing = Typing::new(command(&["--user", "anna"]));
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
        let mut typing = Typing::new(command(&[]));
        assert_eq!(typing.asked(), "Password: ");
        assert!(!typing.shows());
        kill(Pid::from_raw(i32::try_from(typing.process()).unwrap()), signal).unwrap();
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
