//! A CA on a USB stick that is full, or that cannot be written to.

use std::process::Command;

use tempfile::TempDir;

use super::office::told;

/// A folder of the tests as `$D`, `$D/stick` being a file system of its own, and `ca` the command.
fn on_a_stick(script: &str) -> String {
    let directory = TempDir::new().unwrap();
    let head = format!(
        "D={}; mkdir $D/stick; mount -t tmpfs -o size=200k tmpfs $D/stick\n\
         ca() {{ {} ca \"$@\" --ca $D/stick/ca; }}\n\
         ca init --no-passphrase --key ecdsa\n",
        directory.path().display(),
        env!("CARGO_BIN_EXE_pacsgate"),
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-euc", &(head + script)]);
    told(&command.output().unwrap(), 0)
}

#[test]
#[ignore = "needs root, to mount a file system: run tests/all"]
fn a_full_stick_leaves_the_folder_as_it_was() {
    let said = on_a_stick(
        "ca issue ct1 --title CT1 --key ecdsa --no-gate
         all() { (cd $D/stick/ca; find . -type f -exec sha256sum {} + | sort); }
         before=$(all)
         dd if=/dev/zero of=$D/stick/filler bs=4k 2>/dev/null || true
         ! ca issue ct2 --title CT2 --key ecdsa --no-gate
         ! ca revoke ct1 --no-gate
         echo \"devices: $(ls $D/stick/ca/devices)\"
         [ \"$before\" = \"$(all)\" ]
         rm $D/stick/filler
         ca issue ct2 --title CT2 --key ecdsa --no-gate
         ca revoke ct1 --no-gate
         ca list",
    );
    assert!(said.contains("devices: ct1\n"), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
    assert!(said.contains("ct2: CT2; recognised by ct2\n"), "{said}");
    assert!(!said.contains("left over"), "{said}");
}

#[test]
#[ignore = "needs root, to mount a file system: run tests/all"]
fn a_stick_that_cannot_be_written_to_is_read_and_left_as_it_was() {
    let said = on_a_stick(
        "mount -o remount,ro $D/stick
         ! ca issue ct1 --title CT1 --key ecdsa --no-gate
         ! ca crl --no-gate
         ca list
         mount -o remount,rw $D/stick
         ca issue ct1 --title CT1 --key ecdsa --no-gate",
    );
    assert!(said.contains("Read-only file system"), "{said}");
    assert!(said.contains("CN=Imaging CA: 36"), "{said}");
    assert!(said.contains("ct1 has certificate "), "{said}");
}
