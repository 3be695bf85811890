//! What keeps an association alive, and what does not.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// A command on the context of queries: this field and message id, with a data set or without, and
/// more numbers.
fn command(numbers: &[(u16, u16)], data_set: bool) -> Vec<u8> {
    let mut set = vec![0, 0, 2, 0, 28, 0, 0, 0];
    set.extend_from_slice(b"1.2.840.10008.5.1.4.1.2.2.1\0");
    let flag = (0x0800, if data_set { 1 } else { 0x0101 });
    let mut numbers = [numbers, &[flag]].concat();
    numbers.sort_unstable();
    for (element, value) in numbers {
        set.extend_from_slice(&[0, 0]);
        set.extend_from_slice(&element.to_le_bytes());
        set.extend_from_slice(&[2, 0, 0, 0]);
        set.extend_from_slice(&value.to_le_bytes());
    }
    let length = u32::try_from(set.len()).unwrap().to_le_bytes();
    p_data(3, 3, &[&[0, 0, 0, 0, 4, 0, 0, 0][..], &length, &set].concat())
}

pub(super) fn p_data(context: u8, control: u8, data: &[u8]) -> Vec<u8> {
    let length = |more: usize| u32::try_from(data.len() + more).unwrap().to_be_bytes();
    [&[4, 0][..], &length(6), &length(2), &[context, control], data].concat()
}

pub(super) fn find() -> Vec<u8> {
    let asked = command(&[(0x0100, 0x20), (0x0110, 1), (0x0700, 0)], true);
    [asked, p_data(3, 2, &[0; 8])].concat()
}

/// A response, with a comment of this length, to which more will follow.
pub(super) fn result(length: u32) -> Vec<u8> {
    let response = command(&[(0x0100, 0x8020), (0x0120, 1), (0x0900, 0xff00)], true);
    let comment = vec![b' '; length as usize];
    let identifier = [&[0x10, 0, 0, 0x40][..], &length.to_le_bytes(), &comment].concat();
    [response, p_data(3, 2, &identifier)].concat()
}

fn found() -> Vec<u8> {
    command(&[(0x0100, 0x8020), (0x0120, 1), (0x0900, 0)], false)
}

/// A C-CANCEL. Its class is surplus, and left out on the way.
fn cancel() -> Vec<u8> {
    command(&[(0x0100, 0x0fff), (0x0120, 1)], false)
}

/// A query on the context of objects, which the gate answers.
pub(super) fn refused() -> Vec<u8> {
    let mut asked = command(&[(0x0100, 0x20), (0x0110, 1), (0x0700, 0)], true);
    asked[10] = 1;
    [asked, p_data(1, 2, &[0; 8])].concat()
}

/// Says it again and again, and forgets what is heard, until the association ends.
async fn ending_of(ends: Ends, from: Side, piece: Vec<u8>, pause: Duration) -> (Ending, Duration) {
    let began = Instant::now();
    let (saying, other) = match from {
        Side::Requestor => (ends.requestor, ends.pacs),
        Side::Acceptor => (ends.pacs, ends.requestor),
    };
    let deaf = |stream: DuplexStream| async move {
        let (mut reader, writer) = tokio::io::split(stream);
        tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
        writer
    };
    let (mut saying, _other) = (deaf(saying).await, deaf(other).await);
    tokio::spawn(async move {
        while saying.write_all(&piece).await.is_ok() {
            tokio::time::sleep(pause).await;
        }
    });
    (ends.relay.await.unwrap().ending, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn tiny_fragments_are_as_idle_as_silence() {
    let mut ends = start(Deadlines { idle: Duration::from_secs(2), ..deadlines() }, 4096);
    ends.requestor.write_all(STORE).await.unwrap();
    let second = Duration::from_secs(1);
    let (ending, after) = ending_of(ends, Side::Requestor, p_data(1, 0, &[7; 2]), second).await;
    assert_eq!(ending, Over::Idle.into());
    assert!(after <= Duration::from_secs(3), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_too_slow_ends_with_the_time_of_an_operation() {
    for from in [Side::Requestor, Side::Acceptor] {
        let mut ends = start(deadlines(), 4096);
        match from {
            Side::Requestor => ends.requestor.write_all(STORE).await.unwrap(),
            Side::Acceptor => {
                ends.requestor.write_all(&find()).await.unwrap();
                read(&mut ends.pacs, find().len()).await;
                ends.pacs.write_all(&result(0)[..result(0).len() - 20]).await.unwrap();
            }
        }
        let context = if from == Side::Requestor { 1 } else { 3 };
        let second = Duration::from_secs(1);
        // More than 1 KiB in `idle`.
        let piece = p_data(context, 0, &[0; 20]);
        let (ending, after) = ending_of(ends, from, piece, second).await;
        assert_eq!(ending, Loss::Message.by(from).into());
        assert!((deadlines().operation..deadlines().operation + MINUTE).contains(&after));
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_message_at_an_honest_rate_passes_however_long_it_takes() {
    let mut ends = start(Deadlines { operation: 2 * MINUTE, ..deadlines() }, 64 * 1024);
    ends.requestor.write_all(STORE).await.unwrap();
    let (mut reader, mut pacs) = tokio::io::split(ends.pacs);
    tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    let began = Instant::now();
    while began.elapsed() < 2 * HOUR {
        ends.requestor.write_all(&p_data(1, 0, &[7; 2048])).await.unwrap();
        tokio::time::sleep(Duration::from_secs(9)).await;
    }
    ends.requestor.write_all(LAST).await.unwrap();
    tokio::time::sleep(MINUTE).await;
    pacs.write_all(RESPONSE).await.unwrap();
    assert_eq!(read(&mut ends.requestor, RESPONSE.len()).await, RESPONSE);
    ends.requestor.write_all(&RELEASE_RQ).await.unwrap();
    pacs.write_all(&RELEASE_RP).await.unwrap();
    assert_eq!(ends.relay.await.unwrap().ending, Over::Released.into());
}

#[tokio::test(start_paused = true)]
async fn pauses_inside_a_message_are_as_long_as_idle_allows() {
    let mut ends = start(deadlines(), 64 * 1024);
    ends.requestor.write_all(STORE).await.unwrap();
    for _ in 0..10 {
        tokio::time::sleep(deadlines().idle - MINUTE).await;
        ends.requestor.write_all(&p_data(1, 0, &[7; 2048])).await.unwrap();
    }
    tokio::time::sleep(deadlines().idle - MINUTE).await;
    ends.requestor.write_all(LAST).await.unwrap();
    read(&mut ends.pacs, STORE.len()).await;
    assert!(!ends.relay.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_is_not_a_slow_one() {
    let mut ends = start(deadlines(), 64 * 1024);
    let long = p_data(1, 0, &[7; 8192]);
    let two = [STORE, LAST, STORE, &long].concat();
    ends.requestor.write_all(&two).await.unwrap();
    read(&mut ends.pacs, STORE.len() + LAST.len()).await;
    tokio::time::sleep(deadlines().operation - MINUTE).await;
    ends.pacs.write_all(RESPONSE).await.unwrap();
    assert_eq!(read(&mut ends.requestor, RESPONSE.len()).await, RESPONSE);
    // From now on it has its own time.
    tokio::time::sleep(deadlines().idle - MINUTE).await;
    ends.requestor.write_all(LAST).await.unwrap();
    let second = STORE.len() + long.len() + LAST.len();
    assert_eq!(read(&mut ends.pacs, second).await, [STORE, &long, LAST].concat());
    ends.pacs.write_all(RESPONSE).await.unwrap();
    assert_eq!(read(&mut ends.requestor, RESPONSE.len()).await, RESPONSE);
}

#[tokio::test(start_paused = true)]
async fn a_cancel_of_nothing_keeps_nothing_alive() {
    let pause = deadlines().idle - MINUTE;
    let (ending, after) =
        ending_of(start(deadlines(), 4096), Side::Requestor, cancel(), pause).await;
    assert_eq!(ending, Over::Idle.into());
    assert!((deadlines().idle..deadlines().idle + MINUTE).contains(&after), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_keeps_an_association_alive_for_a_while() {
    let deadlines = Deadlines { operation: HOUR, ..deadlines() };
    let pause = deadlines.idle - MINUTE;
    let (ending, after) =
        ending_of(start(deadlines, 4096), Side::Requestor, refused(), pause).await;
    assert_eq!(ending, Over::Idle.into());
    assert!((HOUR..HOUR + deadlines.idle).contains(&after), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_query_lives_by_its_responses() {
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(&find()).await.unwrap();
    read(&mut ends.pacs, find().len()).await;
    for _ in 0..10 {
        tokio::time::sleep(deadlines().operation - MINUTE).await;
        ends.pacs.write_all(&result(0)).await.unwrap();
        read(&mut ends.requestor, result(0).len()).await;
    }
    ends.pacs.write_all(&found()).await.unwrap();
    assert_eq!(read(&mut ends.requestor, found().len()).await, found());
    ends.requestor.write_all(&RELEASE_RQ).await.unwrap();
    ends.pacs.write_all(&RELEASE_RP).await.unwrap();
    assert_eq!(ends.relay.await.unwrap().ending, Over::Released.into());
}

#[tokio::test(start_paused = true)]
async fn a_query_does_not_live_by_its_cancels() {
    for pause in [MINUTE, deadlines().operation - MINUTE] {
        let mut ends = start(deadlines(), 4096);
        ends.requestor.write_all(&find()).await.unwrap();
        read(&mut ends.pacs, find().len()).await;
        let (ending, after) = ending_of(ends, Side::Requestor, cancel(), pause).await;
        assert_eq!(ending, Over::Operation.into());
        assert!((deadlines().operation..deadlines().operation + MINUTE).contains(&after));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancel_in_two_pieces_does_not_end_a_query_that_has_waited() {
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(&find()).await.unwrap();
    read(&mut ends.pacs, find().len()).await;
    tokio::time::sleep(2 * deadlines().idle).await;
    let (head, tail) = (&cancel()[..30], &cancel()[30..]);
    ends.requestor.write_all(head).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    ends.requestor.write_all(tail).await.unwrap();
    let asked = read(&mut ends.pacs, 12).await;
    assert_eq!(asked[10..], [3, 3]);
    ends.pacs.write_all(&found()).await.unwrap();
    assert_eq!(read(&mut ends.requestor, found().len()).await, found());
}

#[tokio::test(start_paused = true)]
async fn what_drips_in_while_an_operation_waits_does_not_prolong_it() {
    let mut ends = start(deadlines(), 4096);
    ends.requestor.write_all(&find()).await.unwrap();
    read(&mut ends.pacs, find().len()).await;
    // A command that never ends, in fragments that are never idle.
    let (ending, after) =
        ending_of(ends, Side::Requestor, p_data(3, 1, &[0; 2]), Duration::from_secs(1)).await;
    assert_eq!(ending, Over::Idle.into());
    assert!(after <= deadlines().idle + MINUTE, "{after:?}");
}
