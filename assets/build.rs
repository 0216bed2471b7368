//! Tells Cargo to build again when a file is added to a workshop: the library embeds both folders, and Cargo by itself
//! notices changes only of files that were there before.

fn main() {
    println!("cargo::rerun-if-changed=modules");
    println!("cargo::rerun-if-changed=assets");
}
