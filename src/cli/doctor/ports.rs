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

/// A usual port.
pub(super) const USUAL: [(u16, Expected); 30] = [
    (22, Expected::Other(&SSH)),
    (23, Expected::Other(&TELNET)),
    (80, Expected::Web),
    (104, Expected::Dicom),
    (139, Expected::Other(&FILES)),
    (443, Expected::Web),
    (445, Expected::Other(&FILES)),
    (1433, Expected::Other(&DATABASE)),
    (1521, Expected::Other(&DATABASE)),
    (2575, Expected::Other(&HL7)),
    (2761, Expected::Dicom),
    (2762, Expected::Dicom),
    (3306, Expected::Other(&DATABASE)),
    (3389, Expected::Other(&REMOTE_DESKTOP)),
    (4006, Expected::Dicom),
    (4242, Expected::Dicom),
    (5432, Expected::Other(&DATABASE)),
    (5678, Expected::Dicom),
    (5900, Expected::Other(&VNC)),
    (6661, Expected::Other(&HL7)),
    (8000, Expected::Web),
    (8042, Expected::Web),
    (8043, Expected::Web),
    (8080, Expected::Web),
    (8443, Expected::Web),
    (9080, Expected::Web),
    (11112, Expected::Dicom),
    (11113, Expected::Dicom),
    (11114, Expected::Dicom),
    (27017, Expected::Other(&DATABASE)),
];

/// What is expected at a port that is named without more.
pub(super) fn expected(port: u16) -> Expected {
    let known = USUAL.iter().find(|(usual, _)| *usual == port);
    known.map_or(Expected::Dicom, |(_, expected)| *expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_ports_are_sorted_and_no_port_is_twice() {
        assert!(USUAL.is_sorted_by(|(one, _), (other, _)| one < other));
        assert_eq!(expected(8042), Expected::Web);
        assert_eq!(expected(40_000), Expected::Dicom);
    }
}
