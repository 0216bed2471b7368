//! `workshop content export`: the workshop as a script, as a page, or its policies.

use std::path::Path;

use serde_json::{Map, Value};

use super::args::{ExportArgs, Global};
use super::exit::Exit;
use crate::cli::out::{errln, outln};
use crate::content::export::{bash, html, iam};
use crate::content::{self, Assets, Bindings, Workshop};
use crate::domain::RegionPair;

/// The script's name in its folder.
const SCRIPT: &str = "run.sh";

/// Writes or prints.
pub(super) fn run(global: &Global, arguments: &ExportArgs) -> Exit {
    let source = super::source(global);
    let loaded = content::load(&source)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    let ready = loaded.and_then(|workshop| {
        let assets = content::assets(&source).map_err(|error| error.to_string())?;
        let primary = global.primary.as_deref().unwrap_or(&workshop.regions.0);
        let secondary = global.secondary.as_deref().unwrap_or(&workshop.regions.1);
        let regions = RegionPair::new(primary, secondary).map_err(|error| error.to_string())?;
        Ok((workshop, assets, regions))
    });
    let (workshop, assets, regions) = match ready {
        Ok(ready) => ready,
        Err(message) => {
            errln!("workshop: {message}");
            return Exit::Usage;
        }
    };
    let files = if arguments.iam {
        policies(&workshop, &assets)
    } else if arguments.html {
        vec![("index.html".to_owned(), html::page(&workshop, &regions))]
    } else {
        vec![(SCRIPT.to_owned(), bash::script(&workshop, &assets, &regions))]
    };
    let Some(folder) = &arguments.out else {
        return print(&files, arguments.iam);
    };
    let written = write(folder, &files).and_then(|()| if arguments.bash { beside(folder, &assets) } else { Ok(()) });
    if let Err(error) = written {
        errln!("workshop: {}: cannot be written: {error}; give another folder with --out", folder.display());
        return Exit::State;
    }
    for (name, _) in &files {
        outln!("{}", folder.join(name).display());
    }
    Exit::Done
}

fn policies(workshop: &Workshop, assets: &Assets) -> Vec<(String, String)> {
    let one = |role: &&str| {
        let policy = iam::policy(workshop, assets, role)?;
        Some((format!("{role}.json"), serde_json::to_string_pretty(&policy).ok()? + "\n"))
    };
    iam::ROLES.iter().filter_map(one).collect()
}

/// One text as it is; several as one JSON object by their names.
fn print(files: &[(String, String)], as_object: bool) -> Exit {
    let text = if as_object {
        let by_name = files.iter().filter_map(|(name, text)| {
            Some((name.trim_end_matches(".json").to_owned(), serde_json::from_str::<Value>(text).ok()?))
        });
        let whole: Map<String, Value> = by_name.collect();
        serde_json::to_string_pretty(&whole).unwrap_or_default() + "\n"
    } else {
        files.iter().map(|(_, text)| text.as_str()).collect()
    };
    super::out::print(format_args!("{text}"));
    Exit::Done
}

fn write(folder: &Path, files: &[(String, String)]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text)?;
        #[cfg(unix)]
        if name == SCRIPT {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

/// Puts the assets beside the script. Policies are not among them: the script writes each when it knows its values.
fn beside(folder: &Path, assets: &Assets) -> std::io::Result<()> {
    for name in assets.names().into_iter().filter(|name| !Assets::templated(name) && !name.starts_with("lambda/")) {
        assets.write(name, folder, &Bindings::default()).map_err(std::io::Error::other)?;
    }
    Ok(())
}
