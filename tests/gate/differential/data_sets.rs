//! Data sets that pass are read alike, and as the gate has judged them.

use super::data_set::DataSet;
use super::disagreements;
use super::random::Random;
use super::structure::Structure;
use super::tally::Tally;
use super::tree::Written;
use super::{grown, mutants, readers, samples, tree};
use pacsgate_core::data_set::Deviation;
use pacsgate_core::transfer_syntax::Walk;
use std::path::Path;

const WALKS: [Walk; 4] =
    [Walk::ImplicitLittle, Walk::ExplicitLittle, Walk::ExplicitBig, Walk::Encapsulated];

const GROWN: usize = 800;
const MUTANTS: usize = 2000;
const TOLERATED: usize = 1000;
/// Of pydicom's own files, those that the gate lets through and that are not too large to be quick.
const SAMPLES: usize = 140;

#[test]
#[ignore = "needs DCMTK and pydicom: run tests/all"]
fn grown_data_sets_are_read_as_they_were_made() {
    let mut random = Random::new(1);
    let mut batch = Vec::new();
    let mut made = Vec::new();
    for number in 0..GROWN {
        let walk = WALKS[number % WALKS.len()];
        let elements = grown::object(&mut random, walk);
        let bytes = tree::write(walk, &elements).bytes;
        let data_set = DataSet::new(format!("grown {number}"), walk, bytes);
        assert_eq!(data_set.judge(), Ok(()), "{}", data_set.hex());
        batch.push(data_set);
        made.push(Some(tree::structure(&elements)));
    }
    compare(&batch, &made).assert_agreement(GROWN);
}

#[test]
#[ignore = "needs DCMTK and pydicom: run tests/all"]
fn sound_vectors_are_read_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/dataset");
    let syntaxes = ["implicit", "explicit", "big", "encapsulated"].into_iter().zip(WALKS);
    let batch: Vec<_> = syntaxes
        .map(|(syntax, walk)| {
            let name = format!("sound-{syntax}-object.bin");
            let bytes = std::fs::read(folder.join(&name)).unwrap();
            DataSet::new(name, walk, bytes)
        })
        .collect();
    assert!(batch.iter().all(|data_set| data_set.judge().is_ok()));
    agree(&batch);
}

#[test]
#[ignore = "needs DCMTK and pydicom: run tests/all"]
fn samples_that_pass_are_read_alike() {
    let mut batch = samples::all();
    batch.retain(|data_set| data_set.judge().is_ok());
    assert!(batch.len() >= SAMPLES, "{} samples", batch.len());
    agree(&batch);
}

#[test]
#[ignore = "needs DCMTK and pydicom: run tests/all"]
fn mutants_that_pass_are_read_alike() {
    let batch = mutated(seed(), MUTANTS, |data_set| data_set.judge().is_ok());
    agree(&batch);
}

#[test]
#[ignore = "needs DCMTK and pydicom: run tests/all"]
fn mutants_that_pass_with_every_tolerance_are_read_alike() {
    let is_tolerated = |data_set: &DataSet| {
        data_set.judge().is_err() && data_set.judge_tolerating(Deviation::TOLERABLE).is_ok()
    };
    let batch = mutated(seed() + 1, TOLERATED, is_tolerated);
    agree(&batch);
}

#[test]
#[ignore = "needs DCMTK and pydicom: run tests/all"]
fn data_sets_on_which_readers_disagree_are_refused_or_known() {
    for case in disagreements::all() {
        let passes = case.data_set.judge_tolerating(Deviation::TOLERABLE).is_ok();
        let name = &case.data_set.name;
        assert_eq!(passes, case.is_open, "{name}: its place in the table is not true any more");
        let tally = compare(std::slice::from_ref(&case.data_set), &[None]);
        assert!(!tally.differences.is_empty(), "{name}: nobody disagrees: {tally:?}");
    }
}

fn agree(batch: &[DataSet]) {
    compare(batch, &vec![None; batch.len()]).assert_agreement(batch.len());
}

fn compare(batch: &[DataSet], made: &[Option<Structure>]) -> Tally {
    let mut tally = Tally::default();
    for ((data_set, readings), made) in batch.iter().zip(readers::read(batch)).zip(made) {
        tally.add(data_set, &readings, made.as_ref());
    }
    tally
}

/// So many mutants that are let through.
fn mutated(seed: u64, count: usize, passes: impl Fn(&DataSet) -> bool) -> Vec<DataSet> {
    let mut random = Random::new(seed);
    let seeds = samples::small();
    let mut batch: Vec<DataSet> = Vec::new();
    let mut tried = 0;
    while batch.len() < count {
        let (template, written) = if random.once_in(8) {
            let template = seeds[random.below(seeds.len())].clone();
            let written = Written::anywhere(template.bytes.clone());
            (template, written)
        } else {
            let walk = WALKS[random.below(WALKS.len())];
            let written = tree::write(walk, &grown::object(&mut random, walk));
            (DataSet::new(String::new(), walk, Vec::new()), written)
        };
        for _ in 0..20 {
            tried += 1;
            let bytes = mutants::mutant(&mut random, &written);
            let name = format!("mutant {tried} of seed {seed}");
            let mutant = DataSet { name, bytes, ..template.clone() };
            if passes(&mutant) {
                batch.push(mutant);
            }
        }
    }
    batch
}

/// Another one explores other mutants.
fn seed() -> u64 {
    std::env::var("DIFFERENTIAL_SEED").map_or(7, |seed| seed.parse().unwrap())
}
