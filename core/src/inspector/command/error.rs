//! What makes a command set unreadable.

use crate::reason::Ground;

const LACKS: Ground = Ground::Meaning("DCMTK and Orthanc abort; pynetdicom goes on or hangs");
const TWICE: Ground = Ground::Meaning("readers take the first of them or the last");
const VALUES: Ground = Ground::Meaning("which of its bytes count is a guess");

crate::reasons! {
    /// Why a command set cannot be read.
    pub enum CommandError {
        Cut: "command-cut", "is cut inside an element"
            is Ground::Harm("readers that believe the length read on behind the end");
        Repeated(u16 = 0x0110): "repeated-element", "has (0000,{0:04x}) twice" is TWICE;
        Missing(u16 = 0x0100): "missing-element", "lacks (0000,{0:04x})" is LACKS;
        Value(u16 = 0x1000): "malformed-value", "has a malformed value in (0000,{0:04x})" is VALUES;
        DataSet: "data-set-flag", "is wrong about whether a data set follows"
            is Ground::Meaning("DCMTK and Orthanc abort; pynetdicom waits or goes on");
        UnknownResponse: "unknown-response", "responds to a request that does not exist"
            is Ground::Meaning("what it answers is a guess");
    }
}
