//! Writing a file so that a reader, or a machine that lost power, finds the old one or the new one whole.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use super::ProgressError;

/// Writes `bytes` to a temporary file beside `path`, flushes it to the disk and renames it. Makes the folder if needed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ProgressError> {
    write(path, bytes).map_err(ProgressError::unwritable(path))
}

/// Writes the files, each atomically, into a folder, which is made if needed.
pub fn write_folder(folder: &Path, files: &BTreeMap<String, String>) -> Result<(), ProgressError> {
    files.iter().try_for_each(|(name, text)| write_atomically(&folder.join(name), text.as_bytes()))
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(format!(".part-{}", std::process::id()));
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&temporary, path)?;
    sync_folder(parent);
    Ok(())
}

/// Makes a rename durable where folders can be flushed; elsewhere (Windows) the system does it.
fn sync_folder(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}
