//! What holds for the source itself: files import each other in one direction, functions can be
//! read at a glance, the crates say what they consist of, and all of it can be read in a week.
//!
//! Only what is shipped is looked at: `src` and `core/src` without their tests.

// With this attribute the lints for test code hold for the helpers, too.
#![cfg(test)]

mod circles;
mod modules;
mod paths;
mod resolver;
mod source;

use std::path::Path;

use circles::Graph;
use modules::Modules;
use paths::Paths;
use source::Source;

/// Root files and folders of the two crates.
const CRATES: [(&str, &str); 2] = [("core/src/lib.rs", "core/src"), ("src/lib.rs", "src")];

/// A function that is longer is two functions.
const LONGEST_FUNCTION: usize = 60;

/// Whoever answers for the gate has read all of it; what is added has to fit in, or to replace.
const MOST_LINES: usize = 54_250;

#[test]
fn no_files_import_each_other_in_a_circle() {
    let circles: Vec<_> = CRATES
        .iter()
        .flat_map(|(root, folder)| Graph::of(&Modules::of(root, &sources(folder))).circles())
        .collect();
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn every_file_belongs_to_a_crate() {
    for (root, folder) in CRATES {
        let sources = sources(folder);
        let modules = Modules::of(root, &sources);
        let unread = sources.iter().map(|source| &*source.path);
        let unread = unread.filter(|path| *path != "src/main.rs" && !modules.has_file(path));
        assert_eq!(unread.collect::<Vec<_>>(), Vec::<&str>::new(), "no `mod` leads to these");
    }
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let functions = all().iter().flat_map(Source::functions).collect::<Vec<_>>();
    let long = functions.iter().filter(|function| function.lines > LONGEST_FUNCTION);
    let long: Vec<_> = long.map(ToString::to_string).collect();
    assert!(long.is_empty(), "over {LONGEST_FUNCTION} lines:\n{}", long.join("\n"));
}

#[test]
fn each_crate_names_its_public_modules_at_the_top() {
    for (root, folder) in CRATES {
        let sources = sources(folder);
        let source = sources.iter().find(|source| source.path == root).unwrap();
        assert_eq!(source.unnamed_modules(), Vec::<String>::new(), "{root} does not name these");
    }
}

#[test]
fn all_of_it_can_be_read() {
    let lines: usize = all().iter().map(|source| source.lines).sum();
    println!("{lines} lines of code without tests");
    assert!(lines <= MOST_LINES, "{lines} lines of code, and at most {MOST_LINES}");
}

#[test]
fn what_waits_in_the_workers_has_its_timer_in_the_thread_of_timers() {
    // These have runtimes of their own, and the pulse asks the workers for theirs.
    const OTHERS: [&str; 5] =
        ["src/admin", "src/cli", "src/pulse.rs", "src/syslog", "src/timers.rs"];
    const HARMLESS: [&str; 2] = ["Instant", "Sleep"];
    let is_timer = |path: &[String]| {
        let path: Vec<_> = path.iter().map(String::as_str).collect();
        path.starts_with(&["tokio", "time"]) && !path.get(2).is_some_and(|it| HARMLESS.contains(it))
    };
    let workers = all()
        .into_iter()
        .filter(|source| !OTHERS.iter().any(|other| source.path.starts_with(other)));
    let with_timers = workers.filter(|source| {
        let paths = Paths::of(&source.items);
        paths.imports.iter().map(|it| &it.path).chain(&paths.written).any(|path| is_timer(path))
    });
    let with_timers: Vec<_> = with_timers.map(|source| source.path).collect();
    assert_eq!(with_timers, Vec::<String>::new(), "these have timers of tokio's");
}

fn all() -> Vec<Source> {
    CRATES.iter().flat_map(|(_, folder)| sources(folder)).collect()
}

fn sources(folder: &str) -> Vec<Source> {
    source::below(Path::new(env!("CARGO_MANIFEST_DIR")), folder)
}
