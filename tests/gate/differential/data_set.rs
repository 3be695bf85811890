//! A data set on its way, what the gate says of it, and the file that a reader gets.

use pacsgate_core::data_set::{DataSetError, Deviation, Purpose, Rules, Tolerated, Walker};
use pacsgate_core::transfer_syntax::{TransferSyntax, Walk};
use pacsgate_core::wire::uid::InstanceUid;
use std::collections::BTreeMap;

pub(super) const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
pub(super) const INSTANCE: &str = "1.2.3.4";

/// An object of a C-STORE: what comes behind the command, and what the command says.
#[derive(Clone, Debug)]
pub(super) struct DataSet {
    /// Where it comes from, for a person who looks into a failure.
    pub(super) name: String,
    pub(super) syntax: TransferSyntax,
    pub(super) sop_class: String,
    pub(super) sop_instance: String,
    pub(super) bytes: Vec<u8>,
}

impl DataSet {
    /// A CT image in the plainest transfer syntax of this kind.
    pub(super) fn new(name: String, walk: Walk, bytes: Vec<u8>) -> Self {
        let uid = match walk {
            Walk::ImplicitLittle => "1.2.840.10008.1.2",
            Walk::ExplicitLittle => "1.2.840.10008.1.2.1",
            Walk::ExplicitBig => "1.2.840.10008.1.2.2",
            Walk::Encapsulated => "1.2.840.10008.1.2.4.50",
        };
        Self {
            name,
            syntax: TransferSyntax::find(&uid.parse().unwrap()).unwrap(),
            sop_class: CT_IMAGE.into(),
            sop_instance: INSTANCE.into(),
            bytes,
        }
    }

    /// The gate's verdict on a requestor who has no leave to deviate.
    pub(super) fn judge(&self) -> Result<(), DataSetError> {
        self.judge_tolerating([])
    }

    /// The verdict on a requestor who may deviate so.
    pub(super) fn judge_tolerating<const N: usize>(
        &self,
        deviations: [Deviation; N],
    ) -> Result<(), DataSetError> {
        let tolerated: Tolerated = deviations.into_iter().collect();
        let purpose = Purpose::Object {
            sop_class: self.sop_class.parse().unwrap(),
            sop_instance: InstanceUid::parse(self.sop_instance.as_bytes()).unwrap(),
        };
        let mut walker = Walker::new(
            self.syntax.walk(),
            purpose,
            Rules { tolerated, ..Rules::strict(pacsgate_core::direction::System::Peer) },
        );
        walker.feed(&self.bytes)?;
        walker.finish()
    }

    /// The identifiers that the command names.
    pub(super) fn named(&self) -> BTreeMap<String, String> {
        let named = [("00080016", &self.sop_class), ("00080018", &self.sop_instance)];
        named.map(|(tag, uid)| (tag.to_owned(), uid.clone())).into()
    }

    /// A file with it (PS3.10 section 7.1).
    pub(super) fn part_10(&self) -> Vec<u8> {
        let meta = [
            uid_element(0x02, &self.sop_class),
            uid_element(0x03, &self.sop_instance),
            uid_element(0x10, self.syntax.uid()),
        ]
        .concat();
        let length = u32::try_from(meta.len()).unwrap().to_le_bytes();
        let head: [&[u8]; 4] = [&[0; 128], b"DICM", b"\x02\0\0\0UL\x04\0", &length];
        [&head.concat(), meta.as_slice(), &self.bytes].concat()
    }

    /// Its bytes for a report.
    pub(super) fn hex(&self) -> String {
        let bytes: String = self.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{:?} {bytes}", self.syntax)
    }
}

fn uid_element(element: u8, uid: &str) -> Vec<u8> {
    let value = if uid.len().is_multiple_of(2) { uid.to_owned() } else { format!("{uid}\0") };
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    [&[2, 0, element, 0, b'U', b'I'], length.as_slice(), value.as_bytes()].concat()
}
