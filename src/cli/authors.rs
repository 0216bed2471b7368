//! `workshop content new` and `schema`: what authors begin with.

use std::io::Write as _;
use std::path::Path;

use super::args::{Global, SchemaArgs};
use super::exit::Exit;
use crate::cli::out::{errln, outln};
use crate::content::{self, schema};

/// Writes a new step's file.
pub(super) fn new_step(global: &Global, id: &str) -> Exit {
    let Some(folder) = &global.modules else {
        errln!("workshop: the workshop in the program cannot be written; give a folder with --modules DIR");
        return Exit::Usage;
    };
    let workshop = match content::load(&super::source(global)) {
        Ok(workshop) => workshop,
        Err(problems) => {
            for problem in &problems {
                errln!("{problem}");
            }
            return Exit::Usage;
        }
    };
    let (file, text) = match content::new_step(&workshop, id) {
        Ok(new) => new,
        Err(error) => {
            errln!("workshop: {error}");
            return Exit::Usage;
        }
    };
    let path = folder.join(file);
    // An author's file is never written over, whoever made it meanwhile.
    let written = std::fs::File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    if let Err(error) = written {
        errln!("workshop: {}: cannot be written: {error}", path.display());
        return Exit::State;
    }
    outln!("{}", path.display());
    errln!("`workshop --modules {} content lint` names what is to be filled in.", folder.display());
    Exit::Done
}

/// Prints one schema, or writes all of them.
pub(super) fn schema(arguments: &SchemaArgs) -> Exit {
    if let Some(folder) = &arguments.out {
        return match write_all(folder) {
            Ok(()) => Exit::Done,
            Err(error) => {
                errln!("workshop: {}: cannot be written: {error}; give another folder with --out", folder.display());
                Exit::State
            }
        };
    }
    let text = arguments.kind.as_deref().and_then(schema::text).unwrap_or_default();
    super::out::print(format_args!("{text}"));
    Exit::Done
}

fn write_all(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for kind in schema::KINDS {
        let path = folder.join(format!("{kind}.schema.json"));
        std::fs::write(&path, schema::text(kind).unwrap_or_default())?;
        outln!("{}", path.display());
    }
    Ok(())
}
