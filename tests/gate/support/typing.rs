//! A command on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStderr, Command, Output};

use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};

/// The command on a terminal of its own.
pub(crate) struct Typing {
    terminal: File,
    /// The end that the command has, so that what it leaves there is not lost.
    end: OwnedFd,
    child: Child,
    prompts: ChildStderr,
}

impl Typing {
    /// It says on pipes what it has to say.
    pub(crate) fn new(mut command: Command) -> Self {
        let pair = openpty(None, None).unwrap();
        command.stdin(pair.slave.try_clone().unwrap());
        let mut child = command.spawn().unwrap();
        let prompts = child.stderr.take().unwrap();
        Self { terminal: pair.master.into(), end: pair.slave, child, prompts }
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// What is asked next.
    pub(crate) fn asked(&mut self) -> String {
        let mut told = Vec::new();
        while !told.ends_with(b": ") {
            let mut byte = [0];
            self.prompts.read_exact(&mut byte).unwrap();
            told.extend(byte);
        }
        String::from_utf8(told).unwrap()
    }

    /// A line.
    pub(crate) fn types(&mut self, text: &str) {
        writeln!(self.terminal, "{text}").unwrap();
    }

    /// Whether what is typed is shown.
    pub(crate) fn shows(&self) -> bool {
        tcgetattr(&self.end).unwrap().local_flags.contains(LocalFlags::ECHO)
    }

    /// How it ends, and what the terminal has shown. It shows again what is typed.
    pub(crate) fn ends(mut self) -> (Output, String) {
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
