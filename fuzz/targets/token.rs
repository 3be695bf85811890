#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pacsgate_fuzz::token::holds(input));
