//! Identifiers and path characters.

use pacsgate_core::data_set::{
    DataSetError as E, Deviation, Deviations, PATH_ELEMENTS, PathElement, Purpose,
};
use pacsgate_core::transfer_syntax::Walk;
use pacsgate_core::wire::uid::InstanceUid;

use crate::build::*;

fn with(walk: Walk, place: usize, instead: Bytes) -> Bytes {
    let mut all = identifiers(walk);
    all[place] = instead;
    all.concat()
}

#[test]
fn passes_an_object_with_the_identifiers_of_its_command() {
    for walk in EVERY_WALK {
        assert!(judge(walk, &object(), STRICT, &identifiers(walk).concat()).is_ok());
    }
}

#[test]
fn refuses_a_missing_identifier() {
    for walk in EVERY_WALK {
        for (place, tag) in [0x0008_0016, 0x0008_0018, 0x0020_000d, 0x0020_000e].iter().enumerate()
        {
            let bytes = with(walk, place, Vec::new());
            assert_eq!(judge(walk, &object(), STRICT, &bytes), Err(E::Missing(t(*tag))));
            let met = judge(walk, &object(), acceptor(), &bytes).unwrap();
            assert_eq!(times(&met, Deviation::Identifier), 1);
        }
    }
}

#[test]
fn an_identifier_that_comes_twice_is_not_missing() {
    for walk in EVERY_WALK {
        let twice = identifiers(walk).map(|element| element.repeat(2)).concat();
        let met = judge(walk, &object(), acceptor(), &twice).unwrap();
        assert_eq!(times(&met, Deviation::Duplicate), 4);
        assert_eq!(times(&met, Deviation::Identifier), 0);
    }
}

#[test]
fn demands_no_study_of_what_belongs_to_none() {
    let walk = Walk::ExplicitLittle;
    let class = "1.2.840.10008.5.1.4.38.1";
    let bytes = [element(walk, 0x0008_0016, "UI", &uid(class)), identifiers(walk)[1].clone()];
    assert!(judge(walk, &object_of(class), STRICT, &bytes.concat()).is_ok());
}

#[test]
fn refuses_identifiers_other_than_the_commands() {
    for walk in EVERY_WALK {
        for (place, tag) in [(0, 0x0008_0016), (1, 0x0008_0018)] {
            let bytes = with(walk, place, element(walk, tag, "UI", &uid("1.2.9")));
            assert_eq!(judge(walk, &object(), STRICT, &bytes), Err(E::Mismatch(t(tag))));
            assert!(judge(walk, &object(), acceptor(), &bytes).is_ok());
        }
    }
}

#[test]
fn refuses_what_is_not_exactly_one_uid() {
    for walk in EVERY_WALK {
        for value in ["", "1.2\\1.3 ", "../x", "ab/d", "..", "1.2*", "C:12", "1 2 "] {
            let bytes = with(walk, 2, element(walk, 0x0020_000d, "UI", value.as_bytes()));
            assert_eq!(judge(walk, &object(), STRICT, &bytes), Err(E::Identifier(t(0x0020_000d))));
        }
    }
}

#[test]
fn passes_and_counts_identifiers_with_letters_or_a_dot_too_many() {
    for walk in EVERY_WALK {
        for value in ["abcd", "1..2", ".1.2", "1.2.", "LOCALIZER1.2.3", "1_-2"] {
            let bytes = with(walk, 2, element(walk, 0x0020_000d, "UI", &uid(value)));
            let met = judge(walk, &object(), STRICT, &bytes).unwrap();
            assert_eq!(times(&met, Deviation::UidCharacters), 1, "{value}");
        }
    }
}

#[test]
fn an_instance_with_letters_is_the_commands_or_it_is_none() {
    let purpose = Purpose::Object {
        sop_class: CT_IMAGE.parse().unwrap(),
        sop_instance: InstanceUid::parse(b"LOC1.2.").unwrap(),
    };
    for walk in EVERY_WALK {
        let named = |value| with(walk, 1, element(walk, 0x0008_0018, "UI", &uid(value)));
        assert!(judge(walk, &purpose, STRICT, &named("LOC1.2.")).is_ok());
        for other in ["LOC1.2", "loc1.2.", "1.2"] {
            let verdict = judge(walk, &purpose, STRICT, &named(other));
            assert_eq!(verdict, Err(E::Mismatch(t(0x0008_0018))), "{other}");
        }
    }
}

#[test]
fn refuses_identifiers_of_another_vr() {
    for walk in EXPLICIT {
        for vr in ["UN", "LO", "SQ"] {
            let bytes = with(walk, 2, element(walk, 0x0020_000d, vr, b"1.2.3 "));
            let verdict = judge(walk, &object(), STRICT, &bytes);
            assert_eq!(verdict, Err(E::IdentifierVr(t(0x0020_000d))));
        }
    }
}

#[test]
fn takes_copies_inside_items_for_no_identifiers() {
    for walk in EVERY_WALK {
        let copy = element(walk, 0x0008_0018, "UI", b"9.9.9\0");
        let referenced = sequence(walk, SEQUENCE, &item(walk, &copy));
        let [class, instance, study, series] = identifiers(walk);
        let bytes = [class, instance, referenced, study.clone(), series.clone()].concat();
        assert!(judge(walk, &object(), STRICT, &bytes).is_ok());
        let hidden = [identifiers(walk)[0].clone(), sequence(walk, SEQUENCE, &item(walk, &copy))];
        let bytes = [hidden.concat(), study, series].concat();
        assert_eq!(judge(walk, &object(), STRICT, &bytes), Err(E::Missing(t(0x0008_0018))));
    }
}

#[test]
fn passes_lists_and_patterns_in_queries() {
    for walk in EVERY_WALK {
        let list = "1.2.3\\".repeat(5000);
        for value in ["", "1.2\\1.3\0", "1.2*", "?.2\\*.3 ", "1.*\\1.2 ", &list] {
            let bytes = element(walk, 0x0020_000d, "UI", value.as_bytes());
            assert!(judge(walk, &Purpose::Query, STRICT, &bytes).is_ok(), "{value:.16}");
        }
    }
}

#[test]
fn refuses_uids_of_queries_that_lead_elsewhere_and_counts_other_characters() {
    for walk in EVERY_WALK {
        let verdict = |purpose, value: &str| {
            judge(walk, purpose, STRICT, &element(walk, 0x0020_000d, "UI", &uid(value)))
        };
        for purpose in [&Purpose::Query, &Purpose::Attributes] {
            for value in
                ["../1", "1/2", "1.2\n", "..", "1.2\\..", ".1", ".", "C:x", "1\\c:", "LOC1\\../x"]
            {
                let expected = Err(E::UidCharacters(t(0x0020_000d)));
                assert_eq!(verdict(purpose, value), expected, "{value}");
            }
            for value in [
                "LOCALIZER1.2.3",
                "a1",
                "1..2",
                "*..",
                "1.2\0\\3",
                "1 2",
                "12:3",
                "1a:2",
                "1.2.\\3",
            ] {
                let met = verdict(purpose, value).unwrap();
                assert_eq!(times(&met, Deviation::UidCharacters), 1, "{value}");
            }
            // Twice as strange is not sound.
            for value in ["1..2..3", "1.\\2.\\3", "ab1"] {
                let met = verdict(purpose, value).unwrap();
                assert_eq!(times(&met, Deviation::UidCharacters), 1, "{value}");
            }
            for value in ["1.2\\1.3", "1.2*", "?.2\\*.3", ""] {
                assert_eq!(verdict(purpose, value), Ok(Deviations::default()), "{value}");
            }
        }
    }
}

#[test]
fn refuses_paths_of_the_requestor_that_lead_elsewhere_and_counts_those_of_the_pacs() {
    for walk in EVERY_WALK {
        for PathElement { tag, .. } in PATH_ELEMENTS {
            let number = u32::from(tag.group()) << 16 | u32::from(tag.element());
            for value in [&b"../../etc/x "[..], b"/77 ", b"A:77", b"..", b"A\0 B"] {
                let bytes = element(walk, number, "LO", value);
                let verdict = |rules| judge(walk, &Purpose::Query, rules, &bytes);
                assert_eq!(verdict(STRICT), Err(E::Path(tag)));
                for rules in [acceptor(), tolerating(Deviation::Path)] {
                    assert_eq!(times(&verdict(rules).unwrap(), Deviation::Path), 1);
                }
            }
        }
    }
}

#[test]
fn passes_and_counts_control_characters() {
    for walk in EVERY_WALK {
        for PathElement { tag, .. } in PATH_ELEMENTS {
            let number = u32::from(tag.group()) << 16 | u32::from(tag.element());
            let bytes = element(walk, number, "LO", b"DOE^\tJOHN\r\n ");
            let met = judge(walk, &Purpose::Query, STRICT, &bytes).unwrap();
            assert_eq!(times(&met, Deviation::ControlCharacters), 1);
        }
    }
}

#[test]
fn refuses_a_referenced_file_that_leads_elsewhere_at_any_depth() {
    for walk in EVERY_WALK {
        let file = element(walk, 0x0004_1500, "CS", b"..\\..\\X ");
        let bytes = sequence(walk, 0x0004_1220, &item(walk, &file));
        assert_eq!(judge_attributes(walk, &bytes), Err(E::Path(t(0x0004_1500))));
    }
}

#[test]
fn no_uid_of_the_pacs_is_refused() {
    for walk in EVERY_WALK {
        let met = |value: &str| {
            let bytes = element(walk, 0x0020_000d, "UI", &uid(value));
            let met = judge(walk, &Purpose::Query, acceptor(), &bytes).unwrap();
            (times(&met, Deviation::Identifier), times(&met, Deviation::UidCharacters))
        };
        for value in ["..", "1.2\\..", "1/2", "1.2\n", "/etc/passwd"] {
            assert_eq!(met(value), (1, 0), "{value}");
        }
        for value in ["1..2", "a1"] {
            assert_eq!(met(value), (0, 1), "{value}");
        }
        for value in ["1.2.", "1.2.*\\*\\1.?.3", "", "1.2\\\\3"] {
            assert_eq!(met(value), (0, 0), "{value}");
        }
    }
}

/// Python has codecs by other names, in which letters mean dots and slashes.
#[test]
fn refuses_character_sets_that_the_standard_does_not_have() {
    let judge_set = |walk, rules, name: &str| {
        let vr = if name.len().is_multiple_of(4) { "CS" } else { "UN" };
        let mut value = name.as_bytes().to_vec();
        value.resize(value.len().next_multiple_of(2), b' ');
        judge(walk, &Purpose::Query, rules, &element(walk, 0x0008_0005, vr, &value))
    };
    for walk in EVERY_WALK {
        for name in
            ["UTF-7 ", "utf7", "CP037 ", "HZ", "cp500\\ISO 2022 IR 87 ", "ISO_IR 100\\utf_16"]
        {
            let expected = Err(E::CharacterSet(t(0x0008_0005)));
            assert_eq!(judge_set(walk, STRICT, name), expected, "{name}");
            for rules in [acceptor(), tolerating(Deviation::CharacterSet)] {
                let met = judge_set(walk, rules, name).unwrap();
                assert_eq!(times(&met, Deviation::CharacterSet), 1);
            }
        }
        for name in [
            "",
            "  ",
            "ISO_IR 100",
            "ISO-IR 192",
            "\\ISO 2022 IR 87",
            "GB18030 ",
            "GBK\0",
            "utf8",
            "ISO 2022 IR 6\\IS",
        ] {
            assert!(judge_set(walk, STRICT, name).is_ok(), "{name}");
        }
    }
}

#[test]
fn of_another_vr_the_pacs_may_send_anything() {
    for walk in EXPLICIT {
        let judged = |bytes: &[u8]| judge(walk, &Purpose::Query, acceptor(), bytes);
        let unknown = |value| element(walk, 0x0020_000d, "UN", value);
        assert_eq!(times(&judged(&unknown(b"1.2\0")).unwrap(), Deviation::Identifier), 1);
        assert_eq!(times(&judged(&unknown(b"../x1.")).unwrap(), Deviation::Identifier), 2);
        let open = |value| {
            let inside = item(walk, &element(walk, 0x0004_1500, "CS", value));
            sequence(walk, 0x0010_0020, &inside)
        };
        assert_eq!(times(&judged(&open(b"DIR\\FILE")).unwrap(), Deviation::Identifier), 1);
        assert_eq!(times(&judged(&open(b"..\\FILES")).unwrap(), Deviation::Path), 1);
    }
}

#[test]
fn refuses_overlong_parts_of_paths() {
    for walk in EVERY_WALK {
        let bytes = element(walk, 0x0010_0020, "LO", &[b'x'; 1026]);
        assert_eq!(judge_attributes(walk, &bytes), Err(E::TooLong(t(0x0010_0020))));
        let met = judge(walk, &Purpose::Attributes, acceptor(), &bytes).unwrap();
        assert_eq!(times(&met, Deviation::Path), 1);
        let longest = element(walk, 0x0010_0020, "LO", &[b'x'; 1024]);
        assert_eq!(judge_attributes(walk, &longest), Ok(Deviations::default()));
    }
}
