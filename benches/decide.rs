//! What a decision costs: parsing a request, finding its peer, judging a PDU, verifying a password.
//!
//! `cargo bench --bench decide`

#[path = "../core/benches/instructions/material.rs"]
mod material;

use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use pacsgate::identity::password::{Cost, Hash};
use pacsgate_core::data_set::Walker;
use pacsgate_core::inspector::{Inspector, Out};
use pacsgate_core::side::Side;
use pacsgate_core::transfer_syntax::Walk;
use pacsgate_core::wire::associate::ReceivedRq;

use material::{
    PDUS, RULES, body, certificate, contexts, ct_header, ct_image, identify, made, message, object,
    policy, received, request, response, small_message,
};

fn main() {
    divan::main();
}

/// A modality's request: `contexts` presentation contexts of two transfer syntaxes each.
#[divan::bench(args = [1, 12, 128])]
fn parse_request(bencher: Bencher<'_, '_>, contexts: u8) {
    let pdu = made(request(contexts, 0).encode());
    let body = body(&pdu);
    bencher.counter(BytesCount::of_slice(body)).bench(|| ReceivedRq::parse(black_box(body)));
}

/// Whoever shows a password pays this, right or wrong: made as `hash-password` makes them.
#[divan::bench]
fn hash_password(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Hash::new(Cost::USUAL, black_box(b"correct horse")).is_ok());
}

/// A certificate, an address and a request of 12 contexts, among this many peers.
#[divan::bench(args = [10, 1_000, 10_000])]
fn identify_among(bencher: Bencher<'_, '_>, peers: u32) {
    let policy = policy(peers);
    let number = peers / 2;
    let (certificate, request) = (certificate(number), received(12, number));
    made(identify(&policy, &certificate, &request));
    bencher.bench(|| identify(&policy, black_box(&certificate), black_box(&request)));
}

/// Counts what is allocated, and shows it beside the times.
#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

/// The header of a CT image: 200 elements, two sequences, no pixels yet.
#[divan::bench(args = [Walk::ImplicitLittle, Walk::ExplicitLittle])]
fn walk_ct_header(bencher: Bencher<'_, '_>, walk: Walk) {
    let header = ct_header(walk);
    bencher
        .counter(BytesCount::of_slice(&header))
        .with_inputs(|| Walker::new(walk, object(), RULES))
        .bench_local_refs(|walker| made(walker.feed(black_box(&header))));
}

/// The same with pixels behind it, of so many KiB.
#[divan::bench(args = [64, 1024, 16_384, 262_144])]
fn walk_ct_with_pixels(bencher: Bencher<'_, '_>, kib: usize) {
    let image = ct_image(kib * 1024);
    bencher.with_inputs(|| Walker::new(Walk::ExplicitLittle, object(), RULES)).bench_local_refs(
        |walker| {
            made(walker.feed(black_box(&image)));
            made(walker.finish());
        },
    );
}

/// C-STORE of an image of 4 KiB, and its response.
#[divan::bench]
fn inspect_small_object(bencher: Bencher<'_, '_>) {
    let (request, response, contexts) = (small_message(), response(), contexts());
    let mut out = Out::default();
    bencher.with_inputs(|| Inspector::new(contexts.clone())).bench_local_refs(|inspector| {
        out.to_acceptor.clear();
        out.to_requestor.clear();
        made(inspector.feed(Side::Requestor, black_box(&request), &mut out));
        made(inspector.feed(Side::Acceptor, black_box(&response), &mut out));
    });
}

/// The data PDUs behind the head of a message: nothing is allocated for them.
#[divan::bench]
fn inspect_data_pdus_behind_the_head(bencher: Bencher<'_, '_>) {
    let message = message();
    let contexts = contexts();
    let (head, rest) = message.split_at(message.len() / 2);
    // The last byte ends the message; what that costs is not a PDU's.
    let (rest, _) = rest.split_at(rest.len() - 1);
    let mut out = Out::default();
    out.to_acceptor.reserve(1 << 20);
    bencher
        .counter(ItemsCount::new(PDUS / 2))
        .with_inputs(|| {
            let (mut inspector, mut out) = (Inspector::new(contexts.clone()), Out::default());
            made(inspector.feed(Side::Requestor, head, &mut out));
            inspector
        })
        .bench_local_refs(|inspector| {
            for piece in rest.chunks(16 * 1024) {
                out.to_acceptor.clear();
                made(inspector.feed(Side::Requestor, black_box(piece), &mut out));
            }
        });
}

/// A message of 64 data PDUs of 16 KiB, fed in pieces of the same size as TLS does.
#[divan::bench]
fn inspect_data_pdus(bencher: Bencher<'_, '_>) {
    let message = message();
    let contexts = contexts();
    let mut out = Out::default();
    bencher
        .counter(ItemsCount::new(PDUS))
        .with_inputs(|| Inspector::new(contexts.clone()))
        .bench_local_refs(|inspector| {
            for piece in message.chunks(16 * 1024) {
                out.to_acceptor.clear();
                made(inspector.feed(Side::Requestor, black_box(piece), &mut out));
            }
        });
}
