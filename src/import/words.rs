//! Services by what people call them.

/// The words, apart from the names of the configuration: lower case, what is no letter or digit a blank.
const WORDS: [(&str, &[&str]); 37] = [
    ("echo", &["echo"]),
    ("c echo", &["echo"]),
    ("verification", &["echo"]),
    ("ping", &["echo"]),
    ("store", &["store"]),
    ("c store", &["store"]),
    ("storage", &["store"]),
    ("send", &["store"]),
    ("sends", &["store"]),
    ("find", &["find"]),
    ("c find", &["find"]),
    ("query", &["find"]),
    ("queries", &["find"]),
    ("move", &["move"]),
    ("c move", &["move"]),
    ("retrieve", &["move"]),
    ("retrieves", &["move"]),
    ("query retrieve", &["find", "move"]),
    ("q r", &["find", "move"]),
    ("qr", &["find", "move"]),
    ("get", &["get"]),
    ("c get", &["get"]),
    ("worklist", &["worklist"]),
    ("modality worklist", &["worklist"]),
    ("mwl", &["worklist"]),
    ("dmwl", &["worklist"]),
    ("mpps", &["mpps"]),
    ("storage commitment", &["storage-commitment"]),
    ("commitment", &["storage-commitment"]),
    ("commit", &["storage-commitment"]),
    ("stgcmt", &["storage-commitment"]),
    ("print", &["print"]),
    ("prints", &["print"]),
    ("printing", &["print"]),
    ("key object", &["key-object"]),
    ("key objects", &["key-object"]),
    ("ups", &["ups"]),
];
/// The words of the longest of them.
const LONGEST: usize = 3;
/// What changes nothing.
const FILLERS: [&str; 9] = ["and", "the", "images", "image", "to", "from", "pacs", "scu", "dicom"];
/// What turns the meaning around: then nothing of it is understood.
const TURNS: [&str; 10] =
    ["no", "not", "non", "never", "without", "except", "scp", "receive", "receives", "receiver"];

/// The services that are meant, and whether all of it was understood.
pub(super) fn services(text: &str) -> (Vec<&'static str>, bool) {
    let lower = text.to_ascii_lowercase();
    let parts = lower.split(|letter: char| !letter.is_alphanumeric());
    let words: Vec<&str> = parts.filter(|word| !word.is_empty()).collect();
    if words.iter().any(|word| TURNS.contains(word)) {
        return (Vec::new(), false);
    }
    let (mut services, mut is_clear) = (Vec::new(), true);
    let mut rest = words.as_slice();
    while let [first, after @ ..] = rest {
        let phrase = (1..=LONGEST).rev().find_map(|length| {
            let (phrase, after) = rest.split_at_checked(length)?;
            Some((named(&phrase.join(" "))?, after))
        });
        let (meant, after) = phrase.unwrap_or((&[], after));
        is_clear &= !meant.is_empty() || FILLERS.contains(first);
        for service in meant {
            if !services.contains(service) {
                services.push(service);
            }
        }
        rest = after;
    }
    (services, is_clear)
}

fn named(phrase: &str) -> Option<&'static [&'static str]> {
    WORDS.iter().find(|(word, _)| *word == phrase).map(|(_, services)| *services)
}

#[cfg(test)]
mod tests {
    use pacsgate_core::services::Service;

    use super::*;

    #[test]
    fn understands_what_people_write() {
        let cases: [(&str, &[&str], bool); 7] = [
            ("C-STORE, C-ECHO", &["store", "echo"], true),
            ("Sends images to PACS; Q/R", &["store", "find", "move"], true),
            ("storage commitment + MWL", &["storage-commitment", "worklist"], true),
            ("Storage-Commitment/query-retrieve", &["storage-commitment", "find", "move"], true),
            ("store, teleport", &["store"], false),
            ("store, no query", &[], false),
            ("Storage SCP", &[], false),
        ];
        for (text, services, is_clear) in cases {
            assert_eq!(super::services(text), (services.to_vec(), is_clear), "{text}");
        }
    }

    #[test]
    fn names_services_that_there_are() {
        let names: Vec<_> = Service::NAMED.iter().filter_map(Service::name).collect();
        assert!(WORDS.iter().flat_map(|(_, services)| *services).all(|it| names.contains(it)));
    }
}
