//! What keys do, and what answers change.

use multi_region_workshop::app::*;
use multi_region_workshop::content::model::{Confirmation, Help, Hint, StepKind};
use multi_region_workshop::domain::{Cause, FactId, Outcome, Way};
use multi_region_workshop::tui::{Palette, Theme};

use super::sample::*;

const SIZE: (u16, u16) = (80, 24);
const STEP: &str = "m2.aurora-replica";

fn opens(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|effect| match effect {
        Effect::OpenStep { step, .. } => Some(step.as_str()),
        _ => None,
    })
}

#[test]
fn enter_opens_a_module_at_its_first_open_step() {
    let mut model = underway(SIZE);
    let effects = press(&mut model, &[Key::Enter]);
    assert_eq!(opens(&effects), Some(STEP));
    assert!(effects.contains(&Effect::SaveProgress { module: "m2".into(), step: STEP.into() }));
    assert!(effects.contains(&Effect::Watch(Watched::Step(STEP.into()))));
}

#[test]
fn a_start_returns_to_where_the_learner_was() {
    let mut setup = setup(SIZE);
    setup.position = Some(("m2".into(), "m2.s3".into()));
    let (model, effects) = Model::new(setup);
    assert_eq!(opens(&effects), Some("m2.s3"));
    assert_eq!(model.selected, 2);
}

#[test]
fn a_module_with_missing_facts_is_entered_only_after_a_question_and_that_is_recorded() {
    let mut model = underway(SIZE);
    model.selected = 3;
    assert_eq!(press(&mut model, &[Key::Enter]), []);
    let Some(Overlay::Confirm(confirm)) = model.overlays.last() else { panic!("no question") };
    assert!(confirm.plan[0].contains("m2.aurora-replica: Create the Aurora replica"), "{:?}", confirm.plan);
    let effects = press(&mut model, &[Key::Char('y')]);
    let missing = vec![FactId("m2.aurora-replica".into())];
    assert_eq!(effects[0], Effect::EnterModuleOverride { module: "m3".into(), missing });
    assert_eq!(opens(&effects), Some("m3.blog"));
    // Once is enough.
    press(&mut model, &[Key::Char('q')]);
    assert_eq!(opens(&press(&mut model, &[Key::Enter])), Some("m3.blog"));
}

#[test]
fn the_question_leads_to_the_step_that_gives_what_is_missing() {
    let mut model = underway(SIZE);
    model.selected = 3;
    press(&mut model, &[Key::Enter]);
    assert_eq!(opens(&press(&mut model, &[Key::Char('g')])), Some(STEP));
}

#[test]
fn going_on_from_a_step_without_checks_does_it() {
    let mut setup = setup(SIZE);
    setup.read.clear();
    let (mut model, _) = Model::new(setup);
    press(&mut model, &[Key::Enter]);
    let effects = press(&mut model, &[Key::Char('n')]);
    assert_eq!(effects[0], Effect::StepRead { step: "m0.welcome".into() });
    assert_eq!(opens(&effects), Some("m0.regions"));
    assert_eq!(model.done_steps(&model.modules[0]), 1);
    // After the last step of a module comes the first of the next one.
    assert_eq!(opens(&press(&mut model, &[Key::Char('n')])), Some("m1.buckets"));
}

#[test]
fn enter_runs_the_chosen_command_and_the_choice_moves_on_when_it_is_done() {
    let mut model = on_step(SIZE);
    let effects = press(&mut model, &[Key::Enter]);
    let first = format!("{STEP}#create-cluster");
    assert_eq!(effects, [Effect::RunAction { job: JobId(1), step: STEP.into(), action: first }]);
    // A second Enter shows the progress; it does not run it twice.
    assert_eq!(press(&mut model, &[Key::Enter]), []);
    assert!(matches!(model.overlays.last(), Some(Overlay::Text { .. })));
    press(&mut model, &[Key::Esc]);
    send(&mut model, Msg::Job { job: JobId(1), event: JobEvent::Done { at: at(4000), output: "{}".into() } });
    assert_eq!(model.step_screen().unwrap().action, 1);
    let effects = press(&mut model, &[Key::Enter]);
    assert!(
        matches!(&effects[..], [Effect::RunAction { job: JobId(2), action, .. }] if action.ends_with("#create-instance"))
    );
}

#[test]
fn several_jobs_run_while_the_learner_reads_on() {
    let mut model = on_step(SIZE);
    press(&mut model, &[Key::Enter, Key::Tab, Key::Down, Key::Enter]);
    assert_eq!(model.jobs.iter().filter(|job| job.running()).count(), 2);
    press(&mut model, &[Key::Char('n')]);
    let event = JobEvent::Failed {
        at: at(4000),
        trouble: Trouble { what: "no".into(), ..Trouble::default() },
        output: String::new(),
    };
    send(&mut model, Msg::Job { job: JobId(2), event });
    assert!(model.fresh_notice().unwrap().contains("failed on m2.aurora-replica"));
}

#[test]
fn a_result_of_an_unknown_job_changes_nothing() {
    let mut model = running(SIZE);
    let before = model.jobs.clone();
    send(&mut model, Msg::Job { job: JobId(99), event: JobEvent::Done { at: at(1), output: "late".into() } });
    assert_eq!(model.jobs, before);
}

#[test]
fn undoing_asks_even_when_the_policy_does_not() {
    let mut model = on_step(SIZE);
    assert_eq!(press(&mut model, &[Key::Char('u')]), []);
    // Enter is no answer: it may have been pressed twice by habit.
    assert_eq!(press(&mut model, &[Key::Enter]), []);
    assert_eq!(model.overlays.len(), 1);
    let effects = press(&mut model, &[Key::Char('y')]);
    assert!(matches!(&effects[..], [Effect::RunAction { action, .. }] if action.ends_with("#delete-cluster")));
}

#[test]
fn a_typed_word_must_be_right() {
    let mut model = on_step(SIZE);
    let mut page = page();
    page.actions[0].confirm = Confirmation::TypeName;
    send(&mut model, Msg::Page(Box::new(page)));
    press(&mut model, &[Key::Enter]);
    type_in(&mut model, "bookstore-replica-k3x9q");
    assert_eq!(press(&mut model, &[Key::Enter]), []);
    assert!(model.fresh_notice().unwrap().starts_with("Type bookstore-replica-k3x9qa"));
    type_in(&mut model, "a");
    assert!(matches!(&press(&mut model, &[Key::Enter])[..], [Effect::RunAction { .. }]));
}

#[test]
fn the_solution_asks_as_its_strictest_command_does() {
    let mut model = on_step(SIZE);
    assert!(matches!(&press(&mut model, &[Key::Char('a')])[..], [Effect::RunSolution { job: JobId(1), .. }]));
    let mut model = on_step(SIZE);
    let mut page = page();
    page.solution.push(format!("{STEP}#delete-cluster"));
    send(&mut model, Msg::Page(Box::new(page)));
    assert_eq!(press(&mut model, &[Key::Char('a')]), []);
    assert!(
        matches!(model.overlays.last(), Some(Overlay::Confirm(Confirm { danger: true, commands, .. })) if commands.len() == 3)
    );
}

#[test]
fn the_failing_checks_fix_is_one_key() {
    let mut model = on_step(SIZE);
    assert!(bindings(&model).iter().any(|binding| binding.show == "f"));
    assert!(
        matches!(&press(&mut model, &[Key::Char('f')])[..], [Effect::RunAction { action, .. }] if action.ends_with("#create-cluster"))
    );
}

#[test]
fn escape_asks_before_it_stops_what_changes_aws() {
    let mut model = running(SIZE);
    assert_eq!(press(&mut model, &[Key::Esc]), []);
    assert_eq!(press(&mut model, &[Key::Char('y')]), [Effect::CancelJob(JobId(1))]);
    assert_eq!(model.jobs[0].state, JobState::Cancelling);
    // What is being stopped is not stopped again.
    assert_eq!(press(&mut model, &[Key::Ctrl('c')]), []);
    send(&mut model, Msg::Job { job: JobId(1), event: JobEvent::Cancelled { at: at(4001) } });
    assert_eq!(press(&mut model, &[Key::Esc]), [Effect::Watch(Watched::Home)]);
}

#[test]
fn escape_can_also_leave_and_let_it_run() {
    let mut model = running(SIZE);
    assert_eq!(press(&mut model, &[Key::Esc, Key::Char('b')]), [Effect::Watch(Watched::Home)]);
    assert!(model.jobs[0].running());
}

#[test]
fn control_c_stops_the_job_and_twice_quits() {
    let mut model = running(SIZE);
    assert_eq!(press(&mut model, &[Key::Ctrl('c')]), [Effect::CancelJob(JobId(1))]);
    assert_eq!(press(&mut model, &[Key::Ctrl('c')]), [Effect::Quit]);
    // Two presses that are far apart are two first ones.
    let mut model = underway(SIZE);
    assert_eq!(press(&mut model, &[Key::Ctrl('c')]), []);
    send(&mut model, Msg::Tick { wall: secs(100), simulated: at(9000) });
    assert_eq!(press(&mut model, &[Key::Ctrl('c')]), []);
}

#[test]
fn quitting_asks_only_while_something_runs() {
    let mut model = underway(SIZE);
    assert_eq!(press(&mut model, &[Key::Char('q')]), [Effect::Quit]);
    let mut model = running(SIZE);
    assert_eq!(press(&mut model, &[Key::Char('q'), Key::Char('q')]), [Effect::Watch(Watched::Home)]);
    assert_eq!(press(&mut model, &[Key::Char('y')]), [Effect::Quit]);
}

#[test]
fn a_step_is_done_in_three_ways_and_only_the_first_runs_anything() {
    let mut model = on_step(SIZE);
    let labels = |model: &Model| bindings(model).iter().map(|binding| binding.label.clone()).collect::<Vec<_>>();
    assert!(labels(&model).contains(&"way".to_owned()));
    assert_eq!(press(&mut model, &[Key::Char('w')]), [Effect::WayChosen(Way::Typed)]);
    for key in ['a', 'f', 'u'] {
        assert_eq!(press(&mut model, &[Key::Char(key)]), [], "{key} runs nothing");
    }
    let effects = press(&mut model, &[Key::Enter]);
    let Some(Effect::CopyToClipboard(text)) = effects.first() else { panic!("{effects:?}") };
    assert!(text.starts_with("aws rds create-db-cluster"), "{text}");
    press(&mut model, &[Key::Esc]);
    assert_eq!(press(&mut model, &[Key::Char('w')]), [Effect::WayChosen(Way::Challenge)]);
    for key in ['a', 'f', 'u', 'v', 'y'] {
        assert_eq!(press(&mut model, &[Key::Char(key)]), [], "{key} tells nothing");
    }
    // Enter asks the checks, whatever pane has the focus before.
    assert!(matches!(press(&mut model, &[Key::Enter]).first(), Some(Effect::CheckNow(_))));
    assert_eq!(press(&mut model, &[Key::Char('w')]), [Effect::WayChosen(Way::Guided)]);
    assert!(matches!(press(&mut model, &[Key::Enter]).first(), Some(Effect::RunAction { .. })));
}

#[test]
fn what_was_never_made_is_not_cleaned_up() {
    let mut model = underway(SIZE);
    let at = model.modules.iter().position(|module| module.steps.iter().any(|step| step.kind == StepKind::CleanUp));
    let at = at.expect("a module that cleans up");
    let step = model.modules[at].steps.iter().position(|step| step.kind == StepKind::CleanUp).unwrap();
    let outline = model.modules[at].steps[step].clone();
    for id in &outline.checks {
        let check = id.rsplit('/').next().unwrap();
        self::check(&mut model, &outline.id, check, Outcome::Pass);
    }
    assert!(!model.step_done(&outline), "nothing is there because nothing was built");
    model.cleaning = true;
    assert!(model.step_done(&outline));
}

#[test]
fn the_way_is_remembered_and_a_page_to_read_has_no_choice() {
    let mut setup = setup(SIZE);
    setup.way = Way::Challenge;
    let (mut model, _) = Model::new(setup);
    press(&mut model, &[Key::Enter]);
    assert_eq!(model.way_here(), None, "m0.welcome is only read");
    assert_eq!(press(&mut model, &[Key::Char('w')]), []);
    assert_eq!(model.way, Way::Challenge);
}

#[test]
fn a_hint_for_a_cause_shows_only_while_the_check_fails_of_it() {
    let mut model = on_step(SIZE);
    let mut page = page();
    let of = Some((format!("{STEP}/source"), Some("not_found".to_owned())));
    page.hints.insert(0, Hint { of, help: Help::Nudge("Is the source's ARN in the command?".to_owned()) });
    send(&mut model, Msg::Page(Box::new(page.clone())));
    assert_eq!(model.hints_now(&page).len(), 4);
    check(&mut model, STEP, "source", Outcome::Pass);
    assert_eq!(model.hints_now(&page).len(), 3, "nothing fails");
    let cause = Cause { id: "found_elsewhere".to_owned(), ..Cause::default() };
    check(&mut model, STEP, "source", Outcome::Fail { cause });
    assert_eq!(model.hints_now(&page).len(), 3, "it fails of something else");
}

#[test]
fn hints_open_one_after_the_other_and_are_remembered() {
    let mut model = on_step(SIZE);
    assert_eq!(press(&mut model, &[Key::Char('h')]), [Effect::HintShown { step: STEP.into(), level: 1 }]);
    assert_eq!(press(&mut model, &[Key::Char('h')]), [Effect::HintShown { step: STEP.into(), level: 2 }]);
    press(&mut model, &[Key::Esc]);
    // What was open is shown again first.
    assert_eq!(press(&mut model, &[Key::Char('h')]), []);
    assert!(matches!(model.overlays.last(), Some(Overlay::Hint { level: 2, .. })));
}

/// A step on which nothing failed yet.
fn calm() -> Model {
    let mut model = on_step(SIZE);
    press(&mut model, &[Key::Char('p'), Key::Char('n')]);
    model
}

fn not_found() -> Outcome {
    Outcome::Fail { cause: Cause { id: "not_found".to_owned(), ..Cause::default() } }
}

fn tick(model: &mut Model, seconds: u64) -> Vec<Effect> {
    let wall = model.wall + secs(seconds);
    send(model, Msg::Tick { wall, simulated: at(5000) })
}

fn hint_open(model: &Model) -> Option<usize> {
    match model.overlays.last() {
        Some(Overlay::Hint { level, .. }) => Some(*level),
        _ => None,
    }
}

#[test]
fn a_hint_opens_by_itself_when_a_check_has_failed_for_90_seconds_without_change() {
    let mut model = calm();
    check(&mut model, STEP, "source", not_found());
    // Read again and again by the watcher, it is the same failure, and not a second one.
    for _ in 0..8 {
        tick(&mut model, 11);
        check(&mut model, STEP, "source", not_found());
    }
    assert_eq!(hint_open(&model), None, "88 seconds");
    let elsewhere = Cause { id: "found_elsewhere".to_owned(), ..Cause::default() };
    check(&mut model, STEP, "source", Outcome::Fail { cause: elsewhere });
    tick(&mut model, 89);
    assert_eq!(hint_open(&model), None, "another failure counts from its own beginning");
    assert_eq!(tick(&mut model, 1), [Effect::HintShown { step: STEP.into(), level: 1 }]);
    assert_eq!(hint_open(&model), Some(1));
    press(&mut model, &[Key::Esc]);
    tick(&mut model, 600);
    assert_eq!(hint_open(&model), None, "once for each failure");
}

#[test]
fn a_hint_opens_by_itself_when_the_learner_has_asked_twice_and_it_failed_twice() {
    let mut model = calm();
    check(&mut model, STEP, "source", not_found());
    for open in [None, Some(1)] {
        press(&mut model, &[Key::Char('c')]);
        assert_eq!(hint_open(&model), None);
        check(&mut model, STEP, "source", not_found());
        assert_eq!(hint_open(&model), open);
    }
}

#[test]
fn the_hint_that_opens_by_itself_is_the_one_for_the_failure_and_never_the_command() {
    let mut model = calm();
    let mut page = page();
    let of = Some((format!("{STEP}/source"), Some("not_found".to_owned())));
    page.hints.push(Hint { of, help: Help::Look("Is the source's ARN in the command?".to_owned()) });
    send(&mut model, Msg::Page(Box::new(page.clone())));
    check(&mut model, STEP, "source", not_found());
    assert!(matches!(model.hints_now(&page).last().map(|hint| &hint.help), Some(Help::Show(_))), "gentlest first");
    tick(&mut model, 90);
    // Think, then look: the one for the failure stands before the general one.
    assert_eq!(hint_open(&model), Some(2));
    press(&mut model, &[Key::Char('h'), Key::Char('h'), Key::Esc]);
    // All hints but the command were seen; what fails next opens nothing.
    check(&mut model, STEP, "lag", not_found());
    tick(&mut model, 90);
    assert_eq!(hint_open(&model), None);
}

#[test]
fn no_hint_opens_by_itself_over_something_else_in_a_challenge_or_while_the_step_works() {
    let mut model = calm();
    check(&mut model, STEP, "source", not_found());
    press(&mut model, &[Key::Char('?')]);
    tick(&mut model, 90);
    assert_eq!(hint_open(&model), None, "the help is open");
    press(&mut model, &[Key::Esc, Key::Char('w'), Key::Char('w')]);
    assert_eq!(model.way, Way::Challenge);
    tick(&mut model, 90);
    assert_eq!(hint_open(&model), None, "a challenge");
    press(&mut model, &[Key::Char('h')]);
    assert_eq!(hint_open(&model), Some(1), "but for whoever asks");
    press(&mut model, &[Key::Esc, Key::Char('w'), Key::Enter]);
    assert!(model.jobs.iter().any(Job::running));
    tick(&mut model, 90);
    assert_eq!(hint_open(&model), None, "a command runs");
}

#[test]
fn a_fence_that_never_runs_is_copied_and_nothing_else() {
    let mut model = on_step(SIZE);
    let mut page = page();
    page.actions[0].never = true;
    send(&mut model, Msg::Page(Box::new(page)));
    press(&mut model, &[Key::Tab, Key::Up]);
    assert_eq!(model.step_screen().unwrap().action, 0);
    let labels: Vec<String> = bindings(&model).into_iter().map(|binding| binding.label).collect();
    assert!(labels.iter().any(|label| label == "copy"), "{labels:?}");
    for label in ["run", "run again", "dry run", "undo"] {
        assert!(!labels.iter().any(|other| other == label), "{label} in {labels:?}");
    }
    assert_eq!(press(&mut model, &[Key::Enter]), [Effect::CopyToClipboard(CREATE_CLUSTER.into())]);
    press(&mut model, &[Key::Esc]);
    let theme = Theme { palette: Palette::Ansi16, ascii: false };
    let frame = super::screens::frame(&model, theme, SIZE);
    assert!(frame.contains("to copy") && frame.contains("To be read."), "{frame}");
}

#[test]
fn copying_gives_one_logical_line() {
    let mut model = on_step(SIZE);
    assert_eq!(press(&mut model, &[Key::Char('y')]), [Effect::CopyToClipboard(CREATE_CLUSTER.into())]);
}

#[test]
fn a_step_is_done_when_its_checks_pass_and_falls_back_when_one_no_longer_does() {
    let mut model = on_step(SIZE);
    let outline = model.modules[2].steps[1].clone();
    assert_eq!(model.step_status(&outline), StepStatus::Failed);
    let check = |model: &mut Model, id: &str, outcome| {
        send(model, Msg::Check { step: STEP.into(), check: id.to_owned(), outcome, at: at(5000) });
    };
    for id in &outline.checks {
        check(&mut model, id, Outcome::Pass);
    }
    assert!(model.step_done(&outline));
    assert_eq!(model.fresh_notice(), Some("Step done. n: next step"));
    check(&mut model, &outline.checks[0], Outcome::Todo);
    assert!(!model.step_done(&outline));
}

#[test]
fn unknown_never_counts_as_failed() {
    let mut model = underway(SIZE);
    let why = multi_region_workshop::domain::Unknown::Throttled;
    let outcome = Outcome::Unknown { why, message: "slow down".into() };
    send(&mut model, Msg::Check { step: "m2.s3".into(), check: "m2.s3/rule".into(), outcome, at: at(1) });
    assert_eq!(model.step_status(&model.modules[2].steps[2]), StepStatus::Open);
}

#[test]
fn speed_goes_by_steps_and_stops_at_its_ends() {
    let mut model = underway(SIZE);
    press(&mut model, &[Key::Char('r')]);
    assert_eq!(press(&mut model, &[Key::Char('-')]), [Effect::SetSpeed(30.0)]);
    assert_eq!(press(&mut model, &[Key::Char('1')]), [Effect::SetSpeed(1.0)]);
    assert_eq!(press(&mut model, &[Key::Char('-')]), []);
    model.world.mode = Mode::Aws { account: "111122223333".into(), profile: None };
    assert_eq!(press(&mut model, &[Key::Char('+')]), []);
}

#[test]
fn a_drill_that_nothing_else_would_mend_wants_a_second_word() {
    let mut model = on_drill(SIZE, DrillState::Idle);
    press(&mut model, &[Key::Char(' '), Key::Char('y')]);
    let refused = Msg::Unguarded { fault: "api".into(), why: "AccessDeniedException".into() };
    assert_eq!(send(&mut model, refused), [Effect::SetSpeed(60.0)], "nothing is begun, and time has its pace again");
    let Some(Overlay::Confirm(question)) = model.overlays.last() else { panic!("{:?}", model.overlays) };
    assert!(question.plan.iter().any(|line| line.contains("AccessDeniedException")), "{:?}", question.plan);
    type_in(&mut model, "yes");
    assert_eq!(press(&mut model, &[Key::Enter]), []);
    press(&mut model, &[Key::Backspace, Key::Backspace, Key::Backspace]);
    type_in(&mut model, "unguarded");
    let effects = press(&mut model, &[Key::Enter]);
    assert_eq!(effects, [Effect::SetSpeed(5.0), Effect::StartDrill { fault: "api".into(), alone: true }]);
}

#[test]
fn a_drill_starts_after_a_question_slows_time_and_gives_it_back() {
    let mut model = on_drill(SIZE, DrillState::Idle);
    assert_eq!(press(&mut model, &[Key::Char(' ')]), []);
    let effects = press(&mut model, &[Key::Char('y')]);
    assert_eq!(effects, [Effect::SetSpeed(5.0), Effect::StartDrill { fault: "api".into(), alone: false }]);
    send(&mut model, Msg::Drill(Box::new(drill(DrillState::Predict))));
    let guess = type_in(&mut model, "1:15");
    assert_eq!(guess, []);
    assert_eq!(press(&mut model, &[Key::Enter]), [Effect::Predict(secs(75))]);
    send(&mut model, Msg::Drill(Box::new(drill(DrillState::Running))));
    assert_eq!(press(&mut model, &[Key::Char(' ')]), []);
    assert_eq!(press(&mut model, &[Key::Char('n'), Key::Char('b')]), []);
    assert_eq!(press(&mut model, &[Key::Char('y')]), [Effect::FailBack]);
    let mut over = drill(DrillState::Frozen);
    over.broken = None;
    send(&mut model, Msg::Drill(Box::new(over)));
    assert_eq!(press(&mut model, &[Key::Char('q')]), [Effect::SetSpeed(60.0), Effect::Watch(Watched::Home)]);
}

#[test]
fn a_fault_that_is_not_ready_cannot_be_started() {
    let mut model = on_drill(SIZE, DrillState::Idle);
    assert_eq!(press(&mut model, &[Key::Down, Key::Char(' ')]), []);
    assert!(model.overlays.is_empty());
    assert!(model.fresh_notice().unwrap().contains("m4.records"));
}

#[test]
fn the_filter_keeps_what_matches_and_takes_letters_as_text() {
    let mut model = underway(SIZE);
    press(&mut model, &[Key::Char('r'), Key::Char('/')]);
    assert_eq!(type_in(&mut model, "aurora q?"), []);
    press(&mut model, &[Key::Backspace, Key::Backspace, Key::Backspace, Key::Enter]);
    assert_eq!(model.chosen_resource().map(|row| row.kind.as_str()), Some("Aurora"));
    press(&mut model, &[Key::Tab, Key::Enter]);
    let Some(Overlay::Text { text, .. }) = model.overlays.last() else { panic!("no detail") };
    assert!(text.contains("lagging · AWS says available"), "{text}");
}

#[test]
fn a_paused_picture_stays() {
    let mut model = underway(SIZE);
    press(&mut model, &[Key::Char('r'), Key::Char('s')]);
    send(&mut model, Msg::Resources(ResourcesView::default()));
    assert_eq!(model.resources.as_ref().unwrap().value.rows.len(), 14);
    press(&mut model, &[Key::Char('s')]);
    send(&mut model, Msg::Resources(ResourcesView::default()));
    assert!(model.resources.as_ref().unwrap().value.rows.is_empty());
}

#[test]
fn state_changes_are_remembered_with_their_time() {
    let mut model = underway(SIZE);
    let mut next = resources();
    next.rows[7].state = multi_region_workshop::domain::ResourceState::Ready;
    next.at = at(4200);
    send(&mut model, Msg::Resources(next));
    assert_eq!(model.changes.len(), 1);
    assert_eq!(model.changes[0].at, at(4200));
}

#[test]
fn the_palette_does_what_it_names() {
    let mut model = on_step(SIZE);
    press(&mut model, &[Key::Char(':')]);
    type_in(&mut model, "both Regions");
    assert_eq!(press(&mut model, &[Key::Enter]), [Effect::Watch(Watched::Resources)]);
    assert!(matches!(model.screen(), Some(Screen::Resources(_))));
}

#[test]
fn pasted_text_never_presses_keys() {
    let mut model = on_step(SIZE);
    assert_eq!(send(&mut model, Msg::Paste("nnyy\nq".into())), []);
    assert_eq!(model.step_screen().unwrap().step, 1);
    press(&mut model, &[Key::Char(':')]);
    send(&mut model, Msg::Paste("drill\nmore".into()));
    assert!(matches!(model.overlays.last(), Some(Overlay::Palette { filter, .. }) if filter == "drill"));
}
