//! What to do about an unsound data set, where its sender is known.

use pacsgate_core::data_set::DataSetError;
use pacsgate_core::direction::System;
use pacsgate_core::reason::Explained;

use super::event::Event;

/// How an advice speaks of the sender's table where it does not know which one that is.
const TABLES: [&str; 3] =
    ["its [peer] or [pacs] table", "its [peer] table", "the device's [peer] table"];

/// The advice of a rule for this sender and its table.
pub(super) fn of(error: DataSetError, from: System, table: &str, event: Event) -> String {
    let sender = match from {
        System::Peer => "the device",
        System::Pacs => "the PACS",
    };
    let mut advice = error.advice().unwrap_or_default().replace("the sender", sender);
    for generic in TABLES {
        advice = advice.replace(generic, table);
    }
    if let Some(deviation) = error.deviation() {
        advice = advice.replace("this deviation", &format!("`\"{}\"`", deviation.code()));
    }
    if event != Event::Reported {
        return advice;
    }
    // What lets it pass is set already.
    let rest = advice.split_once(" `guard").map_or(&*advice, |(before, _)| before);
    format!("Passed, because `guard = \"report\"` is set in {table}. {rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_sender_its_table_and_the_deviation_and_never_the_other_side() {
        for &error in DataSetError::ALL {
            let advice = of(error, System::Peer, "[peer.ct1]", Event::Unsound);
            let generic = ["the sender", "[peer]", "[pacs]", "this deviation"];
            assert!(!generic.iter().any(|it| advice.contains(it)), "{advice}");
            let is_named = advice.contains("`tolerate` of [peer.ct1]");
            assert_eq!(is_named, advice.contains("add `\""), "{advice}");
            let advice = of(error, System::Pacs, "[pacs.archive]", Event::Unsound);
            let only_of_requestors = error.advice().unwrap().contains("[peer] table");
            assert!(only_of_requestors || !advice.contains("device"), "{advice}");
        }
    }

    #[test]
    fn does_not_advise_what_is_set() {
        for &error in DataSetError::ALL {
            let advice = of(error, System::Peer, "[peer.ct1]", Event::Reported);
            assert_eq!(advice.matches("guard").count(), 1, "{advice}");
            assert!(
                advice.starts_with("Passed, because `guard = \"report\"` is set in [peer.ct1].")
            );
        }
    }
}
