//! The manual pages and the shells' completions, which packages bring. They are made from the command
//! line as the binary reads it.

use clap_complete::{Shell, generate_to};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

use super::ROOT;

#[test]
fn manual_pages_and_completions_are_those_of_the_command_line() {
    let made = TempDir::new().unwrap();
    clap_mangen::generate_to(pacsgate::cli::command().disable_help_subcommand(true), &made)
        .unwrap();
    holds("docs/man", made.path());

    let made = TempDir::new().unwrap();
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        generate_to(shell, &mut pacsgate::cli::command(), "pacsgate", made.path()).unwrap();
    }
    holds("docs/completions", made.path());
}

/// Asserts that a folder has these files and no others; with UPDATE_DOCS they are written there.
fn holds(folder: &str, made: &Path) {
    let folder = Path::new(ROOT).join(folder);
    let made = files(made);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        made.iter().for_each(|(name, text)| fs::write(folder.join(name), text).unwrap());
    }
    let found = files(&folder);
    for name in made.keys().chain(found.keys()) {
        let path = folder.join(name);
        let is_new = made.get(name) == found.get(name);
        assert!(is_new, "{} is old; run this test with UPDATE_DOCS=1", path.display());
    }
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = folder.read_dir().unwrap().map(Result::unwrap);
    let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
    entries.map(|entry| (name(&entry), fs::read_to_string(entry.path()).unwrap())).collect()
}
