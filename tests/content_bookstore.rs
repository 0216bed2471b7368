//! The bookstore in the binary compiles.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use multi_region_workshop::content::{self, Source};

#[test]
fn the_embedded_workshop_has_no_finding() {
    let compiled = content::compile(&Source::Embedded);
    let found: Vec<String> = compiled.diagnostics.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(compiled.workshop.unwrap().modules.len(), 7);
}
