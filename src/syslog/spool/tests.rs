use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::super::message::Text;
use super::*;
use crate::config::{Address, Location};
use crate::journal::Priority;

fn message(text: &str) -> Message {
    let text = Text::Ascii(text.as_bytes().to_vec());
    let (time, priority) = (SystemTime::UNIX_EPOCH, Priority::Info);
    Message { time, priority, id: "test", data: Vec::new(), text }
}

/// A table with this folder, and what it is sent.
fn collector(folder: &Path, spool_size: u64, content: Content) -> Collector {
    Collector {
        name: "siem".into(),
        address: Address { host: "127.0.0.1".into(), port: 1 },
        tls: None,
        content,
        spool: folder.to_owned(),
        spool_size,
        spool_at: Location::Text { file: folder.to_owned(), line: 1, column: 1 },
    }
}

fn try_open(folder: &Path, budget: u64, content: Content) -> io::Result<Spool> {
    let tell = Box::new(|lost| message(&format!("lost {lost}")));
    let collector = collector(folder, budget, content);
    Spool::open(&collector, Origin::own(), tell, &Arc::default())
}

fn open(folder: &Path, budget: u64) -> Spool {
    try_open(folder, budget, Content::Json).unwrap()
}

/// The first file of lines.
fn first(folder: &Path) -> PathBuf {
    Segment::new(1, Content::Json).path(folder)
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
fn goes_on_in_order_and_behind_what_has_arrived_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path(), 1 << 20);
    ["a", "b", "c"].iter().for_each(|text| spool.append(&message(text)));
    assert_eq!(sent(&mut spool, 2), ["a", "b"]);
    spool.arrived(spool.sent());
    // What has only left is sent again.
    assert_eq!(sent(&mut spool, 1), ["c"]);
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
    let file = Segment::new(1, Content::Json).append(folder.path()).unwrap();
    (&file).write_all(b"57 <86>1 2023").unwrap();
    let mut spool = open(folder.path(), 1 << 20);
    spool.append(&message("c"));
    assert_eq!(spool.next, 4);
    assert_eq!(sent(&mut spool, 9), ["a", "b", "c"]);
}

#[test]
fn goes_on_behind_a_damaged_length_and_gives_no_number_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path(), 1 << 20);
    ["a", "b", "c", "d"].iter().for_each(|text| spool.append(&message(text)));
    drop(spool);
    let bytes = fs::read(first(folder.path())).unwrap();
    let length = bytes.len() / 4;
    for damage in [b"x".as_slice(), b"9", b"0", b" "] {
        let mut damaged = bytes.clone();
        damaged[length..length + 1].copy_from_slice(damage);
        fs::write(first(folder.path()), damaged).unwrap();
        let mut spool = open(folder.path(), 1 << 20);
        assert_eq!(spool.next, 5, "{damage:?}");
        assert_eq!(sent(&mut spool, 9), ["a", "c", "d"], "{damage:?}");
    }
}

#[test]
fn messages_of_another_content_wait_for_the_table_that_they_are_of() {
    const DICOM: Content = Content::Dicom { phi: false };
    const PATIENTS: Content = Content::Dicom { phi: true };
    for (had, has) in [(PATIENTS, DICOM), (PATIENTS, Content::Json), (DICOM, PATIENTS)] {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = try_open(folder.path(), 1 << 20, had).unwrap();
        spool.append(&message("a"));
        drop(spool);
        let told = try_open(folder.path(), 1 << 20, has).err().unwrap().to_string();
        for content in [had, has] {
            assert!(told.contains(folder::said_of(Some(content))), "{told}");
        }
        assert_eq!(obstacle(folder.path(), has), Some(told));
        assert_eq!(obstacle(folder.path(), had), None);
        let mut spool = try_open(folder.path(), 1 << 20, had).unwrap();
        assert_eq!(sent(&mut spool, 9), ["a"]);
        spool.arrived(spool.sent());
        drop(spool);
        assert_eq!(obstacle(folder.path(), has), None);
        let mut spool = try_open(folder.path(), 1 << 20, has).unwrap();
        spool.append(&message("b"));
        assert_eq!((sent(&mut spool, 9), spool.next), (vec!["b".to_owned()], 3));
    }
}

#[test]
fn a_folder_from_which_everything_has_arrived_has_room_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path(), 1 << 20);
    spool.append(&message(&"x".repeat(60_000)));
    assert_eq!(sent(&mut spool, 9).len(), 1);
    spool.settle(spool.sent());
    assert_eq!((spool.size(), first(folder.path()).exists()), (0, false));
    spool.append(&message("b"));
    assert_eq!(sent(&mut spool, 9), ["b"]);
    drop(spool);
    assert_eq!(open(folder.path(), 1 << 20).next, 3);
}

#[test]
fn what_cannot_be_written_is_lost_for_the_reason_that_the_system_gives() {
    let folder = tempfile::tempdir().unwrap();
    let lost = Arc::default();
    let tell = Box::new(|lost| message(&format!("lost {lost}")));
    let collector = collector(folder.path(), 1 << 20, Content::Json);
    let mut spool = Spool::open(&collector, Origin::own(), tell, &lost).unwrap();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    spool.active = full();
    let told = spool.take(&message("a")).unwrap_err();
    assert_eq!(told, "cannot be written to: No space left on device");
    (spool.active, spool.is_torn) = (full(), false);
    spool.append(&message("a"));
    assert_eq!((spool.state.lost, lost.load(Ordering::Relaxed)), (1, 1));
    // There is room again.
    spool.append(&message("b"));
    assert_eq!(sent(&mut spool, 9), ["lost 1", "b"]);
}

#[test]
fn what_others_may_look_into_is_refused_or_tightened() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open(folder.path(), 1 << 20).append(&message("a"));
    mode(&first(folder.path()), 0o644);
    drop(open(folder.path(), 1 << 20));
    let tightened = fs::metadata(first(folder.path())).unwrap().permissions().mode();
    assert_eq!(tightened & 0o777, 0o600);
    mode(folder.path(), 0o755);
    assert_eq!(obstacle(folder.path(), Content::Json), None);
    drop(open(folder.path(), 1 << 20));
    let tightened = fs::metadata(folder.path()).unwrap().permissions().mode();
    assert_eq!(tightened & 0o777, 0o700);
    // What is not the gate's is not closed by it.
    mode(folder.path(), 0o755);
    fs::write(folder.path().join("other"), "").unwrap();
    let told = try_open(folder.path(), 1 << 20, Content::Json).err().unwrap().to_string();
    assert!(told.starts_with("others may look into it (mode 0755) and it has other; "), "{told}");
    assert_eq!(obstacle(folder.path(), Content::Json), Some(told));
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
    fs::write(first(folder.path()), vec![0; 70_000]).unwrap();
    // Those of the second file.
    assert_eq!(sent(&mut spool, 99).len(), 3);
}

#[test]
fn belongs_to_one_process_and_to_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    let spool = open(&path, 1 << 20);
    let again = try_open(&path, 1 << 20, Content::Json).err().unwrap();
    assert_eq!(again.to_string(), "another pacsgate uses this folder");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
    for entry in fs::read_dir(&path).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o077, 0);
    }
    drop(spool);
    drop(open(&path, 1 << 20));
}

#[test]
fn refuses_what_is_in_the_place_of_its_files_and_names_it() {
    let place = |name: &str, make: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        make(&folder.path().join(name));
        let said = try_open(folder.path(), 1 << 20, Content::Json).err().unwrap().to_string();
        assert!(said.starts_with(name) && said.ends_with("; take it away"), "{said}");
        assert_eq!(obstacle(folder.path(), Content::Json), Some(said));
    };
    let first = "00000000000000000001.json.frames";
    place(first, &|path| fs::create_dir(path).unwrap());
    place(first, &|path| std::os::unix::fs::symlink("/dev/null", path).unwrap());
    place(first, &|path| {
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).unwrap();
    });
    place("18446744073709551615.json.frames", &|path| fs::write(path, "").unwrap());
}
