//! Every reader with anything.

use proptest::prelude::*;

use super::*;

const FORMATS: [Option<Format>; 6] = [
    None,
    Some(Format::Csv),
    Some(Format::Orthanc),
    Some(Format::Dcmqrscp),
    Some(Format::Dcm4chee),
    Some(Format::Conquest),
];

/// Reads it, and whatever comes out is TOML with the tables of the devices and nothing else.
fn is_contained(bytes: &[u8]) {
    for format in FORMATS {
        let (_, found) = read(bytes, format, &Known::default());
        let tables = tables(&found.devices, &Known::default(), None, "a\nb");
        let texts: Vec<String> = tables.iter().map(|table| table.peer.to_string()).collect();
        let read: toml::Table = texts.concat().parse().unwrap();
        assert!(read.keys().all(|key| key == "peer"));
        let peers = read.get("peer").and_then(|it| it.as_table()).map_or(0, |it| it.len());
        assert_eq!(peers, tables.len());
        let plain = |text: &str| !text.chars().any(|it| it.is_control() && it != '\n');
        assert!(texts.iter().all(|text| plain(text)));
        assert!(found.findings.iter().all(|it| plain(&it.message)));
        assert!(found.faults.iter().all(|it| plain(&it.problem.to_string())));
    }
}

proptest! {
    #[test]
    fn anything_is_contained(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        is_contained(&bytes);
    }

    #[test]
    fn hostile_values_are_contained(text in "\\PC{0,20}", other in "[\\x00-\\x7f]{0,20}") {
        for value in [&text, &other] {
            let quoted = serde_json::to_string(value).unwrap();
            is_contained(format!("title,host,services,note\n{value},{value},{value},{value}\n").as_bytes());
            is_contained(format!("title;note\nCT1;{quoted}\n").as_bytes());
            is_contained(format!("{{\"DicomModalities\": {{{quoted}: [\"A\", \"h\", 104, \
                {quoted}]}}}}").as_bytes());
            is_contained(format!("{{\"dicomDeviceName\": {quoted}, \"dicomNetworkAE\": \
                [{{\"dicomAETitle\": \"A\"}}]}}").as_bytes());
            is_contained(format!("HostTable BEGIN\n{value} = (A, h, 104)\nHostTable \
                END\nVendorTable BEGIN\n\"{value}\" = {value}\nVendorTable END\n").as_bytes());
            is_contained(format!("A h 104 {value}\n").as_bytes());
        }
    }
}

fn faults(file: &str) -> Vec<(usize, Problem)> {
    let (_, found) = read(file.as_bytes(), None, &Known::default());
    found.faults.into_iter().map(|fault| (fault.place.line, fault.problem)).collect()
}

#[test]
fn bounds_depth_and_devices() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(matches!(&*faults(&deep), [(1, Problem::Json(_))]));
    let many: String = (0..20_000).map(|number| format!("T{number},10.1.2.3\n")).collect();
    let many = faults(&format!("title,host\n{many}"));
    assert_eq!(many, [(10_002, Problem::ManyDevices)]);
    let mut groups = String::from("HostTable BEGIN\ng0 = (A, h, 104), (B, h, 104)\n");
    (1..200_000).for_each(|at| groups += &format!("g{at} = g{}, g{}\n", at - 1, at - 1));
    assert!(matches!(&*faults(&groups), [(_, Problem::Members(_)), ..]));
}
