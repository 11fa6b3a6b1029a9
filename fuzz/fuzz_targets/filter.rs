//! The filter grammar takes any text: it never panics, and what it reads, it prints so that it reads the same again.
//! Run by `cargo fuzz run filter`.
#![no_main]

use std::collections::HashMap;

use crosskey::api::rest::parse_filter;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let none = HashMap::new();
    if let Ok(Some(filter)) = parse_filter(text, &none) {
        let printed = filter.to_string();
        assert_eq!(parse_filter(&printed, &none), Ok(Some(filter)), "{printed}");
    }
});
