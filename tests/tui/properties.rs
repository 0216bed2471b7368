//! What holds for every sequence of keys and answers.

use multi_region_workshop::app::*;
use multi_region_workshop::content::model::Confirmation;
use multi_region_workshop::domain::Effect as Does;
use multi_region_workshop::tui::{Palette, Theme, draw};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::sample::*;

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        8 => proptest::char::range(' ', '~').prop_map(Key::Char),
        8 => proptest::sample::select(vec!['n', 'p', 'y', 'a', 'u', 'f', 'h', 'v', 'd', 'r', ' ', 'b', 'g', ':', '?', '/'])
            .prop_map(Key::Char),
        6 => proptest::sample::select(vec![
            Key::Enter, Key::Esc, Key::Tab, Key::BackTab, Key::Backspace, Key::Up, Key::Down, Key::Left, Key::Right,
            Key::Home, Key::End, Key::PageUp, Key::PageDown,
        ]),
        1 => Just(Key::Ctrl('c')),
    ]
}

/// Keys, and answers that may come between them.
#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Job(u64, bool),
    Drill(DrillState),
    Page,
    Resources(bool),
    Tick(u64),
    View(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let state = proptest::sample::select(vec![
        DrillState::Idle,
        DrillState::Predict,
        DrillState::Running,
        DrillState::Frozen,
        DrillState::Failback,
    ]);
    let step = prop_oneof![
        20 => key().prop_map(Step::Key),
        1 => (0u64..5, any::<bool>()).prop_map(|(job, done)| Step::Job(job, done)),
        1 => state.prop_map(Step::Drill),
        1 => Just(Step::Page),
        1 => any::<bool>().prop_map(Step::Resources),
        1 => (0u64..10_000).prop_map(Step::Tick),
        1 => (0usize..60, 0usize..60).prop_map(|(rows, lines)| Step::View(rows, lines)),
    ];
    proptest::collection::vec(step, 0..80)
}

/// A page on which the solution and one visible fence are destructive, and one fence wants its word typed.
fn dangerous() -> Page {
    let mut page = page();
    let id = page.step.clone();
    page.actions.push(action(
        &id,
        "cut",
        "aws rds delete-db-cluster --db-cluster-identifier x --region ap-southeast-1",
        Does::Delete,
        Confirmation::Auto,
    ));
    page.actions.push(action(
        &id,
        "break",
        "aws apigateway delete-base-path-mapping --domain-name x --base-path y --region eu-west-1",
        Does::Fault,
        Confirmation::TypeName,
    ));
    for action in &mut page.actions {
        action.hidden = false;
    }
    page.solution.push(format!("{id}#cut"));
    page
}

fn message(step: &Step, model: &Model) -> Msg {
    match step {
        Step::Key(key) => Msg::Key(*key),
        Step::Job(job, true) => {
            Msg::Job { job: JobId(*job), event: JobEvent::Done { at: model.now, output: "{}".into() } }
        }
        Step::Job(job, false) => Msg::Job {
            job: JobId(*job),
            event: JobEvent::Failed { at: model.now, trouble: Trouble::default(), output: String::new() },
        },
        Step::Drill(state) => {
            let mut view = drill(*state);
            if *state == DrillState::Idle {
                view.fault = None;
                view.broken = None;
            }
            Msg::Drill(Box::new(view))
        }
        Step::Page => Msg::Page(Box::new(dangerous())),
        Step::Resources(full) => Msg::Resources(if *full { resources() } else { ResourcesView::default() }),
        Step::Tick(second) => Msg::Tick { wall: secs(*second), simulated: at(*second) },
        Step::View(rows, lines) => Msg::Viewports(Viewports {
            main_rows: *rows,
            main_lines: *lines,
            main_top: 0,
            overlay_rows: *rows,
            overlay_lines: *lines,
        }),
    }
}

fn begin() -> Model {
    let mut model = on_step((80, 24));
    send(&mut model, Msg::Page(Box::new(dangerous())));
    model
}

/// Whether carrying this out removes or breaks something, or was to be confirmed by the policy.
fn needs_confirmation(effect: &Effect, model: &Model) -> bool {
    let strict = |page: &Page, id: &str| {
        page.action(id).is_some_and(|action| {
            matches!(action.effect, Does::Delete | Does::Fault) || action.confirm > Confirmation::Auto
        })
    };
    match effect {
        Effect::RunAction { step, action, .. } => model.pages.get(step).is_some_and(|page| strict(page, action)),
        Effect::RunSolution { step, .. } => {
            model.pages.get(step).is_some_and(|page| page.solution.iter().any(|id| strict(page, id)))
        }
        Effect::StartDrill { .. } | Effect::AbortDrill | Effect::FailBack | Effect::EnterModuleOverride { .. } => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn nothing_destructive_starts_without_a_confirmation(steps in steps()) {
        let mut model = begin();
        for step in steps {
            let asked = match model.overlays.last() {
                Some(Overlay::Confirm(confirm)) => match &confirm.gate {
                    Gate::Key => matches!(step, Step::Key(Key::Char('y'))),
                    Gate::Word { word, typed } => typed.trim() == word && matches!(step, Step::Key(Key::Enter)),
                },
                _ => false,
            };
            let msg = message(&step, &model);
            for effect in update(&mut model, msg) {
                prop_assert!(asked || !needs_confirmation(&effect, &model), "{step:?} gave {effect:?}");
            }
        }
    }

    #[test]
    fn overlays_always_close(steps in steps()) {
        let mut model = begin();
        for step in &steps {
            let msg = message(step, &model);
            update(&mut model, msg);
        }
        let open = model.overlays.len();
        for _ in 0..open {
            update(&mut model, Msg::Key(Key::Esc));
        }
        prop_assert!(model.overlays.is_empty());
    }

    #[test]
    fn no_key_has_two_meanings(steps in steps()) {
        let mut model = begin();
        for step in &steps {
            let msg = message(step, &model);
            update(&mut model, msg);
        }
        let all = bindings(&model);
        let mut keys: Vec<Key> = all.iter().flat_map(|binding| &binding.keys).map(|(key, _)| *key).collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        prop_assert_eq!(keys.len(), count, "a key has two meanings: {:?}", all);
    }

    #[test]
    fn two_interrupts_always_quit(steps in steps()) {
        let mut model = begin();
        for step in &steps {
            let msg = message(step, &model);
            update(&mut model, msg);
        }
        let mut effects = update(&mut model, Msg::Key(Key::Ctrl('c')));
        effects.extend(update(&mut model, Msg::Key(Key::Ctrl('c'))));
        prop_assert!(effects.contains(&Effect::Quit));
    }
}

proptest! {
    // Drawing after every step is slow in a debug build.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn whatever_happened_can_be_drawn(steps in steps(), width in 1u16..130, height in 1u16..50) {
        let mut model = begin();
        let area = Rect::new(0, 0, width, height);
        let theme = Theme { palette: Palette::Ansi16, ascii: false };
        for step in &steps {
            let msg = message(step, &model);
            update(&mut model, msg);
            let mut buffer = Buffer::empty(area);
            let viewports = draw(&model, &theme, area, &mut buffer);
            update(&mut model, Msg::Viewports(viewports));
        }
        let choice = model.step_screen().map(|screen| (screen.action, screen.check));
        if let (Some((action, check)), Some(page)) = (choice, model.page()) {
            prop_assert!(action < page.visible().count().max(1) && check < page.checks.len().max(1));
        }
    }
}
