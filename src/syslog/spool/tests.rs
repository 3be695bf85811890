use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::super::message::Text;
use super::*;
use crate::journal::Priority;

fn message(text: &str) -> Message {
    let text = Text::Ascii(text.as_bytes().to_vec());
    let (time, priority) = (SystemTime::UNIX_EPOCH, Priority::Info);
    Message { time, priority, id: "test", data: Vec::new(), text }
}

fn open(folder: &Path, budget: u64) -> Spool {
    let tell = Box::new(|lost| message(&format!("lost {lost}")));
    Spool::open(folder, budget, Origin::own(), tell).unwrap()
}

/// What the next frames say, each of which leaves.
fn sent(spool: &mut Spool, most: usize) -> Vec<String> {
    let mut texts = Vec::new();
    while texts.len() < most
        && let Some(frame) = spool.frame()
    {
        spool.has_left(frame.len());
        let text = String::from_utf8(frame).unwrap();
        texts.push(text.rsplit_once("] ").unwrap().1.to_owned());
    }
    texts
}

#[test]
fn goes_on_in_order_and_behind_what_has_left_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path(), 1 << 20);
    ["a", "b", "c"].iter().for_each(|text| spool.append(&message(text)));
    assert_eq!(sent(&mut spool, 2), ["a", "b"]);
    drop(spool);
    let mut spool = open(folder.path(), 1 << 20);
    spool.append(&message("d"));
    assert_eq!(sent(&mut spool, 9), ["c", "d"]);
    assert_eq!(spool.next, 5);
}

#[test]
fn sends_again_what_has_not_arrived() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path(), 1 << 20);
    ["a", "b", "c"].iter().for_each(|text| spool.append(&message(text)));
    assert_eq!(sent(&mut spool, 1), ["a"]);
    let arrived = spool.sent();
    assert_eq!(sent(&mut spool, 9), ["b", "c"]);
    spool.rewind(arrived);
    assert_eq!(sent(&mut spool, 9), ["b", "c"]);
}

#[test]
fn cuts_off_what_was_not_written_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path(), 1 << 20);
    ["a", "b"].iter().for_each(|text| spool.append(&message(text)));
    drop(spool);
    let file = folder::append(folder.path(), 1).unwrap();
    (&file).write_all(b"57 <86>1 2023").unwrap();
    let mut spool = open(folder.path(), 1 << 20);
    spool.append(&message("c"));
    assert_eq!(sent(&mut spool, 9), ["a", "b", "c"]);
}

#[test]
fn holds_its_budget_and_tells_what_was_lost_once_where_it_was_lost() {
    let (folder, budget) = (tempfile::tempdir().unwrap(), 1 << 20);
    let mut spool = open(folder.path(), budget);
    let long = "x".repeat(10_000);
    for _ in 0..300 {
        spool.append(&message(&long));
    }
    let on_disk: u64 =
        fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().metadata().unwrap().len()).sum();
    assert!(on_disk <= budget + 1024 && on_disk > budget / 2, "{on_disk}");
    let lost = spool.state.lost;
    drop(spool);
    let mut spool = open(folder.path(), budget);
    assert_eq!(spool.state.lost, lost);
    let kept = sent(&mut spool, 9999).len() as u64;
    assert_eq!(kept + lost, 300);
    spool.append(&message("still none"));
    spool.settle(spool.sent());
    spool.append(&message("room"));
    assert_eq!(sent(&mut spool, 9), [format!("lost {}", lost + 1), "room".to_owned()]);
    assert!(spool.size() < budget / 8);
}

#[test]
fn leaves_out_what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path(), 1 << 20);
    for _ in 0..10 {
        spool.append(&message(&"x".repeat(10_000)));
    }
    fs::write(folder::path(folder.path(), 1), vec![0; 70_000]).unwrap();
    // Those of the second file.
    assert_eq!(sent(&mut spool, 99).len(), 3);
}

#[test]
fn belongs_to_one_process_and_to_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    let spool = open(&path, 1 << 20);
    let tell = Box::new(|_| message(""));
    let again = Spool::open(&path, 1 << 20, Origin::own(), tell).err().unwrap();
    assert_eq!(again.to_string(), "another pacsgate uses this folder");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
    for entry in fs::read_dir(&path).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
    }
    drop(spool);
    drop(open(&path, 1 << 20));
}
