//! Every screen at 80x24, 120x40 and 200x60, in every palette, and at every size from 1x1.

use insta::assert_snapshot;
use multi_region_workshop::app::*;
use multi_region_workshop::tui::{Palette, Theme, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::sample::*;

const PLAIN: Theme = Theme { palette: Palette::Ansi16, ascii: false };
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn buffer(model: &Model, theme: Theme, (width, height): (u16, u16)) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    draw(model, &theme, area, &mut buffer);
    buffer
}

/// The frame as text, without spaces at the ends of lines.
pub fn frame(model: &Model, theme: Theme, size: (u16, u16)) -> String {
    let buffer = buffer(model, theme, size);
    let mut text = String::new();
    for y in 0..size.1 {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..size.0 {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(symbol);
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// All screens by name.
fn screens(size: (u16, u16)) -> Vec<(&'static str, Model)> {
    let with = |mut model: Model, keys: &[Key]| {
        press(&mut model, keys);
        model
    };
    let mut palette = on_step(size);
    type_in(&mut palette, ":dr");
    let mut missing = underway(size);
    missing.selected = 3;
    press(&mut missing, &[Key::Enter]);
    let mut typed = on_step(size);
    let mut page = page();
    page.actions[0].confirm = multi_region_workshop::content::model::Confirmation::TypeName;
    send(&mut typed, Msg::Page(Box::new(page)));
    press(&mut typed, &[Key::Enter]);
    type_in(&mut typed, "bookst");
    let mut trouble = underway(size);
    send(
        &mut trouble,
        Msg::Trouble {
            title: "Reading the Regions".into(),
            trouble: Trouble {
                what: "The credentials have expired.".into(),
                means: "Nothing can be read until they are new; nothing is lost.".into(),
                press: "Run aws sso login in another terminal, then press c.".into(),
            },
        },
    );
    vec![
        ("home_new", model(size)),
        ("home", underway(size)),
        ("home_missing", missing),
        ("step", on_step(size)),
        ("step_running", running(size)),
        ("step_failed", failed(size)),
        ("step_checks", with(on_step(size), &[Key::Tab, Key::Tab, Key::Down, Key::Down])),
        ("step_second_command", with(on_step(size), &[Key::Tab, Key::Down])),
        ("step_undo", with(on_step(size), &[Key::Char('u')])),
        ("step_typed_word", typed),
        ("step_typed", with(on_step(size), &[Key::Char('w')])),
        ("step_challenge", with(on_step(size), &[Key::Char('w'), Key::Char('w')])),
        ("step_hint", with(on_step(size), &[Key::Char('h'), Key::Char('h'), Key::Char('h')])),
        ("step_copy", with(on_step(size), &[Key::Char('y')])),
        ("step_output", with(failed(size), &[Key::Char('o')])),
        ("step_steps", with(on_step(size), &[Key::Char('l')])),
        ("step_palette", palette),
        ("step_help", with(on_step(size), &[Key::Char('?')])),
        ("resources", with(underway(size), &[Key::Char('r'), Key::Tab, Key::Down])),
        ("resources_empty", with(model(size), &[Key::Char('r')])),
        ("drill_idle", on_drill(size, DrillState::Idle)),
        ("drill_start", with(on_drill(size, DrillState::Idle), &[Key::Char(' ')])),
        ("drill_predict", on_drill(size, DrillState::Predict)),
        ("drill_running", on_drill(size, DrillState::Running)),
        ("drill_frozen", on_drill(size, DrillState::Frozen)),
        ("message", trouble),
    ]
}

#[test]
fn every_screen_at_three_sizes() {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        for size in SIZES {
            for (name, model) in screens(size) {
                assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), frame(&model, PLAIN, size));
            }
        }
    });
}

#[test]
fn colours_in_every_palette() {
    let palettes =
        [("mono", Palette::Mono), ("16", Palette::Ansi16), ("256", Palette::Indexed), ("true", Palette::True)];
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        for (name, palette) in palettes {
            let buffer = buffer(&running((80, 24)), Theme { palette, ascii: false }, (80, 24));
            assert_snapshot!(format!("colours_{name}"), format!("{buffer:?}"));
        }
    });
}

#[test]
fn ascii_is_ascii_on_every_screen() {
    let theme = Theme { palette: Palette::Mono, ascii: true };
    for size in SIZES {
        for (name, model) in screens(size) {
            let text = frame(&model, theme, size);
            assert!(text.is_ascii(), "{name} {size:?}\n{text}");
        }
    }
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        for (name, model) in [("step", running((80, 24))), ("drill", on_drill((80, 24), DrillState::Running))] {
            assert_snapshot!(format!("ascii_{name}"), frame(&model, theme, (80, 24)));
        }
    });
}

#[test]
fn without_colours_no_colour_is_used() {
    let theme = Theme { palette: Palette::Mono, ascii: false };
    for (name, model) in screens((120, 40)) {
        let buffer = buffer(&model, theme, (120, 40));
        let coloured = buffer
            .content
            .iter()
            .any(|cell| cell.fg != ratatui::style::Color::Reset || cell.bg != ratatui::style::Color::Reset);
        assert!(!coloured, "{name}");
    }
}

#[test]
fn every_size_can_be_drawn() {
    let models = screens((80, 24));
    for width in 1..=40 {
        for height in 1..=20 {
            for (_, model) in &models {
                buffer(model, PLAIN, (width, height));
            }
        }
    }
    for theme in [PLAIN, Theme { palette: Palette::Mono, ascii: true }] {
        for size in [(60, 16), (61, 17), (79, 16), (60, 50), (99, 29), (100, 30), (160, 45), (300, 16), (60, 100)] {
            for (_, model) in &models {
                buffer(model, theme, size);
            }
        }
    }
}

#[test]
fn a_small_window_says_how_big_it_must_be() {
    assert_eq!(frame(&underway((50, 3)), PLAIN, (50, 3)), "Make the window at least 60x16 (now 50x3)\n\n\n");
}

#[test]
fn the_footer_always_has_help_and_is_never_cut() {
    let models: Vec<_> = screens((80, 24)).into_iter().filter(|(_, model)| model.overlays.is_empty()).collect();
    for width in (60..200).step_by(3) {
        for (name, model) in &models {
            let text = frame(model, PLAIN, (width, 24));
            let footer = text.lines().last().unwrap();
            assert!(footer.ends_with("?  help"), "{name} at {width}: {footer}");
        }
    }
}

/// What a terminal would receive for a frame.
fn bytes(theme: Theme) -> String {
    use ratatui::backend::CrosstermBackend;
    use ratatui::{Terminal, TerminalOptions, Viewport};
    let mut out = Vec::new();
    {
        let backend = CrosstermBackend::new(&mut out);
        let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
        let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
        let model = with_selection();
        terminal.draw(|frame| _ = multi_region_workshop::tui::view(&model, &theme, frame)).unwrap();
    }
    String::from_utf8(out).unwrap()
}

fn with_selection() -> Model {
    let mut model = on_step((80, 24));
    press(&mut model, &[Key::Tab, Key::Tab]);
    model
}

#[test]
fn the_terminal_is_never_asked_anything() {
    for palette in [Palette::Mono, Palette::Ansi16, Palette::Indexed, Palette::True] {
        let out = bytes(Theme { palette, ascii: false });
        // DSR, DA1, DA2, XTVERSION, kitty keyboard, OSC 10 and 11.
        for query in ["\u{1b}[6n", "\u{1b}[c", "\u{1b}[>c", "\u{1b}[>0q", "\u{1b}[?u", "\u{1b}]10;?", "\u{1b}]11;?"] {
            assert!(!out.contains(query), "{palette:?} asks {query:?}");
        }
    }
}

#[test]
fn without_colours_the_selection_is_still_reversed() {
    // crossterm 0.29 writes `ESC[;m` where it strips a colour itself (NO_COLOR), and so takes the reversing back. The
    // palette without colours leaves it nothing to strip.
    let out = bytes(Theme { palette: Palette::Mono, ascii: false });
    assert!(out.contains("\u{1b}[7m"), "nothing is reversed");
    assert!(!out.contains("\u{1b}[;m"), "attributes are taken back");
    assert!(!out.contains("\u{1b}[38;"), "a colour is used");
}
