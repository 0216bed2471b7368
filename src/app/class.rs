//! The model of the fleet screen: the seats of a class, what is marked, and the reset of the marked ones. Pure, as the rest
//! of this floor: [`update_class`] folds one message and says what is to be done.

use std::collections::BTreeSet;

use super::key::Key;
use crate::domain::SimTime;

/// How a seat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeatState {
    /// Something is wrong in the account.
    Wrong,
    /// Nothing has moved for some time.
    Stuck,
    /// AWS is at work.
    Working,
    /// Everything that was read is as it should be, or nothing tells.
    Fine,
    /// The account could not be read.
    Unread,
}

impl SeatState {
    /// The word to filter by.
    fn word(self) -> &'static str {
        match self {
            SeatState::Wrong => "wrong",
            SeatState::Stuck => "stuck",
            SeatState::Working => "working",
            SeatState::Fine => "fine",
            SeatState::Unread => "unread",
        }
    }
}

/// A seat, in words that are ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct SeatRow {
    /// The seat.
    pub seat: String,
    /// Who sits there.
    pub name: String,
    /// The account.
    pub account: String,
    /// How it is.
    pub state: SeatState,
    /// The module; none when the account could not be read.
    pub module: Option<String>,
    /// Facts of that module that hold, and all of them.
    pub facts: (usize, usize),
    /// For how long nothing has moved: `17m`, `working`, `unknown`.
    pub stuck: String,
    /// When something last happened.
    pub last: String,
    /// US dollars an hour.
    pub cost: String,
    /// What it waits for.
    pub waits_for: String,
    /// The step in which the learner did something last.
    pub position: Option<String>,
    /// What is wrong, a line each.
    pub errors: Vec<String>,
}

/// What lies over the table.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Over {
    /// Nothing.
    #[default]
    Nothing,
    /// One seat, to read.
    Seat {
        /// Lines that are scrolled away.
        scroll: usize,
    },
    /// The keys.
    Help,
    /// A plan is being made.
    Planning,
    /// A plan, and the phrase that is typed to apply it.
    Plan {
        /// What goes, a line each.
        lines: Vec<String>,
        /// What must be typed.
        phrase: String,
        /// What was typed so far.
        typed: String,
    },
}

/// The whole screen.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // what is typed, at work, simulated and over are independent of each other
pub struct ClassModel {
    /// The seats; who is stuck longest comes first.
    pub rows: Vec<SeatRow>,
    /// Which one of those that match the filter is chosen.
    pub selected: usize,
    /// Only seats that contain this.
    pub filter: String,
    /// The filter is being typed.
    pub typing: bool,
    /// Seats that are marked.
    pub marked: BTreeSet<String>,
    /// What lies over the table.
    pub over: Over,
    /// What a reset tells of a seat; the last line of each.
    pub resets: std::collections::BTreeMap<String, String>,
    /// Whether a reset is at work.
    pub resetting: bool,
    /// The time of the accounts.
    pub now: SimTime,
    /// Whether that time is simulated.
    pub simulated: bool,
    /// How long the last look took, in seconds of the wall, and how many looks there were.
    pub looks: (f64, usize),
    /// While seats are asked: how many have answered, and how many there are.
    pub asked: Option<(usize, usize)>,
    /// One line for the instructor.
    pub notice: String,
    /// Whether the screen is to be closed.
    pub quitting: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum ClassMsg {
    /// A key.
    Key(Key),
    /// Pasted text.
    Paste(String),
    /// The terminal has another size.
    Resize,
    /// Seats are being asked.
    Asked {
        /// How many have answered.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// Every seat was asked once more.
    Rows {
        /// The seats.
        rows: Vec<SeatRow>,
        /// The time of the accounts.
        now: SimTime,
        /// How long it took.
        seconds: f64,
    },
    /// A plan for the marked seats, or why there is none.
    Planned(Result<(Vec<String>, String), String>),
    /// A reset tells something about a seat.
    Told {
        /// The seat.
        seat: String,
        /// What.
        text: String,
    },
    /// The reset has ended.
    Ended(String),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassEffect {
    /// Ask every seat now.
    Look,
    /// Make a plan for these seats.
    Plan(Vec<String>),
    /// Apply the plan that was made and confirmed.
    Apply,
    /// Stop the reset; what AWS has begun goes on.
    Stop,
}

impl SeatRow {
    /// Whether the seat contains the text, in lower case, in anything that is shown of it.
    fn contains(&self, text: &str) -> bool {
        let own = [&self.seat, &self.name, &self.account, &self.waits_for];
        let more = self.module.iter().chain(&self.position).chain(&self.errors);
        let has = |field: &str| field.to_lowercase().contains(text);
        self.state.word().contains(text) || own.into_iter().chain(more).any(|field| has(field))
    }
}

impl ClassModel {
    /// The seats that match the filter.
    pub fn shown(&self) -> impl Iterator<Item = &SeatRow> {
        let filter = self.filter.to_lowercase();
        self.rows.iter().filter(move |row| filter.is_empty() || row.contains(&filter))
    }

    /// The chosen seat.
    pub fn chosen(&self) -> Option<&SeatRow> {
        self.shown().nth(self.selected)
    }

    /// Changes what is shown, and keeps the choice on its seat while that is shown.
    fn keep_choice(&mut self, change: impl FnOnce(&mut Self)) {
        let chosen = self.chosen().map(|row| row.seat.clone());
        change(self);
        let place = chosen.and_then(|seat| self.shown().position(|row| row.seat == seat));
        self.selected = place.unwrap_or(self.selected).min(self.shown().count().saturating_sub(1));
    }
}

/// Folds one message into the model.
pub fn update_class(model: &mut ClassModel, message: ClassMsg) -> Vec<ClassEffect> {
    match message {
        ClassMsg::Key(key) => return pressed(model, key),
        ClassMsg::Paste(text) => {
            if let Over::Plan { typed, .. } = &mut model.over {
                typed.extend(text.chars().filter(|c| !c.is_control()).take(200));
            } else if model.typing {
                model.keep_choice(|model| {
                    model.filter.extend(text.chars().filter(|c| !c.is_control()).take(FILTER));
                });
            }
        }
        ClassMsg::Resize => {}
        ClassMsg::Asked { done, of } => model.asked = Some((done, of)),
        ClassMsg::Rows { rows, now, seconds } => {
            model.asked = None;
            model.marked.retain(|seat| rows.iter().any(|row| row.seat == *seat));
            model.keep_choice(|model| model.rows = rows);
            model.now = now;
            model.looks = (seconds, model.looks.1 + 1);
        }
        ClassMsg::Planned(Ok((lines, phrase))) => {
            // Somebody who has gone back meanwhile does not want it any more.
            if model.over == Over::Planning {
                model.over = Over::Plan { lines, phrase, typed: String::new() };
            }
        }
        ClassMsg::Planned(Err(why)) => {
            model.over = Over::Nothing;
            model.notice = why;
        }
        ClassMsg::Told { seat, text } => drop(model.resets.insert(seat, text)),
        ClassMsg::Ended(text) => {
            model.resetting = false;
            model.notice = text;
            return vec![ClassEffect::Look];
        }
    }
    Vec::new()
}

fn pressed(model: &mut ClassModel, key: Key) -> Vec<ClassEffect> {
    model.notice.clear();
    if key == Key::Ctrl('c') {
        return interrupted(model);
    }
    match &mut model.over {
        Over::Plan { phrase, typed, .. } => {
            match key {
                Key::Char(c) if typed.chars().count() < 200 => typed.push(c),
                Key::Backspace if !typed.is_empty() => drop(typed.pop()),
                Key::Esc | Key::Backspace => {
                    model.over = Over::Nothing;
                    "Nothing was deleted.".clone_into(&mut model.notice);
                }
                Key::Enter if typed.trim() == phrase.as_str() => {
                    model.over = Over::Nothing;
                    (model.resetting, model.resets) = (true, std::collections::BTreeMap::new());
                    model.marked.clear();
                    return vec![ClassEffect::Apply];
                }
                Key::Enter => "That is not the phrase. Type it, or press Esc.".clone_into(&mut model.notice),
                _ => {}
            }
            return Vec::new();
        }
        Over::Seat { scroll } => {
            match key {
                Key::Down | Key::Char('j') => *scroll += 1,
                Key::Up | Key::Char('k') => *scroll = scroll.saturating_sub(1),
                _ => model.over = Over::Nothing,
            }
            return Vec::new();
        }
        Over::Help | Over::Planning => {
            model.over = Over::Nothing;
            return Vec::new();
        }
        Over::Nothing => {}
    }
    if model.typing { typed(model, key) } else { on_table(model, key) }
}

/// The longest filter.
const FILTER: usize = 40;

/// A key of the filter.
fn typed(model: &mut ClassModel, key: Key) -> Vec<ClassEffect> {
    match key {
        Key::Enter | Key::Down | Key::Up | Key::Tab => model.typing = false,
        Key::Esc => {
            model.typing = false;
            model.keep_choice(|model| model.filter.clear());
        }
        Key::Backspace if model.filter.is_empty() => model.typing = false,
        Key::Backspace => model.keep_choice(|model| {
            model.filter.pop();
        }),
        Key::Char(c) if model.filter.chars().count() < FILTER => model.keep_choice(|model| model.filter.push(c)),
        _ => {}
    }
    Vec::new()
}

/// Ctrl-C stops a reset first, and closes the screen when there is none.
fn interrupted(model: &mut ClassModel) -> Vec<ClassEffect> {
    if model.resetting {
        "Stopping the reset; what AWS has begun goes on. Ctrl-C once more leaves when it has stopped."
            .clone_into(&mut model.notice);
        return vec![ClassEffect::Stop];
    }
    model.quitting = true;
    Vec::new()
}

fn on_table(model: &mut ClassModel, key: Key) -> Vec<ClassEffect> {
    let last = model.shown().count().saturating_sub(1);
    match key {
        Key::Char('/') => model.typing = true,
        Key::Esc if !model.filter.is_empty() => model.keep_choice(|model| model.filter.clear()),
        Key::Down | Key::Char('j') => model.selected = (model.selected + 1).min(last),
        Key::Up | Key::Char('k') => model.selected = model.selected.saturating_sub(1),
        Key::PageDown => model.selected = (model.selected + 10).min(last),
        Key::PageUp => model.selected = model.selected.saturating_sub(10),
        Key::Home | Key::Char('g') => model.selected = 0,
        Key::End | Key::Char('G') => model.selected = last,
        Key::Enter | Key::Char('o') if model.chosen().is_some() => model.over = Over::Seat { scroll: 0 },
        Key::Char('?') => model.over = Over::Help,
        Key::Char(' ') => {
            if let Some(seat) = model.chosen().map(|row| row.seat.clone())
                && !model.marked.remove(&seat)
            {
                model.marked.insert(seat);
            }
        }
        Key::Char('a') => {
            let idle = model.shown().filter(|row| matches!(row.state, SeatState::Stuck | SeatState::Wrong));
            let idle: BTreeSet<String> = idle.map(|row| row.seat.clone()).collect();
            // What the filter hides keeps its mark, and gets none.
            if idle.is_subset(&model.marked) {
                model.marked.retain(|seat| !idle.contains(seat));
            } else {
                let shown: BTreeSet<String> = model.shown().map(|row| row.seat.clone()).collect();
                model.marked.retain(|seat| !shown.contains(seat));
                model.marked.extend(idle);
            }
        }
        Key::Char('c') => return vec![ClassEffect::Look],
        Key::Char('x') if model.resetting => "A reset is at work; Ctrl-C stops it.".clone_into(&mut model.notice),
        Key::Char('x') if model.marked.is_empty() => "Mark seats with Space first.".clone_into(&mut model.notice),
        Key::Char('x') => {
            model.over = Over::Planning;
            return vec![ClassEffect::Plan(model.marked.iter().cloned().collect())];
        }
        Key::Char('q') | Key::Esc if model.resetting => {
            "A reset is at work. Ctrl-C stops it; the same plan can be continued.".clone_into(&mut model.notice);
        }
        Key::Char('q') => model.quitting = true,
        _ => {}
    }
    Vec::new()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn row(seat: &str, state: SeatState) -> SeatRow {
        SeatRow {
            seat: seat.into(),
            name: String::new(),
            account: "111122223333".into(),
            state,
            module: Some("m2".into()),
            facts: (1, 9),
            stuck: "17m".into(),
            last: "09:12".into(),
            cost: "0.64".into(),
            waits_for: "m2.aurora-replica".into(),
            position: None,
            errors: Vec::new(),
        }
    }

    fn model() -> ClassModel {
        let rows = vec![row("1", SeatState::Stuck), row("2", SeatState::Working), row("3", SeatState::Wrong)];
        let mut model = ClassModel::default();
        update_class(&mut model, ClassMsg::Rows { rows, now: SimTime::WORLD_START, seconds: 0.1 });
        model
    }

    fn keys(model: &mut ClassModel, text: &str) -> Vec<ClassEffect> {
        text.chars().flat_map(|c| update_class(model, ClassMsg::Key(Key::Char(c)))).collect()
    }

    #[test]
    fn nothing_is_reset_without_marks_and_the_whole_phrase() {
        let mut model = model();
        assert_eq!(keys(&mut model, "x"), []);
        assert!(model.notice.contains("Mark"));
        assert_eq!(keys(&mut model, " jx"), [ClassEffect::Plan(vec!["1".into()])]);
        let plan = Ok((vec!["31 things".to_owned()], "reset class 1 accounts 31 resources".to_owned()));
        update_class(&mut model, ClassMsg::Planned(plan.clone()));
        keys(&mut model, "reset class");
        assert_eq!(update_class(&mut model, ClassMsg::Key(Key::Enter)), []);
        keys(&mut model, " 1 accounts 31 resources");
        assert_eq!(update_class(&mut model, ClassMsg::Key(Key::Enter)), [ClassEffect::Apply]);
        assert!(model.resetting && model.marked.is_empty());
        assert_eq!(keys(&mut model, "q x"), [], "a reset at work is neither left nor doubled");
        assert!(!model.quitting);
        assert_eq!(update_class(&mut model, ClassMsg::Key(Key::Ctrl('c'))), [ClassEffect::Stop]);
        update_class(&mut model, ClassMsg::Ended("stopped".into()));
        update_class(&mut model, ClassMsg::Planned(plan));
        assert_eq!(model.over, Over::Nothing, "a plan that nobody waits for is not shown");
    }

    #[test]
    fn marks_and_choice_follow_their_seats() {
        let mut model = model();
        keys(&mut model, "aj");
        assert_eq!(model.marked.iter().map(String::as_str).collect::<Vec<_>>(), ["1", "3"]);
        let rows = vec![row("2", SeatState::Fine), row("3", SeatState::Wrong)];
        update_class(&mut model, ClassMsg::Rows { rows, now: SimTime::WORLD_START, seconds: 0.1 });
        assert_eq!((model.selected, model.marked.len()), (0, 1));
    }

    #[test]
    fn a_filter_shows_seats_by_any_text_of_theirs_and_escape_clears_it() {
        let mut model = model();
        let seats = |model: &ClassModel| model.shown().map(|row| row.seat.clone()).collect::<Vec<_>>();
        keys(&mut model, "jj/WRONG");
        assert_eq!(seats(&model), ["3"]);
        assert_eq!((model.selected, model.chosen().map(|row| row.seat.as_str())), (0, Some("3")));
        // While it is typed, letters are letters.
        assert!(!model.quitting && model.marked.is_empty());
        update_class(&mut model, ClassMsg::Key(Key::Enter));
        keys(&mut model, "a");
        assert_eq!(model.marked.iter().map(String::as_str).collect::<Vec<_>>(), ["3"], "only what is shown");
        // A look keeps filter and choice.
        let rows = vec![row("3", SeatState::Wrong), row("2", SeatState::Wrong), row("1", SeatState::Fine)];
        update_class(&mut model, ClassMsg::Rows { rows, now: SimTime::WORLD_START, seconds: 0.1 });
        assert_eq!(seats(&model), ["3", "2"]);
        keys(&mut model, "j");
        update_class(&mut model, ClassMsg::Key(Key::Esc));
        assert_eq!((seats(&model).len(), model.chosen().map(|row| row.seat.as_str())), (3, Some("2")));
        assert!(model.filter.is_empty() && !model.typing && !model.quitting);
        keys(&mut model, "/nobody");
        assert_eq!((model.selected, model.chosen()), (0, None));
        update_class(&mut model, ClassMsg::Key(Key::Enter));
        update_class(&mut model, ClassMsg::Key(Key::Enter));
        assert_eq!(model.over, Over::Nothing, "there is nothing to open");
    }

    proptest! {
        #[test]
        fn no_keys_lead_to_a_reset_without_a_plan(typed in prop::collection::vec(any::<char>(), 0..60)) {
            let mut model = model();
            for c in typed {
                let key = if c == '\n' { Key::Enter } else { Key::Char(c) };
                let effects = update_class(&mut model, ClassMsg::Key(key));
                prop_assert!(!effects.contains(&ClassEffect::Apply));
                prop_assert!(model.selected < model.rows.len());
            }
        }
    }
}
