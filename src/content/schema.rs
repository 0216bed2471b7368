//! JSON Schemas of a workshop's files, for editors. The loader stays the judge: it knows names, facts and commands as well.

use serde_json::{Map, Value, json};

use super::{read_check, read_module, read_step, read_test, read_workshop};

/// The dialect that editors and validators read.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The kinds of files, by the word for `workshop content schema`.
pub const KINDS: &[&str] = &["workshop", "module", "step", "checks", "glossary", "test"];

/// The schema of a kind of file; `None` when there is no such kind.
pub fn schema(kind: &str) -> Option<Value> {
    let (title, body) = match kind {
        "workshop" => ("workshop.yaml", workshop()),
        "module" => ("module.yaml", module()),
        "step" => ("the front matter of a step", step()),
        "checks" => ("checks.yaml", checks()),
        "glossary" => ("glossary.yaml", glossary()),
        "test" => ("a test beside the content", test()),
        _ => return None,
    };
    let mut whole = Map::new();
    whole.insert("$schema".into(), json!(DIALECT));
    whole.insert("title".into(), json!(title));
    if let Value::Object(fields) = body {
        whole.extend(fields);
    }
    Some(Value::Object(whole))
}

/// The schema as it is checked in: indented, with a line feed at the end.
pub fn text(kind: &str) -> Option<String> {
    let schema = schema(kind)?;
    serde_json::to_string_pretty(&schema).ok().map(|text| text + "\n")
}

/// A mapping in which only these keys may stand, and what each holds.
fn object(keys: &[&str], needed: &[&str], of: impl Fn(&str) -> Value) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), of(key))).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if let Some(schema) = schema.as_object_mut().filter(|_| !needed.is_empty()) {
        schema.insert("required".into(), json!(needed));
    }
    schema
}

fn format() -> Value {
    json!({ "const": 1, "description": "The version of the format" })
}

fn a_text(what: &str) -> Value {
    json!({ "type": "string", "description": what })
}

fn flag(what: &str) -> Value {
    json!({ "type": "boolean", "description": what })
}

fn span() -> Value {
    json!({ "type": "string", "pattern": "^([0-9]+(h|m|s|ms))+$", "description": "A span of time: 90s, 20m, 1h30m" })
}

fn words<T>(known: &[(&str, T)]) -> Value {
    json!({ "enum": known.iter().map(|(word, _)| *word).collect::<Vec<_>>() })
}

fn list(of: Value) -> Value {
    Value::Object(Map::from_iter([("type".to_owned(), json!("array")), ("items".to_owned(), of)]))
}

fn map(of: Value) -> Value {
    Value::Object(Map::from_iter([("type".to_owned(), json!("object")), ("additionalProperties".to_owned(), of)]))
}

fn fact() -> Value {
    json!({ "type": "string", "pattern": "^[a-z0-9]+\\.[a-z0-9-]+$", "description": "A fact, as m2.aurora-replica" })
}

fn anchor() -> Value {
    json!({ "type": "string", "pattern": "^#", "description": "A fence of the page, as #create" })
}

fn command() -> Value {
    json!({ "type": "string", "pattern": "^aws ", "description": "A command of the AWS CLI (template)" })
}

fn by_role() -> Value {
    object(&["primary", "secondary"], &[], |_| a_text("For this Region (template)"))
}

fn workshop() -> Value {
    object(read_workshop::KEYS, &["format", "id", "title", "objectives", "regions", "effects", "modules"], |key| {
        match key {
            "format" => format(),
            "objectives" => object(&["rto", "rpo"], &["rto", "rpo"], |_| span()),
            "regions" => object(&["primary", "secondary"], &["primary", "secondary"], |_| {
                object(&["default", "differs_from"], &["default"], |_| a_text("A Region, as eu-west-1"))
            }),
            "vars" => map(json!({ "anyOf": [
                a_text("The value (template)"),
                object(&["random", "default", "persist"], &[], |key| match key {
                    "random" => json!({ "type": "integer", "minimum": 1 }),
                    "persist" => flag("Chosen once for the run"),
                    _ => a_text("The value (template)"),
                }),
            ] })),
            "names" | "tags" => map(a_text("A template")),
            "manifest" => a_text("The bucket that holds the note of a run: its suffix, its position, what it made"),
            "effects" => {
                let effects: Vec<&str> = read_workshop::EFFECTS.iter().map(|(word, _)| *word).collect();
                object(&effects, &effects, |_| {
                    object(&["sandbox", "aws"], &["sandbox", "aws"], |_| words(read_workshop::CONFIRMATIONS))
                })
            }
            "drill" => drill(),
            "modules" => list(a_text("A module's id, in the order of the workshop")),
            other => a_text(&format!("The workshop's {other}")),
        }
    })
}

fn drill() -> Value {
    object(read_workshop::DRILL, &[], |key| match key {
        "journeys" => {
            list(object(&["name", "method", "url", "body", "direct", "broken_by"], &["name", "url"], |key| match key {
                "direct" => by_role(),
                "broken_by" => list(a_text("A fault's name")),
                other => a_text(&format!("The request's {other}")),
            }))
        }
        "stores" => list(json!({
            "type": "object", "required": ["name"], "additionalProperties": { "type": "string" },
            "properties": { "name": { "enum": ["dynamodb", "aurora", "s3"] } },
        })),
        "faults" => map(object(read_workshop::FAULT, &[], |key| match key {
            "ports" => list(a_text("A fault of the sandbox")),
            "both_regions" | "sandbox_only" | "cuts_replication" => flag("Whether it is so"),
            other => a_text(&format!("The fault's {other}")),
        })),
        "zone" => a_text("The id of the hosted zone"),
        "revert" => object(read_workshop::REVERT, read_workshop::REVERT, |key| match key {
            "schedule" => a_text("What the names of the schedules begin with"),
            _ => a_text("The ARN of the role that they act with"),
        }),
        _ => by_role(),
    })
}

fn panels() -> Value {
    list(object(&["kind", "of", "regions", "source", "limit"], &["kind"], |key| match key {
        "kind" => json!({ "enum": ["resources", "series"] }),
        "of" => list(a_text("A service")),
        "regions" => list(words(read_workshop::ROLES)),
        other => a_text(&format!("The series' {other}")),
    }))
}

fn module() -> Value {
    object(read_module::KEYS, &["format", "id", "title", "time"], |key| match key {
        "format" => format(),
        "needs" | "gives" | "invariants" => list(fact()),
        "time" => object(&["p50", "p95"], &["p50", "p95"], |_| span()),
        "changes" => list(a_text("What it builds, a line each")),
        "panels" => panels(),
        other => a_text(&format!("The module's {other}")),
    })
}

fn step() -> Value {
    object(read_step::KEYS, &["id", "title", "kind"], |key| match key {
        "kind" => words(read_step::KINDS),
        "gives" => list(fact()),
        "checks" => list(json!({ "anyOf": [check(&["id", "title"], &["id", "title"]), used()] })),
        "panels" => panels(),
        "hints" => list(object(read_step::HINT, &[], |key| match key {
            "show" => anchor(),
            "for" => a_text("A check of the step, `check`, or one cause of its failure, `check/cause`"),
            other => a_text(&format!("A {other}")),
        })),
        "outputs" => map(object(&["read", "path"], &["read", "path"], |key| match key {
            "read" => command(),
            _ => a_text("A JMESPath"),
        })),
        "solution" => list(anchor()),
        "drills" => list(a_text("A name")),
        other => a_text(&format!("The step's {other}")),
    })
}

fn used() -> Value {
    object(&["id", "use", "with", "already"], &["id", "use"], |key| match key {
        "with" => map(a_text("A parameter's value")),
        other => a_text(&format!("The check's {other}")),
    })
}

fn checks() -> Value {
    let about: Vec<&str> = read_check::ABOUT.iter().copied().filter(|key| *key != "id").collect();
    object(&["format", "checks"], &["format", "checks"], |key| match key {
        "format" => format(),
        _ => map(check(&about, &["title"])),
    })
}

/// A check with exactly one question.
fn check(about: &[&str], needed: &[&str]) -> Value {
    let mut keys = read_check::ASKS.to_vec();
    keys.extend(about);
    keys.extend(read_check::ABOUT.iter().filter(|key| !matches!(**key, "id" | "title" | "parameters")));
    keys.sort_unstable();
    keys.dedup();
    let mut schema = object(&keys, needed, |key| match key {
        "expect" => list(expectation()),
        "elsewhere" => list(a_text("primary or secondary")),
        "within" => a_text("A span of time, or a parameter for it"),
        "parameters" => list(a_text("A name that stands in `{{ with.* }}`")),
        "fail" => list(object(&["when", "say", "why", "fix"], &["when", "say"], |key| match key {
            "fix" => anchor(),
            other => a_text(&format!("The message's {other}")),
        })),
        key if read_check::ASKS.contains(&key) => ask(key),
        other => a_text(&format!("The check's {other}")),
    });
    if let Some(schema) = schema.as_object_mut() {
        let one: Vec<Value> = read_check::ASKS.iter().map(|key| json!({ "required": [key] })).collect();
        schema.insert("oneOf".into(), json!(one));
    }
    schema
}

fn ask(key: &str) -> Value {
    match key {
        "read" | "absent" => command(),
        "http" => object(&["url", "status", "body", "region"], &["url"], |key| match key {
            "status" => {
                let status = json!({ "type": "integer", "minimum": 100, "maximum": 599 });
                json!({ "anyOf": [status, list(status.clone())] })
            }
            other => a_text(&format!("The {other} (template)")),
        }),
        "dns" => object(&["name", "regions", "not_regions"], &["name"], |key| match key {
            "name" => a_text("The name (template)"),
            _ => list(a_text("A Region (template)")),
        }),
        "canary" => object(&["read", "expect"], &["read", "expect"], |key| match key {
            "read" => command(),
            _ => list(expectation()),
        }),
        // Parts are checked by the loader; a schema without references cannot hold itself.
        "not" => json!({ "type": "object" }),
        _ => list(json!({ "type": "object" })),
    }
}

fn expectation() -> Value {
    let keys = [read_check::OPERATORS, &["path", "pending"]].concat();
    let mut schema = object(&keys, &["path"], |key| match key {
        "path" => a_text("A JMESPath (template)"),
        "pending" | "in" => list(json!({})),
        "matches" => json!({ "type": "string", "format": "regex" }),
        "exists" => flag("Whether there is a value"),
        "gte" | "lte" => json!({ "type": "number" }),
        "count" => json!({ "type": "integer", "minimum": 0 }),
        _ => json!({}),
    });
    if let Some(schema) = schema.as_object_mut() {
        let one: Vec<Value> = read_check::OPERATORS.iter().map(|key| json!({ "required": [key] })).collect();
        schema.insert("oneOf".into(), json!(one));
    }
    schema
}

fn glossary() -> Value {
    let terms = map(a_text("What the term means, in one line"));
    json!({ "type": "object", "required": ["format"], "properties": { "format": format(), "terms": terms },
        "additionalProperties": { "type": "string" } })
}

fn test() -> Value {
    let of = |key: &str| match key {
        "format" => format(),
        "given" => list(json!({ "type": "string", "pattern": "^solve " })),
        "do" => list(json!({ "anyOf": [command(), deed()] })),
        "expect" => json!({ "anyOf": [expected(), list(expected())] }),
        _ => list(object(&["given", "do", "expect"], &["expect"], |key| match key {
            "given" => list(json!({ "type": "string", "pattern": "^solve " })),
            "do" => list(json!({ "anyOf": [command(), deed()] })),
            _ => json!({ "anyOf": [expected(), list(expected())] }),
        })),
    };
    object(&["format", "cases", "given", "do", "expect"], &["format"], of)
}

fn deed() -> Value {
    let mut schema = object(read_test::DEEDS, &[], |key| match key {
        "refused" => command(),
        "wait" => span(),
        "fault" => object(&["kind", "region", "set"], &["kind", "region"], |key| match key {
            "set" => map(json!({})),
            other => a_text(&format!("The fault's {other}")),
        }),
        _ => a_text("A step, or a fence as m1.step#fence"),
    });
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("minProperties".into(), json!(1));
        schema.insert("maxProperties".into(), json!(1));
    }
    schema
}

fn expected() -> Value {
    object(&["check", "is", "cause", "after"], &["check", "is"], |key| match key {
        "is" => words(read_test::WORDS),
        "after" => span(),
        other => a_text(&format!("The {other}")),
    })
}
