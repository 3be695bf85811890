use super::*;
use crate::suggest::{judged, table};
use proptest::prelude::*;
use std::collections::HashSet;
use std::time::UNIX_EPOCH;

fn line(text: &str, class: &str) -> Line {
    let words = || Some(text.to_owned());
    let done = serde_json::json!([{
        "from": "requestor", "operation": "c-store", "sop_class": class, "status": "0000",
        "count": 1
    }]);
    Line {
        time: "2026-11-02T10:00:00Z".to_owned(),
        event: "closed".to_owned(),
        source: "10.1.2.3:104".to_owned(),
        calling: words(),
        called: words(),
        pacs: words(),
        certificate: Some(super::super::certificate::Shown {
            sha256: "ab".repeat(32),
            dns: vec![text.to_owned()],
            uris: vec![text.to_owned()],
            ca: vec![text.to_owned()],
            common_name: words(),
            not_after: text.to_owned(),
            ..Default::default()
        }),
        operations: serde_json::from_value(done).unwrap(),
        ..Line::default()
    }
}

proptest! {
    #[test]
    fn no_line_breaks_out_of_its_table(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}|\\]\n\\[peer.evil\\]|\"\\]?x = 1", class in "CTImageStorage|[0-9.]{1,20}|\\PC{0,9}") {
        let known = Known { peers: &[], pacs: &[] };
        let mut gathered = Gathered::between(UNIX_EPOCH, SystemTime::now());
        gathered.take(&line(&text, &class), &known);
        let mut plain = line(&text, &class);
        plain.certificate = None;
        gathered.take(&plain, &known);
        let owners = judged::Owners::of(&gathered.claims);
        for stranger in judged::strangers(&gathered, &known, &owners) {
            let peer = table::of(&stranger, &known, &owners, &mut HashSet::new());
            let text = peer.to_string();
            let read: toml::Table = text.parse().unwrap();
            prop_assert_eq!(read.len(), 1);
            prop_assert_eq!(read["peer"].as_table().unwrap().len(), 1);
            prop_assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{}", text);
        }
    }
}
