//! The archive of a function's code.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::rc::Rc;

use zip::ZipArchive;

use super::modules::Files;

/// The largest unpacked size. Source: AWS Lambda Developer Guide, *Lambda quotas*: 250 MB unzipped.
pub const LARGEST: u64 = 250 * 1024 * 1024;
/// How many unpacked archives a thread keeps.
const KEPT: usize = 8;

thread_local! {
    /// Unpacked archives by their hash. Not part of the world: the same bytes always unpack to the same files.
    static UNPACKED: RefCell<BTreeMap<String, Files>> = const { RefCell::new(BTreeMap::new()) };
}

/// Why an archive cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The bytes are no ZIP archive.
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    NoArchive,
    /// There is nothing in it.
    #[error("Uploaded file must be a non-empty zip")]
    Empty,
    /// It is larger than Lambda takes.
    #[error("Unzipped size must be smaller than 262144000 bytes")]
    TooLarge,
}

/// The text files of an archive.
pub fn unpack(bytes: &[u8]) -> Result<Files, Unusable> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unusable::NoArchive)?;
    if archive.is_empty() {
        return Err(Unusable::Empty);
    }
    let (mut files, mut total) = (BTreeMap::new(), 0);
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|_| Unusable::NoArchive)?;
        let Some(name) = file.enclosed_name().filter(|_| file.is_file()) else { continue };
        let mut content = Vec::new();
        // The size in the archive's directory may lie; what is read counts.
        file.take(LARGEST + 1 - total).read_to_end(&mut content).map_err(|_| Unusable::NoArchive)?;
        total += content.len() as u64;
        if total > LARGEST {
            return Err(Unusable::TooLarge);
        }
        if let Ok(text) = String::from_utf8(content) {
            files.insert(name.to_string_lossy().into_owned(), text);
        }
    }
    Ok(Rc::new(files))
}

/// The same, remembered by the archive's hash.
pub fn files(hash: &str, bytes: &[u8]) -> Result<Files, Unusable> {
    if let Some(known) = UNPACKED.with_borrow(|kept| kept.get(hash).cloned()) {
        return Ok(known);
    }
    let files = unpack(bytes)?;
    UNPACKED.with_borrow_mut(|kept| {
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(hash.to_owned(), Rc::clone(&files));
    });
    Ok(files)
}
