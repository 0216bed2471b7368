//! Which module a name means, and its source: the function's own files, and what stands for Node.js and the SDK.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use rquickjs::loader::{ImportAttributes, Loader, Resolver};
use rquickjs::module::Declared;
use rquickjs::{Ctx, Error, Exception, Module, Result};

/// Where Lambda unpacks an archive. Source: AWS Lambda Developer Guide, *Lambda environment variables*,
/// `LAMBDA_TASK_ROOT`.
pub const ROOT: &str = "/var/task/";

const DYNAMODB: &str = include_str!("dynamodb.mjs");
const DOCUMENT: &str = include_str!("document.mjs");
const S3: &str = include_str!("s3.mjs");
const NODE: &str = include_str!("node.mjs");
const BUFFER: &str = include_str!("buffer.mjs");
const URL: &str = include_str!("url.mjs");

/// What is there beside the function's own files. Nothing else can be imported.
pub const BUILTINS: &[(&str, &str)] = &[
    ("@aws-sdk/client-dynamodb", DYNAMODB),
    ("@aws-sdk/lib-dynamodb", DOCUMENT),
    ("@aws-sdk/util-dynamodb", DOCUMENT),
    ("@aws-sdk/client-s3", S3),
    ("node:buffer", BUFFER),
    ("node:crypto", NODE),
    ("node:events", NODE),
    ("node:net", NODE),
    ("node:process", NODE),
    ("node:timers/promises", NODE),
    ("node:tls", NODE),
    ("node:url", URL),
    ("node:util", NODE),
];

/// The files of an archive that are text, by their path in it.
pub type Files = Rc<BTreeMap<String, String>>;

/// The path in the archive that `name` means in the file `from`; both absolute. `None` when no file is there.
pub fn locate(files: &Files, from: &str, name: &str) -> Option<String> {
    let joined = if name.starts_with('/') {
        name.to_owned()
    } else {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{name}")
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    let path = format!("/{}", parts.join("/"));
    files.contains_key(path.strip_prefix(ROOT)?).then_some(path)
}

/// The module that comes with the runtime under that name, with or without `node:`.
fn builtin(name: &str) -> Option<(&'static str, &'static str)> {
    let with_scheme = format!("node:{name}");
    BUILTINS.iter().find(|(known, _)| *known == name || *known == with_scheme).copied()
}

/// Finds modules.
pub struct Names(pub Files);

impl Resolver for Names {
    fn resolve<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        base: &str,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<String> {
        if let Some((known, _)) = builtin(name) {
            return Ok(known.to_owned());
        }
        if name.starts_with('.') || name.starts_with('/') {
            if let Some(path) = locate(&self.0, base, name) {
                return Ok(path);
            }
            // Node.js names the file, Lambda passes the message on.
            return Err(not_found(ctx, &format!("Cannot find module '{name}' imported from {base}")));
        }
        Err(not_found(ctx, &format!("Cannot find package '{name}' imported from {base}")))
    }
}

fn not_found(ctx: &Ctx<'_>, message: &str) -> Error {
    let thrown = Exception::from_message(ctx.clone(), message).and_then(|exception| {
        exception.as_object().set("code", "ERR_MODULE_NOT_FOUND")?;
        Ok(exception)
    });
    thrown.map_or_else(|error| error, Exception::throw)
}

/// Reads modules.
pub struct Sources(pub Files);

impl Loader for Sources {
    fn load<'js>(
        &mut self,
        ctx: &Ctx<'js>,
        name: &str,
        _attributes: Option<ImportAttributes<'js>>,
    ) -> Result<Module<'js, Declared>> {
        if let Some((_, source)) = builtin(name) {
            return Module::declare(ctx.clone(), name, source);
        }
        let source = name.strip_prefix(ROOT).and_then(|path| self.0.get(path));
        let source = source.ok_or_else(|| not_found(ctx, &format!("Cannot find module '{name}'")))?;
        if Path::new(name).extension().is_some_and(|extension| extension == "json") {
            return Module::declare(ctx.clone(), name, format!("export default {source};"));
        }
        Module::declare(ctx.clone(), name, source.as_str())
    }
}
