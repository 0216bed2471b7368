//! The floors of the library, enforced: a module imports only from lower floors, and siblings never import each other.
//!
//! The checks read the sources as text. Comments, the contents of strings and everything under `#[cfg(test)]` do not
//! count. The last tests feed in small made-up sources, so that each rule is seen to fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The floors, from the ground up.
const FLOORS: &[&[&str]] = &[
    &["domain"],
    &["clock", "markdown", "protocol"],
    &["content", "aws", "net", "sandbox", "progress"],
    &["guide", "drill", "reset"],
    &["app"],
    &["engine", "tui"],
    &["screen", "cli"],
    &["main"],
];

/// What the floors alone would allow, but the design does not.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("guide", &["sandbox"]),
    ("drill", &["sandbox"]),
    ("reset", &["sandbox"]),
    ("app", &["clock", "aws", "net", "sandbox"]),
    ("tui", &["guide", "drill", "reset", "aws", "net", "sandbox"]),
    ("cli", &["tui"]),
];

/// Code (by whole words at its start) that only some modules may hold, and what that code is.
const RESERVED: &[(&[&str], &[&str], &str)] = &[
    (&["ratatui", "crossterm", "tui_big_text"], &["tui"], "the terminal's libraries"),
    (
        &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now", "thread::sleep", "tokio::time"],
        // The plain view of `cli` is a loop that is woken by the wall, as the screen is.
        &["clock", "net", "engine", "screen", "cli"],
        "wall time",
    ),
    (&["println!", "eprintln!", "print!", "eprint!"], &["main"], "printing but by cli::out"),
    (&["process::exit"], &["main"], "process exit"),
];

/// Code that some modules may not hold, because they are plain values or pure functions.
const PURE: &[(&str, &[&str])] = &[
    ("domain", &["tokio", "std::fs", "std::net", "std::process"]),
    ("markdown", &["tokio", "std::fs", "std::net", "std::process"]),
    ("protocol", &["tokio", "std::fs", "std::net", "std::process"]),
    ("app", &["tokio", "std::fs", "std::net", "std::process"]),
];

/// Lines of code, without blank lines, comments and tests.
const LONGEST_FILE: usize = 500;

/// A file of `src`, by its path below it.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The top-level module that the file belongs to.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super::` lead from the file to the root of the crate.
    fn depth(&self) -> usize {
        let path = self.path.strip_suffix("/mod.rs").or_else(|| self.path.strip_suffix(".rs")).unwrap();
        path.split('/').count()
    }

    /// Whether the file holds only tests (`tests.rs`, or anything in a folder `tests`).
    fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }
}

/// The source without comments, without the contents of strings and without what is under `#[cfg(test)]`.
fn code_of(text: &str) -> String {
    without_tests(&without_comments_and_strings(text))
}

fn without_comments_and_strings(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let word_before = i > 0 && (at(i - 1).is_alphanumeric() || at(i - 1) == '_');
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut nested = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (nested, i) = (nested + 1, i + 2),
                        ('*', '/') => (nested, i) = (nested - 1, i + 2),
                        ('\n', _) => {
                            out.push('\n');
                            i += 1;
                        }
                        _ => i += 1,
                    }
                    if nested == 0 || i >= chars.len() {
                        break;
                    }
                }
            }
            'r' if !word_before && (at(i + 1) == '"' || (at(i + 1) == '#' && matches!(at(i + 2), '#' | '"'))) => {
                let hashes = (i + 1..chars.len()).take_while(|j| at(*j) == '#').count();
                let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
                i += hashes + 2;
                while i < chars.len() && !chars[i..].starts_with(&end) {
                    if at(i) == '\n' {
                        out.push('\n');
                    }
                    i += 1;
                }
                i += end.len();
                out.push_str("\"\"");
            }
            '"' => {
                i += 1;
                while i < chars.len() && at(i) != '"' {
                    if at(i) == '\n' {
                        out.push('\n');
                    }
                    i += if at(i) == '\\' && at(i + 1) != '\n' { 2 } else { 1 };
                }
                i += 1;
                out.push_str("\"\"");
            }
            // A character, not a lifetime.
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => {
                i += if at(i + 1) == '\\' { 3 } else { 2 };
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
                out.push_str("' '");
            }
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
    out
}

fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        out.push_str(&rest[..start]);
        rest = &rest[start + MARK.len()..];
        let mut depth = 0_usize;
        let mut end = rest.len();
        for (index, c) in rest.char_indices() {
            match c {
                '{' | '[' | '(' => depth += 1,
                '}' | ']' | ')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && c == '}' {
                        end = index + 1;
                        break;
                    }
                }
                ';' if depth == 0 => {
                    end = index + 1;
                    break;
                }
                _ => {}
            }
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Whether `needle` stands in `code` as whole words.
fn mentions(code: &str, needle: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(needle).any(|(start, _)| {
        let before = code[..start].chars().next_back().is_some_and(word);
        let after = !needle.ends_with('!') && code[start + needle.len()..].chars().next().is_some_and(word);
        !before && !after
    })
}

/// The first names of the paths that follow `prefix`, also those in braces: `crate::{a::B, c}` gives a and c.
fn names_after(code: &str, prefix: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for (start, _) in code.match_indices(prefix) {
        if code[..start].chars().next_back().is_some_and(|c| word(c) || c == ':' || c == '$') {
            continue;
        }
        let rest = &code[start + prefix.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(rest.chars().take_while(|c| word(*c)).collect());
            continue;
        };
        let (mut depth, mut name, mut reading) = (1_usize, String::new(), true);
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => {
                    names.insert(std::mem::take(&mut name));
                    reading = true;
                    continue;
                }
                c if reading && word(c) => name.push(c),
                c if c.is_whitespace() && name.is_empty() => {}
                _ => reading = false,
            }
            if depth == 0 {
                break;
            }
        }
        names.insert(name);
    }
    names.remove("");
    names
}

/// The top-level modules that a file's code names.
fn imports(source: &Source, code: &str) -> BTreeSet<String> {
    // Paths may be broken over lines.
    let code: String = code.split_whitespace().collect::<Vec<_>>().join(" ").replace(" :: ", "::").replace(":: ", "::");
    let mut names = names_after(&code, "crate::");
    names.extend(names_after(&code, "multi_region_workshop::"));
    for levels in source.depth()..source.depth() + 2 {
        names.extend(names_after(&code, &"super::".repeat(levels)));
    }
    let known: BTreeSet<&str> = FLOORS.iter().flat_map(|floor| floor.iter().copied()).collect();
    names.retain(|name| known.contains(name.as_str()));
    names.remove(source.module());
    names
}

fn floor_of(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Everything that is wrong, one line each.
fn violations(sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path != "lib.rs" && !source.is_test()) {
        let (path, module) = (&source.path, source.module());
        let code = code_of(&source.text);
        let Some(floor) = floor_of(module) else {
            wrong.push(format!("{path}: the module '{module}' stands on no floor"));
            continue;
        };
        let imported = imports(source, &code);
        for other in &imported {
            let below = floor_of(other).is_some_and(|other| other < floor);
            if !below {
                wrong.push(format!("{path}: '{module}' imports '{other}', which is not on a lower floor"));
            }
            let forbidden = FORBIDDEN.iter().any(|(who, what)| *who == module && what.contains(&other.as_str()));
            if forbidden {
                wrong.push(format!("{path}: '{module}' must not touch '{other}'"));
            }
        }
        graph.entry(module.to_owned()).or_default().extend(imported);
        for (needles, allowed, what) in RESERVED {
            if let Some(found) = needles.iter().find(|needle| mentions(&code, needle))
                && !allowed.contains(&module)
            {
                wrong.push(format!("{path}: '{found}' ({what}) may stand only in {}", allowed.join(", ")));
            }
        }
        for (_, needles) in PURE.iter().filter(|(who, _)| *who == module) {
            if let Some(found) = needles.iter().find(|needle| mentions(&code, needle)) {
                wrong.push(format!("{path}: '{found}' may not stand in '{module}', which is pure"));
            }
        }
        let sdk = code.split(|c: char| !(c.is_alphanumeric() || c == '_')).find(|word| is_sdk(word));
        if let Some(word) = sdk
            && module != "aws"
        {
            wrong.push(format!("{path}: '{word}' (the AWS SDK) may stand only in aws"));
        }
        let lines = code.lines().filter(|line| !line.trim().is_empty()).count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{path}: {lines} lines of code, at most {LONGEST_FILE}"));
        }
        if !source.text.starts_with("//!") {
            wrong.push(format!("{path}: does not begin with a `//!` line that says what it is for"));
        }
    }
    for cycle in cycles(&graph) {
        wrong.push(format!("a cycle of imports: {cycle}"));
    }
    wrong
}

/// Whether a word is the name of a crate of the AWS SDK.
fn is_sdk(word: &str) -> bool {
    ["aws_sdk_", "aws_smithy_"].iter().any(|prefix| word.starts_with(prefix))
        || ["aws_config", "aws_types", "aws_credential_types", "aws_runtime"].contains(&word)
}

/// Modules that reach themselves, each with the way round.
fn cycles(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    for start in graph.keys() {
        let mut ways = vec![vec![start.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(way) = ways.pop() {
            for next in graph.get(way.last().unwrap()).into_iter().flatten() {
                if next == start {
                    found.push(format!("{} → {start}", way.join(" → ")));
                    ways.clear();
                    break;
                }
                if seen.insert(next.clone()) {
                    ways.push(way.iter().cloned().chain([next.clone()]).collect());
                }
            }
        }
    }
    found
}

fn read(folder: &Path, below: &str, into: &mut Vec<Source>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            read(&entry.path(), &path, into);
        } else if Path::new(&name).extension().is_some_and(|extension| extension == "rs") {
            into.push(Source { path, text: std::fs::read_to_string(entry.path()).unwrap() });
        }
    }
}

#[test]
fn the_library_keeps_to_its_floors() {
    let mut sources = Vec::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut sources);
    assert!(sources.len() > 20, "the sources were not found");
    let wrong = violations(&sources);
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_top_level_module_has_a_floor_and_every_floor_its_modules() {
    let root = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let declared: BTreeSet<&str> = root.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let floors: BTreeSet<&str> =
        FLOORS.iter().flat_map(|floor| floor.iter().copied()).filter(|name| *name != "main").collect();
    assert_eq!(declared, floors);
}

/// What is wrong with one made-up file.
fn wrong_in(path: &str, code: &str) -> Vec<String> {
    violations(&[Source::new(path, &format!("//! A file.\n{code}"))])
}

#[test]
fn each_rule_fails_on_a_source_that_breaks_it() {
    let breaks = [
        ("clock/mod.rs", "use crate::guide::Guide;", "not on a lower floor"),
        ("content/lint.rs", "use crate::{domain::Region, sandbox::World};", "imports 'sandbox'"),
        ("clock/mod.rs", "use super::markdown;", "imports 'markdown'"),
        ("clock/deep/file.rs", "fn f() { super::super::super::protocol::x() }", "imports 'protocol'"),
        ("guide/mod.rs", "use crate::\n    sandbox::World;", "must not touch 'sandbox'"),
        ("tui/mod.rs", "use crate::drill::Drill;", "must not touch 'drill'"),
        ("main.rs", "use multi_region_workshop::main;", ""),
        ("app/mod.rs", "use ratatui::Frame;", "the terminal's libraries"),
        ("guide/mod.rs", "fn f() { aws_sdk_s3::Client::new() }", "the AWS SDK"),
        ("app/mod.rs", "fn f() { let t = std::time::Instant::now(); }", "wall time"),
        ("sandbox/mod.rs", "async fn f() { tokio::time::sleep(d).await }", "wall time"),
        ("engine/mod.rs", "fn f() { println!(\"x\") }", "printing"),
        ("cli/mod.rs", "fn f() { std::process::exit(1) }", "process exit"),
        ("app/mod.rs", "fn f() { tokio::spawn(g()) }", "which is pure"),
        ("elsewhere/mod.rs", "", "stands on no floor"),
    ];
    for (path, code, complaint) in breaks {
        let wrong = wrong_in(path, code);
        if complaint.is_empty() {
            assert_eq!(wrong, [""; 0], "{path}: {code}");
        } else {
            assert!(wrong.iter().any(|line| line.contains(complaint)), "{path}: {code}\n{wrong:?}");
        }
    }
    assert_eq!(violations(&[Source::new("clock/mod.rs", "fn f() {}")]).len(), 1, "a file needs its first line");
}

#[test]
fn a_file_is_measured_by_its_code_alone() {
    let long = "fn f() {}\n".repeat(LONGEST_FILE + 1);
    assert!(wrong_in("domain/a.rs", &long)[0].contains("501 lines of code"));
    let padded =
        format!("{}{}", "fn f() {}\n".repeat(LONGEST_FILE), "// a comment\n\n/* and\none more */\n".repeat(100));
    assert_eq!(wrong_in("domain/a.rs", &padded), [""; 0]);
    let tests = format!("fn f() {{}}\n#[cfg(test)]\n#[allow(clippy::panic)]\nmod tests {{\n{long}}}\n");
    assert_eq!(wrong_in("domain/a.rs", &tests), [""; 0]);
    assert_eq!(violations(&[Source::new("domain/tests.rs", &long)]), [""; 0]);
}

#[test]
fn cycles_are_found() {
    let edge = |from: &str, to: &[&str]| (from.to_owned(), to.iter().map(|name| (*name).to_owned()).collect());
    let graph = BTreeMap::from([edge("a", &["b"]), edge("b", &["c"]), edge("c", &["b"])]);
    assert_eq!(cycles(&graph), ["b → c → b", "c → b → c"]);
    assert_eq!(cycles(&BTreeMap::from([edge("a", &["b", "c"]), edge("b", &["c"])])), [""; 0]);
}

#[test]
fn comments_strings_and_tests_do_not_count() {
    let innocent = r##"
        // use crate::guide;
        /* crate::guide /* nested */ crate::tui */
        /// See [`crate::guide`].
        const A: &str = "crate::guide \" println!() ";
        const B: &str = r#"crate::guide " println!()"#;
        const C: char = '"';
        const D: char = '\'';
        fn f<'a>(x: &'a str) -> &'a str { x }
        #[cfg(test)]
        mod tests { use crate::guide::Guide; fn f() { println!("{}", 1) } }
        #[cfg(test)]
        use crate::tui;
        fn is_crossterms(pretty_println: bool) {}
    "##;
    assert_eq!(wrong_in("domain/a.rs", innocent), [""; 0]);
    assert_eq!(wrong_in("domain/a.rs", &format!("{innocent}\nuse crate::guide;")).len(), 1);
}
