//! A drill whose evidence is on the disk while it runs, and what is done about one that nobody came to finish.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::dead_man::{self, Guarded};
use super::drills::{self, DrillError};
use super::session::Session;
use crate::drill::evidence::{self, BEGUN, Begun, CANARY, EVENTS, Folder, Keeper, SLOTS};
use crate::drill::{Control, Plan, Report, Snapshot, Stage};
use crate::progress::{DrillRecord, Entry, ProgressError, write_folder};

/// How a drill ends that did not live to its end.
const INTERRUPTED: &str = "interrupted: the program ended in the middle of the drill";

/// A drill that is over, and its evidence.
pub struct Kept {
    /// What was measured.
    pub report: Report,
    /// The folder's name below `reports/`.
    pub name: String,
    /// Where it stands; none when nothing is kept, as in a throw-away world.
    pub place: Option<PathBuf>,
    /// What could not be written.
    pub problems: Vec<String>,
}

impl Kept {
    /// The evidence. It is made anew each time: samples are much smaller than their text.
    pub fn files(&self) -> Folder {
        evidence::folder(&self.report)
    }
}

/// Runs a drill of that fault and keeps its evidence while it runs; `alone` begins it even if nothing would mend the fault
/// should this program die. Call it while holding one participant of the session's clock.
pub async fn run(
    session: &Arc<Session>,
    fault: &str,
    auto_fail_back: bool,
    alone: bool,
    control: &Control,
    show: &(dyn Fn(Snapshot) + Send + Sync),
) -> Result<Kept, DrillError> {
    let (plan, mut ports) = drills::prepare(session, fault, auto_fail_back).await?;
    let name = format!("{}-{}", session.clock.now().millis(), plan.fault);
    let folder = session.state.as_ref().map(|state| RunFolder::begin(&state.reports(), &name, &plan)).transpose()?;
    let folder = folder.map(Arc::new);
    ports.keeper = folder.clone().map(|folder| folder as Arc<dyn Keeper>);
    if let Err(why) = dead_man::arm(session, fault).await
        && !alone
    {
        if let Some(folder) = folder {
            folder.forget();
        }
        return Err(DrillError::Unguarded(why));
    }
    ports.switch = Arc::new(Guarded { session: Arc::clone(session), inner: ports.switch });
    let report = crate::drill::run(plan, ports, &session.clock, control, show).await;
    if report.samples.fault_requested.is_none() {
        // Nothing was broken, so nothing was mended.
        let _ = dead_man::disarm(session).await;
    }
    let (mut place, mut problems) = (None, Vec::new());
    if let Some(folder) = folder {
        problems.extend(folder.trouble());
        match finish(&folder.path, &evidence::folder(&report)) {
            Ok(()) => place = Some(folder.path.clone()),
            Err(error) => problems.push(error.to_string()),
        }
    }
    problems.extend(record(session, &name, &report));
    Ok(Kept { report, name, place, problems })
}

/// Tells the journal of a drill.
fn record(session: &Session, name: &str, report: &Report) -> Option<String> {
    session.record(Entry::DrillReported(DrillRecord {
        fault: report.plan.fault.clone(),
        report: format!("reports/{name}"),
        rto_seconds: report.rto_seconds,
        rpo_seconds: report.rpo_seconds,
        verdict: report.verdict.word().to_owned(),
    }))
}

/// The folder of a running drill. Its `running.json` is locked while this process lives.
struct RunFolder {
    path: PathBuf,
    _lock: File,
    trouble: Mutex<Option<String>>,
}

impl RunFolder {
    fn begin(reports: &Path, name: &str, plan: &Plan) -> Result<Self, DrillError> {
        if let Some(other) = begun(reports).into_iter().find(|path| matches!(lock(path), Ok(None))) {
            return Err(DrillError::Running(other.display().to_string()));
        }
        let path = reports.join(name);
        let text = serde_json::to_string_pretty(&Begun::new(plan)).unwrap_or_default();
        let begin = || -> io::Result<File> {
            fs::create_dir_all(&path)?;
            let mut file = OpenOptions::new().create_new(true).write(true).open(path.join(BEGUN))?;
            // Where files cannot be locked, nobody can tell a running drill from a dead one; it is begun all the same.
            let _ = file.try_lock();
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            Ok(file)
        };
        let lock = begin().map_err(|why| ProgressError::Unwritable { path: path.display().to_string(), why })?;
        Ok(Self { path, _lock: lock, trouble: Mutex::default() })
    }

    /// Removes it: the drill was not begun.
    fn forget(&self) {
        let _ = fs::remove_file(self.path.join(BEGUN)).and_then(|()| fs::remove_dir(&self.path));
    }

    /// Why samples could not be kept on the way, when they could not.
    fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Keeper for RunFolder {
    fn keep(&self, lines: &Folder) {
        for (name, text) in lines {
            let path = self.path.join(name);
            let file = OpenOptions::new().create(true).append(true).open(&path);
            if let Err(error) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
                let said = format!("{}: samples could not be kept while the drill ran: {error}", path.display());
                *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(said);
            }
        }
    }
}

/// Writes the finished evidence over what was kept on the way.
fn finish(path: &Path, files: &Folder) -> Result<(), ProgressError> {
    write_folder(path, files)?;
    let begun = path.join(BEGUN);
    fs::remove_file(&begun).map_err(|why| ProgressError::Unwritable { path: begun.display().to_string(), why })
}

/// The folders of drills that were begun and not finished.
fn begun(reports: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(reports).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.join(BEGUN).is_file()).collect();
    paths.sort();
    paths
}

/// Takes the lock of a folder that was begun; none when its drill is alive.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().read(true).append(true).open(path.join(BEGUN))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Finishes the drills that died: mends what they broke, at once, and closes their evidence as far as it goes. Gives a line
/// for people about each. The caller must hold no participant of the session's clock.
pub async fn recover(session: &Arc<Session>) -> Vec<String> {
    let Some(state) = &session.state else { return Vec::new() };
    let mut told = Vec::new();
    for path in begun(&state.reports()) {
        // Whoever holds the lock runs the drill, or finishes it just now.
        let Ok(Some(_lock)) = lock(&path) else { continue };
        let _awake = session.clock.participate();
        match close(session, &path).await {
            Ok(line) => told.extend(line),
            Err(why) => told.push(format!(
                "A drill was interrupted, and what it broke may be broken still: {why}. Its samples are in {}.",
                path.display()
            )),
        }
    }
    told
}

async fn close(session: &Arc<Session>, path: &Path) -> Result<Option<String>, String> {
    let mut files = Folder::new();
    for name in [BEGUN, SLOTS, CANARY, EVENTS] {
        match fs::read(path.join(name)) {
            Ok(bytes) => {
                files.insert(name.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{}: {error}", path.join(name).display())),
        }
    }
    if files.get(BEGUN).is_some_and(String::is_empty) && files.len() == 1 {
        // It died before it knew what to do, let alone did it.
        let gone = fs::remove_file(path.join(BEGUN)).and_then(|()| fs::remove_dir(path));
        return gone.map(|()| None).map_err(|error| format!("{}: {error}", path.display()));
    }
    let (plan, mut samples, ended) = evidence::unfinished(&files).map_err(|finding| finding.to_string())?;
    let fault = plan.fault.clone();
    let begun = samples.fault_requested;
    if let Some(since) = begun {
        drills::mend(session, &fault, since)
            .await
            .map_err(|why| format!("the fault '{fault}' cannot be mended: {why}"))?;
        let _ = dead_man::disarm(session).await;
        samples.healed = samples.healed.or_else(|| Some(session.clock.now()));
    }
    let died = samples.slots.iter().map(|slot| slot.at).max().unwrap_or(samples.start).clock_face();
    let report = Report::new(plan, samples, ended.unwrap_or_else(|| Stage::Stopped(INTERRUPTED.to_owned())));
    finish(path, &evidence::folder(&report)).map_err(|error| error.to_string())?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let problem = record(session, &name, &report);
    let mended = if begun.is_some() { "what it had broken is mended" } else { "it had broken nothing yet" };
    Ok(Some(format!(
        "The drill '{fault}' was interrupted at {died}: {mended}, and what it saw is kept as {} in {}.{}",
        report.verdict.word(),
        path.display(),
        problem.map_or_else(String::new, |problem| format!(" The journal could not be written: {problem}"))
    )))
}
