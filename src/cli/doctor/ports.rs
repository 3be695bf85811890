//! The ports that imaging systems, and the machines under them, listen on.

use super::finding::Severity;

/// What is expected at a port, and so how it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// DICOM, plain or over TLS; a web page is recognised too.
    Dicom,
    /// A web page.
    Web,
    /// Something else, of which it is enough that the port is open.
    Other(&'static Other),
}

/// A service that nobody has to reach from a modality's network.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Other {
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    pub(super) meaning: &'static str,
}

const DATABASE: Other = Other {
    name: "a database",
    severity: Severity::High,
    meaning: "The archive's index, with the names of all patients, is behind one password, or none.",
};
const REMOTE_DESKTOP: Other = Other {
    name: "remote desktop (RDP)",
    severity: Severity::High,
    meaning: "Ransomware most often comes in through remote desktops with guessed passwords.",
};
const VNC: Other = Other {
    name: "VNC",
    severity: Severity::High,
    meaning: "Whoever guesses a short password, or needs none, sits before the screen; nothing is encrypted.",
};
const FILES: Other = Other {
    name: "file sharing (SMB)",
    severity: Severity::High,
    meaning: "Worms such as WannaCry spread by this port, from one unpatched system to the next.",
};
const HL7: Other = Other {
    name: "HL7",
    severity: Severity::High,
    meaning: "Orders and reports pass here without encryption, and whoever connects is most often believed.",
};
const TELNET: Other = Other {
    name: "telnet",
    severity: Severity::High,
    meaning: "Passwords pass in the clear, and those of devices are printed in their manuals.",
};
const SSH: Other = Other {
    name: "SSH",
    severity: Severity::Low,
    meaning: "An encrypted way for administrators; it is as good as its keys and passwords.",
};

/// The usual ports, by what is expected at them.
const USUAL: [(Expected, &[u16]); 9] = [
    (Expected::Dicom, &[104, 2761, 2762, 4006, 4242, 5678, 11112, 11113, 11114]),
    (Expected::Web, &[80, 443, 8000, 8042, 8043, 8080, 8443, 9080]),
    (Expected::Other(&DATABASE), &[1433, 1521, 3306, 5432, 27017]),
    (Expected::Other(&REMOTE_DESKTOP), &[3389]),
    (Expected::Other(&VNC), &[5900]),
    (Expected::Other(&FILES), &[139, 445]),
    (Expected::Other(&HL7), &[2575, 6661]),
    (Expected::Other(&TELNET), &[23]),
    (Expected::Other(&SSH), &[22]),
];

/// All of them.
pub(super) fn usual() -> Vec<u16> {
    USUAL.iter().flat_map(|(_, ports)| *ports).copied().collect()
}

/// What is expected at a port that is named without more.
pub(super) fn expected(port: u16) -> Expected {
    let known = USUAL.iter().find(|(_, ports)| ports.contains(&port));
    known.map_or(Expected::Dicom, |(expected, _)| *expected)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_usual_port_is_twice() {
        assert_eq!(usual().iter().collect::<HashSet<_>>().len(), usual().len());
        assert_eq!(expected(8042), Expected::Web);
        assert_eq!(expected(40_000), Expected::Dicom);
    }
}
