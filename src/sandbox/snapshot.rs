//! A world as a file: a line that says what follows, and the world as JSON.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The format of what stands in the file. It grows whenever a world of an older program cannot be read any more.
const FORMAT: u32 = 1;
/// What makes a file a snapshot.
const KIND: &str = "workshop sandbox snapshot";

#[derive(Serialize, Deserialize)]
struct Header {
    kind: String,
    format: u32,
    /// The program that wrote it.
    program: String,
    /// Bytes of the world.
    length: usize,
    /// SHA-256 of the world, in hexadecimal.
    sha256: String,
}

/// Why a file is not restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Something else.
    #[error("this is no snapshot of a simulated world; `workshop sandbox snapshot FILE` writes one")]
    Other,
    /// Another version's.
    #[error("the snapshot has format {found} (written by workshop {program}); this program reads format {FORMAT}")]
    Version {
        /// The format found.
        found: u32,
        /// The program that wrote it.
        program: String,
    },
    /// Not what was written.
    #[error("the snapshot is damaged: {0}. Nothing was restored")]
    Damaged(String),
}

fn digest(world: &[u8]) -> String {
    Sha256::digest(world).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The file of a world.
pub fn seal(world: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let program = env!("CARGO_PKG_VERSION").to_owned();
    let header = Header { kind: KIND.to_owned(), format: FORMAT, program, length: world.len(), sha256: digest(world) };
    let mut file = serde_json::to_vec(&header)?;
    file.push(b'\n');
    file.extend_from_slice(world);
    Ok(file)
}

/// The world of a file.
pub fn open(file: &[u8]) -> Result<&[u8], SnapshotError> {
    let end = file.iter().position(|byte| *byte == b'\n').ok_or(SnapshotError::Other)?;
    let (line, world) = file.split_at(end);
    let world = world.get(1..).unwrap_or_default();
    let header: Header = serde_json::from_slice(line).map_err(|_| SnapshotError::Other)?;
    if header.kind != KIND {
        return Err(SnapshotError::Other);
    }
    if header.format != FORMAT {
        return Err(SnapshotError::Version { found: header.format, program: header.program });
    }
    if world.len() != header.length {
        return Err(SnapshotError::Damaged(format!("{} bytes of {} are there", world.len(), header.length)));
    }
    if digest(world) != header.sha256 {
        return Err(SnapshotError::Damaged("its checksum does not fit".to_owned()));
    }
    Ok(world)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_and_nothing_else_does() {
        let file = seal(b"{\"seed\":1}").unwrap();
        assert_eq!(open(&file), Ok(&b"{\"seed\":1}"[..]));
        assert_eq!(open(b"{}"), Err(SnapshotError::Other));
        assert_eq!(open(b"{}\n{}"), Err(SnapshotError::Other));
        let mut short = file.clone();
        short.pop();
        assert_eq!(open(&short), Err(SnapshotError::Damaged("9 bytes of 10 are there".into())));
        let mut other = file.clone();
        *other.last_mut().unwrap() = b'!';
        assert!(matches!(open(&other), Err(SnapshotError::Damaged(why)) if why.contains("checksum")));
        let newer = String::from_utf8(file).unwrap().replace("\"format\":1", "\"format\":9");
        assert!(matches!(open(newer.as_bytes()), Err(SnapshotError::Version { found: 9, .. })));
    }
}
