//! What code sees when it runs here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Failure, Job, Ran, Reply, run};

/// Runs files with a port that gives `reply` to everything.
fn with(files: &[(&str, &str)], handler: &str, event: &Value, reply: &Reply) -> Ran {
    let files = Rc::new(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
    let environment = BTreeMap::from([("AWS_REGION".to_owned(), "eu-west-1".to_owned())]);
    let job = Job {
        files: &files,
        handler,
        environment: &environment,
        event,
        context: json!({ "functionName": "f", "awsRequestId": "r-1", "timeout": 3000 }),
        now: 1_767_600_000_000,
        timeout: Duration::from_secs(3),
        memory: 128,
        seed: 7,
        chance: "here",
    };
    run(&job, &mut |_| reply.clone())
}

fn one(body: &str) -> Ran {
    let source = format!("export const handler = async (event, context) => {{ {body} }};");
    with(&[("index.mjs", &source)], "index.handler", &json!({ "n": 20 }), &Ok(json!({})))
}

fn value(body: &str) -> Value {
    let ran = one(body);
    ran.answer.clone().unwrap_or_else(|failure| panic!("{body}: {failure:?} {:?}", ran.lines))
}

fn error(body: &str) -> Value {
    match one(body).answer.unwrap_err() {
        Failure::Thrown(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn time_is_the_worlds_and_utc() {
    assert_eq!(
        value("return [Date.now(), new Date().toISOString(), Date().slice(0, 24)]"),
        json!([1_767_600_000_000_i64, "2026-01-05T08:00:00.000Z", "Mon Jan 05 2026 08:00:00",])
    );
    assert_eq!(
        value("return new Date(2026, 0, 2, 3).toISOString() + new Date('2026-01-01T10:00').getHours()"),
        json!("2026-01-02T03:00:00.000Z10")
    );
    assert!(one("return Date.now()").observed && !one("return event.n").observed);
}

#[test]
fn chance_is_a_hash_and_every_draw_another() {
    let draw = "return [Math.random(), Math.random(), crypto.randomUUID()]";
    let drawn = value(draw);
    assert_eq!(drawn, value(draw));
    assert_ne!(drawn[0], drawn[1]);
    let uuid = drawn[2].as_str().unwrap();
    assert!(uuid.len() == 36 && &uuid[14..15] == "4", "{uuid}");
}

#[test]
fn timers_take_simulated_time() {
    let slept = one("await new Promise((go) => setTimeout(go, 1500)); return 'awake'");
    assert_eq!((slept.answer, slept.elapsed), (Ok(json!("awake")), Duration::from_millis(1500)));
    let late = one("await new Promise((go) => setTimeout(go, 5000))");
    assert_eq!((late.answer, late.elapsed), (Err(Failure::TimedOut), Duration::from_secs(3)));
    assert_eq!(value("await new Promise(() => {})"), Value::Null, "an empty event loop ends the invocation");
    assert_eq!(
        value("clearTimeout(setTimeout(() => {}, 9000)); return context.getRemainingTimeInMillis()"),
        json!(3000)
    );
}

#[test]
fn a_loop_without_end_times_out_and_memory_has_an_end() {
    assert_eq!(one("for (;;) {}").answer, Err(Failure::TimedOut));
    assert_eq!(one("try { for (;;) {} } catch {} return 1").answer, Err(Failure::TimedOut), "it cannot be caught");
    assert_eq!(one("const all = []; for (;;) all.push(new Uint8Array(1 << 20));").answer, Err(Failure::OutOfMemory));
    assert_eq!(error("const f = () => f() + 1; return f()")["errorType"], "RangeError");
}

#[test]
fn an_exception_is_told_as_lambda_tells_it() {
    let told = error("throw new TypeError('no')");
    assert_eq!((&told["errorType"], &told["errorMessage"]), (&json!("TypeError"), &json!("no")));
    let trace = told["trace"].as_array().unwrap();
    assert_eq!(trace[0], "TypeError: no");
    assert!(trace[1].as_str().unwrap().contains("/var/task/index.mjs"), "{trace:?}");
    assert_eq!(error("throw 'text'"), json!({ "errorType": "string", "errorMessage": "text", "trace": [] }));
    assert_eq!(error("const a = {}; a.a = a; return a")["errorMessage"], "Unable to stringify response body");
}

#[test]
fn what_cannot_be_loaded_says_why() {
    let failed = |files: &[(&str, &str)], handler: &str| match with(files, handler, &json!({}), &Ok(json!({}))).answer {
        Err(Failure::Thrown(error)) => (error["errorType"].clone(), error["errorMessage"].as_str().unwrap().to_owned()),
        other => panic!("{other:?}"),
    };
    let module = [("index.mjs", "export const handler = 1;")];
    assert_eq!(
        failed(&module, "other.handler"),
        (
            json!("Runtime.ImportModuleError"),
            "Error: Cannot find module 'other'\nRequire stack:\n- /var/runtime/index.mjs".into()
        )
    );
    assert_eq!(
        failed(&module, "index.gone"),
        (json!("Runtime.HandlerNotFound"), "index.gone is undefined or not exported".into())
    );
    assert_eq!(failed(&module, "index.handler").1, "index.handler is not a function");
    assert_eq!(failed(&module, "index").0, "Runtime.MalformedHandlerName");
    assert_eq!(failed(&[("index.mjs", "export const = 1")], "index.handler").0, "Runtime.UserCodeSyntaxError");
    assert_eq!(
        failed(&[("index.mjs", "import 'left-pad';")], "index.handler"),
        (json!("Error"), "Cannot find package 'left-pad' imported from /var/task/index.mjs".into())
    );
    assert_eq!(
        failed(&[("index.mjs", "import './gone.mjs';")], "index.handler").1,
        "Cannot find module './gone.mjs' imported from /var/task/index.mjs"
    );
    assert_eq!(failed(&[("index.js", "require('gone')")], "index.handler").0, "Runtime.ImportModuleError");
}

#[test]
fn modules_common_modules_and_callbacks_answer() {
    let run = |files: &[(&str, &str)]| with(files, "app/index.handler", &json!({ "n": 2 }), &Ok(json!({}))).answer;
    let esm = [
        (
            "app/index.mjs",
            "import { twice } from '../lib/twice.mjs'; export const handler = async ({ n }) => twice(n);",
        ),
        ("lib/twice.mjs", "export const twice = (n) => 2 * n;"),
    ];
    assert_eq!(run(&esm), Ok(json!(4)));
    let common = [
        (
            "app/index.js",
            "const { twice } = require('./twice'); const { randomUUID } = require('crypto'); exports.handler = (event, context, callback) => callback(null, [twice(event.n), typeof randomUUID]);",
        ),
        ("app/twice.js", "module.exports = { twice: (n) => 2 * n };"),
    ];
    assert_eq!(run(&common), Ok(json!([4, "function"])));
    assert_eq!(
        run(&[("app/index.js", "export const handler = async () => 1;"), ("package.json", r#"{"type":"module"}"#)]),
        Ok(json!(1))
    );
}

#[test]
fn nothing_stays_from_one_invocation_to_the_next() {
    let counter =
        [("index.mjs", "let n = 0; export const handler = async () => { n += 1; globalThis.seen = n; return n; };")];
    for _ in 0..2 {
        assert_eq!(with(&counter, "index.handler", &json!({}), &Ok(json!({}))).answer, Ok(json!(1)));
    }
}

#[test]
fn the_document_client_translates_on_both_ways() {
    let code = "import { DynamoDBClient } from '@aws-sdk/client-dynamodb'; import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
        export const handler = async (item) => (await DynamoDBDocument.from(new DynamoDBClient({})).put({ TableName: 'T', Item: item, ReturnValues: 'ALL_OLD' })).Attributes;";
    let item = json!({ "id": "é", "n": 1.5, "list": [null, true], "map": { "deep": "x" } });
    let attributes = json!({ "id": { "S": "é" }, "n": { "N": "1.5" }, "list": { "L": [{ "NULL": true }, { "BOOL": true }] }, "map": { "M": { "deep": { "S": "x" } } } });
    let ran = with(&[("index.mjs", code)], "index.handler", &item, &Ok(json!({ "Attributes": attributes })));
    assert_eq!(ran.answer, Ok(item));
    assert_eq!(
        ran.exchanges[0].request,
        json!({ "kind": "aws", "service": "dynamodb", "operation": "PutItem", "region": "eu-west-1",
        "input": { "TableName": "T", "Item": attributes, "ReturnValues": "ALL_OLD" } })
    );
}

#[test]
fn an_error_of_the_service_is_an_exception_with_its_name() {
    let code = "import { ConditionalCheckFailedException, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
        export const handler = async () => { try { await new DynamoDBClient({}).send(new GetItemCommand({})); } catch (error) { return [error.name, error.message, error.$metadata.httpStatusCode, error instanceof ConditionalCheckFailedException]; } };";
    let refused = json!({ "name": "ConditionalCheckFailedException", "message": "no", "status": 400, "fields": {} });
    let ran = with(&[("index.mjs", code)], "index.handler", &json!({}), &Err(refused));
    assert_eq!(ran.answer, Ok(json!(["ConditionalCheckFailedException", "no", 400, true])));
}

#[test]
fn text_bytes_and_addresses_are_nodes() {
    assert_eq!(
        value(
            "return Buffer.from('né€😀').toString('hex') + Buffer.from('aGk=', 'base64') + Buffer.from('hi').toString('base64')"
        ),
        json!("6ec3a9e282acf09f9880hiaGk=")
    );
    assert_eq!(
        value("return Buffer.concat([Buffer.from('ab'), Buffer.from('c\\r\\n')]).subarray(1).indexOf('\\r\\n')"),
        json!(2)
    );
    assert_eq!(
        value(
            "return new TextDecoder().decode(new TextEncoder().encode('né€😀')) + new TextDecoder().decode(Uint8Array.from([0xff, 0x41]))"
        ),
        json!("né€😀\u{fffd}A")
    );
    assert_eq!(
        value(
            "const u = new URL('https://A.test:8443/x/y?b=1&c=%20z'); return [u.host, u.pathname, u.searchParams.get('c'), new URL('../q', 'https://a.test/x/y').pathname]"
        ),
        json!(["a.test:8443", "/x/y", " z", "/x/../q"])
    );
}

#[test]
fn what_is_said_is_kept_with_its_level() {
    let ran = one("console.log('n is', event.n, { a: [1] }); console.error(new Error('bad'));");
    assert_eq!(ran.lines[0], ("INFO".into(), "n is 20 { a: [ 1 ] }".into()));
    assert!(ran.lines[1].0 == "ERROR" && ran.lines[1].1.starts_with("Error: bad\n    at "), "{:?}", ran.lines[1]);
}
