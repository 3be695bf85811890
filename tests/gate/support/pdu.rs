//! PDUs as they go over the wire (PS3.8 section 9.3), read and built without any judgement.

use std::io::{self, Read};

/// A PDU: its type and what follows its six header bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pdu {
    pub(crate) kind: u8,
    pub(crate) body: Vec<u8>,
}

/// One PDV of a P-DATA-TF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pdv {
    pub(crate) context: u8,
    pub(crate) control: u8,
    pub(crate) data: Vec<u8>,
}

pub(crate) const ASSOCIATE_RQ: u8 = 1;
pub(crate) const ASSOCIATE_AC: u8 = 2;
pub(crate) const ASSOCIATE_RJ: u8 = 3;
pub(crate) const P_DATA: u8 = 4;
pub(crate) const RELEASE_RQ: u8 = 5;
pub(crate) const RELEASE_RP: u8 = 6;
pub(crate) const ABORT: u8 = 7;

/// The control byte of a PDV: a part of a command, and not its last one.
pub(crate) const COMMAND: u8 = 1;
/// The control byte of a PDV: the last part of a command or, without [`COMMAND`], of a data set.
pub(crate) const LAST: u8 = 2;
/// The control byte of a PDV: a part of a data set, and not its last one.
pub(crate) const DATA: u8 = 0;

impl Pdu {
    /// Reads one PDU; a clean end of the stream before its first byte is `UnexpectedEof`, too.
    pub(crate) fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut header = [0; 6];
        from.read_exact(&mut header)?;
        let length = u32::from_be_bytes([header[2], header[3], header[4], header[5]]);
        let mut body = Vec::new();
        from.take(u64::from(length)).read_to_end(&mut body)?;
        if body.len() < length.try_into().unwrap() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Self { kind: header[0], body })
    }

    /// The whole PDU.
    pub(crate) fn encode(&self) -> Vec<u8> {
        pdu(self.kind, &self.body)
    }

    /// The PDVs of a P-DATA-TF.
    pub(crate) fn pdvs(&self) -> Vec<Pdv> {
        assert_eq!(self.kind, P_DATA, "{self:?}");
        let mut rest = self.body.as_slice();
        let mut pdvs = Vec::new();
        while let Some((length, tail)) = rest.split_first_chunk() {
            let length = u32::from_be_bytes(*length).try_into().unwrap();
            let (pdv, tail) = tail.split_at(length);
            pdvs.push(Pdv { context: pdv[0], control: pdv[1], data: pdv[2..].to_vec() });
            rest = tail;
        }
        pdvs
    }
}

/// A PDU of this type with this body.
pub(crate) fn pdu(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    [&[kind, 0], length.to_be_bytes().as_slice(), body].concat()
}

/// The bytes of a PDV.
pub(crate) fn pdv(context: u8, control: u8, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len() + 2).unwrap();
    [length.to_be_bytes().as_slice(), &[context, control], data].concat()
}

/// A P-DATA-TF that holds one PDV.
pub(crate) fn p_data(context: u8, control: u8, data: &[u8]) -> Vec<u8> {
    pdu(P_DATA, &pdv(context, control, data))
}

/// A-RELEASE-RQ.
pub(crate) fn release_rq() -> Vec<u8> {
    pdu(RELEASE_RQ, &[0; 4])
}

/// A-RELEASE-RP.
pub(crate) fn release_rp() -> Vec<u8> {
    pdu(RELEASE_RP, &[0; 4])
}

/// A-ABORT.
pub(crate) fn abort(source: u8, reason: u8) -> Vec<u8> {
    pdu(ABORT, &[0, 0, source, reason])
}

/// A-ASSOCIATE-RJ.
pub(crate) fn reject(result: u8, source: u8, reason: u8) -> Vec<u8> {
    pdu(ASSOCIATE_RJ, &[0, result, source, reason])
}

/// What came behind the first PDU, the request.
pub(crate) fn behind_request(mut received: &[u8]) -> Vec<u8> {
    Pdu::read(&mut received).unwrap();
    received.to_vec()
}
