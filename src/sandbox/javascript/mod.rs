//! JavaScript as Lambda runs it, without Lambda: files, a handler and an event in, an answer out.
//!
//! Every invocation gets a fresh execution environment. AWS may start one for any invocation, so code that relies on
//! more is wrong there too; and nothing can leak from one invocation into the next, from a thread or from a process
//! into the world, which stays a value. What the code asks of the world it asks through one port, in order, and time
//! and chance are given: the answer is a function of the files, the event, the replies, the instant and the seed. The
//! caller may therefore remember it (see `dataplane::functions`).

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use rquickjs::{Context, Ctx, Function, Object, Runtime};
use serde_json::{Value, json};

use super::chance;

pub mod archive;
pub mod modules;
#[cfg(test)]
mod tests;

use modules::{BUILTINS, Files, ROOT};

const PRELUDE: &str = include_str!("prelude.js");
/// What the prelude reads when it is first used: an invocation spends most of its time on reading code.
const PARTS: [(&str, &str); 9] = [
    ("addresses.js", include_str!("addresses.js")),
    ("bytes.js", include_str!("bytes.js")),
    ("chance.js", include_str!("chance.js")),
    ("common.js", include_str!("common.js")),
    ("fetch.js", include_str!("fetch.js")),
    ("process.js", include_str!("process.js")),
    ("said.js", include_str!("said.js")),
    ("time.js", include_str!("time.js")),
    ("timers.js", include_str!("timers.js")),
];
/// How many bytecode instructions the engine runs between two looks at the budget. Source: quickjs.c,
/// `JS_INTERRUPT_COUNTER_INIT`.
const TICK: u64 = 10_000;
/// An invocation that runs longer than this is taken for one that never ends. Counted, not measured, so that the
/// outcome is the same on every machine; it is two seconds or less on those at hand.
const MOST_TICKS: u64 = 100_000_000 / TICK;
/// How deep calls may nest, in bytes. Threads of the program have at least twice as much.
const STACK: usize = 512 * 1024;

/// What is to be run.
pub struct Job<'a> {
    /// The files of the function.
    pub files: &'a Files,
    /// File and export: `books.handler`.
    pub handler: &'a str,
    /// `process.env`.
    pub environment: &'a BTreeMap<String, String>,
    /// The event.
    pub event: &'a Value,
    /// Members of the context: `functionName`, `awsRequestId`, …
    pub context: Value,
    /// The simulated instant, in milliseconds since 1970.
    pub now: i64,
    /// How long it may take, in simulated time.
    pub timeout: Duration,
    /// How much memory it may take, in MiB.
    pub memory: u64,
    /// The world's seed.
    pub seed: u64,
    /// What chance belongs to: another text, other numbers.
    pub chance: &'a str,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// An exception, as Lambda tells it: `errorType`, `errorMessage`, `trace`.
    Thrown(Value),
    /// The time was over.
    TimedOut,
    /// The memory was not enough.
    OutOfMemory,
}

/// A question to the world, and what came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The question.
    pub request: Value,
    /// The answer, or the members of an error.
    pub reply: Reply,
}

/// An answer, or the members of an error: `name`, `message`, `status`, `fields`.
pub type Reply = Result<Value, Value>;

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// The answer.
    pub answer: Result<Value, Failure>,
    /// What was written to the console: level and text.
    pub lines: Vec<(String, String)>,
    /// All questions in the order of asking.
    pub exchanges: Vec<Exchange>,
    /// Simulated time that timers took.
    pub elapsed: Duration,
    /// Whether the code looked at the clock or at chance, so that another instant may give another answer.
    pub observed: bool,
}

/// What the host functions share with the loop.
#[derive(Default)]
struct Shared {
    asked: RefCell<VecDeque<(u32, String)>>,
    lines: RefCell<Vec<(String, String)>>,
    elapsed: Cell<u64>,
    observed: Cell<bool>,
    drawn: Cell<u64>,
    ticks: Cell<u64>,
}

/// Runs a job. `port` answers what the code asks of the world.
pub fn run(job: &Job<'_>, port: &mut dyn FnMut(&Value) -> Reply) -> Ran {
    let shared = Rc::new(Shared::default());
    let mut exchanges = Vec::new();
    let answer = attempt(job, &shared, &mut exchanges, port);
    // Whatever the engine itself could not do is the code's failure in the end: it is out of memory or of stack.
    let answer = answer.unwrap_or_else(|problem| match problem {
        rquickjs::Error::Allocation => Err(Failure::OutOfMemory),
        other => Err(thrown("Error", &other.to_string())),
    });
    let lines = shared.lines.take();
    let elapsed = Duration::from_millis(shared.elapsed.get());
    Ran { answer, lines, exchanges, elapsed, observed: shared.observed.get() }
}

/// An exception of that type with those words.
fn thrown(kind: &str, message: &str) -> Failure {
    Failure::Thrown(json!({ "errorType": kind, "errorMessage": message, "trace": [format!("{kind}: {message}")] }))
}

/// The file of a handler, the export, and whether it is a module.
fn entry(files: &Files, handler: &str) -> Result<(String, String, bool), Failure> {
    let name_at = handler.rfind('/').map_or(0, |at| at + 1);
    let dot = handler.get(name_at..).and_then(|name| name.find('.')).map(|at| at + name_at);
    let Some((stem, export)) = dot.and_then(|dot| Some((handler.get(..dot)?, handler.get(dot + 1..)?))) else {
        return Err(thrown("Runtime.MalformedHandlerName", "Bad handler"));
    };
    let package: Option<Value> = files.get("package.json").and_then(|text| serde_json::from_str(text).ok());
    let all_modules = package.is_some_and(|package| package.get("type").and_then(Value::as_str) == Some("module"));
    // The order of Lambda's runtime interface client for Node.js, UserFunction.js.
    for (extension, module) in [(".js", all_modules), (".mjs", true), (".cjs", false)] {
        let path = format!("{stem}{extension}");
        if files.contains_key(&path) {
            return Ok((format!("{ROOT}{path}"), export.to_owned(), module));
        }
    }
    let message = format!("Error: Cannot find module '{stem}'\nRequire stack:\n- /var/runtime/index.mjs");
    Err(thrown("Runtime.ImportModuleError", &message))
}

type Outcome = Result<Value, Failure>;

fn attempt(
    job: &Job<'_>,
    shared: &Rc<Shared>,
    exchanges: &mut Vec<Exchange>,
    port: &mut dyn FnMut(&Value) -> Reply,
) -> rquickjs::Result<Outcome> {
    let (file, export, module) = match entry(job.files, job.handler) {
        Ok(found) => found,
        Err(failure) => return Ok(Err(failure)),
    };
    let runtime = Runtime::new()?;
    runtime.set_memory_limit(usize::try_from(job.memory).unwrap_or(128) << 20);
    runtime.set_max_stack_size(STACK);
    runtime.set_loader(modules::Names(Rc::clone(job.files)), modules::Sources(Rc::clone(job.files)));
    let counted = Rc::clone(shared);
    runtime.set_interrupt_handler(Some(Box::new(move || {
        counted.ticks.set(counted.ticks.get() + 1);
        counted.ticks.get() > MOST_TICKS
    })));
    let context = Context::full(&runtime)?;
    let answer = context.with(|ctx| {
        let prelude: Function<'_> = ctx.eval(PRELUDE)?;
        let control: Object<'_> = prelude.call((host(&ctx, job, shared)?,))?;
        let invoke: Function<'_> = control.get("invoke")?;
        invoke.call::<_, ()>((file, export, module, job.event.to_string(), job.context.to_string()))?;
        turn(&ctx, &control, job, shared, exchanges, port)
    });
    if shared.ticks.get() > MOST_TICKS {
        shared.elapsed.set(millis(job.timeout));
        return Ok(Err(Failure::TimedOut));
    }
    Ok(match answer? {
        Err(Failure::Thrown(error)) if out_of_memory(&error) => Err(Failure::OutOfMemory),
        other => other,
    })
}

fn out_of_memory(error: &Value) -> bool {
    let is = |member: &str, text: &str| error.get(member).and_then(Value::as_str) == Some(text);
    is("errorType", "InternalError") && is("errorMessage", "out of memory")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What the prelude may call.
fn host<'js>(ctx: &Ctx<'js>, job: &Job<'_>, shared: &Rc<Shared>) -> rquickjs::Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set("start", job.now as f64)?;
    host.set("environment", json!(job.environment).to_string())?;
    host.set("builtins", BUILTINS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" "))?;
    let (its, now) = (Rc::clone(shared), job.now as f64);
    host.set(
        "now",
        Function::new(ctx.clone(), move || {
            its.observed.set(true);
            now + its.elapsed.get() as f64
        })?,
    )?;
    let its = Rc::clone(shared);
    host.set("elapsed", Function::new(ctx.clone(), move || its.elapsed.get() as f64)?)?;
    let (its, seed, resource) = (Rc::clone(shared), job.seed, job.chance.to_owned());
    host.set(
        "random",
        Function::new(ctx.clone(), move || {
            its.observed.set(true);
            its.drawn.set(its.drawn.get() + 1);
            chance::unit(seed, "lambda.code", &resource, its.drawn.get())
        })?,
    )?;
    let its = Rc::clone(shared);
    host.set(
        "say",
        Function::new(ctx.clone(), move |level: String, text: String| its.lines.borrow_mut().push((level, text)))?,
    )?;
    let its = Rc::clone(shared);
    host.set(
        "ask",
        Function::new(ctx.clone(), move |id: u32, request: String| its.asked.borrow_mut().push_back((id, request)))?,
    )?;
    host.set(
        "part",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, name: String| -> rquickjs::Result<Function<'js>> {
            let part = PARTS.iter().find(|(known, _)| *known == name);
            ctx.eval(part.map_or("", |(_, source)| source))
        })?,
    )?;
    let files = Rc::clone(job.files);
    host.set(
        "read",
        Function::new(ctx.clone(), move |path: String| {
            path.strip_prefix(ROOT).and_then(|path| files.get(path)).cloned()
        })?,
    )?;
    let files = Rc::clone(job.files);
    host.set(
        "locate",
        Function::new(ctx.clone(), move |from: String, name: String| {
            let tries = ["", ".js", ".cjs", ".json", "/index.js"];
            // A name without a path is looked for where Lambda's NODE_PATH ends and in its own packages.
            let bare = !name.starts_with('.') && !name.starts_with('/');
            let names =
                if bare { vec![format!("{ROOT}{name}"), format!("{ROOT}node_modules/{name}")] } else { vec![name] };
            names.iter().find_map(|name| {
                tries.iter().find_map(|extension| modules::locate(&files, &from, &format!("{name}{extension}")))
            })
        })?,
    )?;
    Ok(host)
}

/// Lets jobs run, answers questions and fires timers, until the handler is done or nothing is left to do.
fn turn<'js>(
    ctx: &Ctx<'js>,
    control: &Object<'js>,
    job: &Job<'_>,
    shared: &Shared,
    exchanges: &mut Vec<Exchange>,
    port: &mut dyn FnMut(&Value) -> Reply,
) -> rquickjs::Result<Outcome> {
    let state: Object<'_> = control.get("state")?;
    let settle: Function<'_> = control.get("settle")?;
    let next_timer: Function<'_> = control.get("nextTimer")?;
    let fire_timer: Function<'_> = control.get("fireTimer")?;
    loop {
        while ctx.execute_pending_job() {
            if shared.ticks.get() > MOST_TICKS {
                return Ok(Err(Failure::TimedOut));
            }
        }
        if state.get("done")? {
            let payload: String = state.get("payload")?;
            let payload = serde_json::from_str(&payload).unwrap_or_default();
            return Ok(if state.get("ok")? { Ok(payload) } else { Err(Failure::Thrown(payload)) });
        }
        let asked = shared.asked.borrow_mut().pop_front();
        if let Some((id, request)) = asked {
            let request: Value = serde_json::from_str(&request).unwrap_or_default();
            let reply = port(&request);
            let (ok, json) = match &reply {
                Ok(answer) => (true, answer.to_string()),
                Err(error) => (false, error.to_string()),
            };
            exchanges.push(Exchange { request, reply });
            settle.call::<_, ()>((id, ok, json))?;
            continue;
        }
        let at: f64 = next_timer.call(())?;
        if at < 0.0 {
            // The event loop is empty and nothing was answered: Lambda's runtime for Node.js answers null.
            return Ok(Ok(Value::Null));
        }
        if at as u64 >= millis(job.timeout) {
            shared.elapsed.set(millis(job.timeout));
            return Ok(Err(Failure::TimedOut));
        }
        shared.elapsed.set(shared.elapsed.get().max(at as u64));
        if let Err(rquickjs::Error::Exception) = fire_timer.call::<_, ()>(()) {
            // Nobody catches what a timer throws: it ends the process.
            let thrown_by_timer = ctx.catch();
            let message = thrown_by_timer.as_exception().and_then(rquickjs::Exception::message).unwrap_or_default();
            return Ok(Err(thrown("Runtime.UnhandledError", &message)));
        }
    }
}
