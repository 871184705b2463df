#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sijill_fuzzing::Target::named("secrets").run(bytes));
