//! What is forwarded is read alike by readers that know nothing of each other, and as it was judged.

mod associations;
mod commands;
mod data_set;
mod data_sets;
mod dcmdump;
mod disagreements;
mod grown;
mod messages;
mod mutants;
mod random;
mod readers;
mod requests;
mod said;
mod samples;
mod storescp;
mod structure;
mod tally;
mod tree;
