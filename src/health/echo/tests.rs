//! What a PACS may answer to a C-ECHO.

use proptest::prelude::*;
use tokio::io::duplex;

use super::*;

fn accepted(results: &[(u8, u8, &str)]) -> ReceivedAc {
    let mut items = Vec::new();
    for (id, result, syntax) in results {
        let length = u16::try_from(syntax.len()).unwrap();
        let inner = [&[0x40, 0], &length.to_be_bytes()[..], syntax.as_bytes()].concat();
        let length = u16::try_from(inner.len() + 4).unwrap().to_be_bytes();
        items.extend([&[0x21, 0], &length[..], &[*id, 0, *result, 0], &inner].concat());
    }
    let fixed = [&[0, 1, 0, 0][..], &[b' '; 32], &[0; 32]].concat();
    ReceivedAc::parse(&[fixed, items].concat()).unwrap()
}

fn usual() -> ReceivedAc {
    accepted(&[(CONTEXT, 0, IMPLICIT_VR_LITTLE_ENDIAN)])
}

/// A response to the question, which has its elements and two more.
fn response(responds_to: u16, status: u16) -> Vec<u8> {
    let mut set = question().split_off(Header::LEN + 6);
    // The length of the group; command field and message id, of which that of a response has another number.
    let at = |set: &[u8], element: u16| {
        let tag = [&[0, 0], &element.to_le_bytes()[..]].concat();
        set.windows(4).position(|it| it == tag).unwrap()
    };
    let field = at(&set, 0x0100);
    set[field + 8..field + 10].copy_from_slice(&0x8030_u16.to_le_bytes());
    let id = at(&set, 0x0110);
    set[id..id + 4].copy_from_slice(&[0, 0, 0x20, 0x01]);
    set[id + 8..id + 10].copy_from_slice(&responds_to.to_le_bytes());
    set.extend([0, 0, 0, 0x09, 2, 0, 0, 0]);
    set.extend(status.to_le_bytes());
    let length = u32::try_from(set.len() - 12).unwrap();
    set[8..12].copy_from_slice(&length.to_le_bytes());
    let length = u32::try_from(set.len() + 2).unwrap().to_be_bytes();
    let value = [&length[..], &[CONTEXT, LAST_OF_COMMAND], &set].concat();
    let length = u32::try_from(value.len()).unwrap();
    [&Header { kind: PduType::Data, length }.encode()[..], &value].concat()
}

/// What comes of it where the PACS sends these bytes, cut into pieces, and then ends the connection.
fn heard(bytes: &[u8], piece: usize) -> Result<(), Echoed> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (mut ours, mut theirs) = duplex(1024);
        let sending = async move {
            for piece in bytes.chunks(piece) {
                if theirs.write_all(piece).await.is_err() {
                    break;
                }
            }
            let _ = theirs.shutdown().await;
            let mut asked = Vec::new();
            let _ = theirs.read_to_end(&mut asked).await;
            asked
        };
        let exchange = async move { Echo::new(&usual()).unwrap().exchange(&mut ours).await };
        let (outcome, asked) = tokio::join!(exchange, sending);
        assert_eq!(asked, question());
        outcome
    })
}

#[test]
fn takes_a_response_however_it_is_cut() {
    for piece in [1, 7, 4096] {
        assert_eq!(heard(&response(1, 0), piece), Ok(()));
        assert_eq!(heard(&response(1, 0x0122), piece), Err(Echoed::Status(0x0122)));
    }
}

#[test]
fn takes_nothing_else_for_one() {
    assert_eq!(heard(&[], 1), Err(Echoed::Closed));
    assert_eq!(heard(&response(1, 0)[..40], 40), Err(Echoed::Closed));
    assert!(matches!(heard(&response(2, 0), 4096), Err(Echoed::Faulty(_))));
    assert_eq!(heard(&question(), 4096), Err(Echoed::Other));
    assert_eq!(heard(&RELEASE_RQ, 10), Err(Echoed::Other));
    assert!(matches!(heard(&Abort::NO_REASON.encode(), 10), Err(Echoed::Aborted(_))));
}

#[test]
fn takes_a_context_only_as_it_was_proposed() {
    let is_taken = |results: &[(u8, u8, &str)]| Echo::new(&accepted(results)).is_some();
    let other = "1.2.840.10008.1.2.1";
    assert!(is_taken(&[(1, 0, IMPLICIT_VR_LITTLE_ENDIAN)]));
    assert!(!is_taken(&[]));
    assert!(!is_taken(&[(1, 0, other)]));
    assert!(!is_taken(&[(1, 3, IMPLICIT_VR_LITTLE_ENDIAN)]));
    assert!(!is_taken(&[(3, 0, IMPLICIT_VR_LITTLE_ENDIAN)]));
    assert!(!is_taken(&[(1, 0, IMPLICIT_VR_LITTLE_ENDIAN), (1, 3, IMPLICIT_VR_LITTLE_ENDIAN)]));
}

proptest! {
    #[test]
    fn no_bytes_of_a_pacs_are_more_than_an_answer(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        changed in 0..68_usize,
        to in any::<u8>(),
    ) {
        prop_assert!(heard(&bytes, 64).is_err());
        let mut answer = response(1, 0);
        answer[changed] = to;
        // Whatever it says, it is read to its end.
        let _ = heard(&answer, 16);
    }
}
