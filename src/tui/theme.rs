//! Colours and glyphs by role. Every state is a glyph and a word; colour only repeats it, so four palettes are enough:
//! none, the terminal's own 16 colours, 256, and RGB.

use std::time::Duration;

use ratatui::style::{Color, Modifier, Style};

use crate::domain::{Outcome, ResourceState, Role};
use crate::markdown::Look;

/// How many colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Palette {
    /// None: bold, dim, underlined and reversed only.
    Mono,
    /// The terminal's own sixteen.
    Ansi16,
    /// The 256-colour table.
    Indexed,
    /// RGB.
    True,
}

impl Palette {
    /// The palette of `--color never|16|256|true`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "never" => Some(Palette::Mono),
            "16" => Some(Palette::Ansi16),
            "256" => Some(Palette::Indexed),
            "true" => Some(Palette::True),
            _ => None,
        }
    }
}

/// What something on the screen says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Ready, done, pass.
    Ok,
    /// Creating, running.
    Running,
    /// Not created, open.
    Waiting,
    /// Something that is needed is missing.
    Needs,
    /// Lagging, near a limit.
    Warn,
    /// Failed.
    Fail,
    /// Could not be read.
    Unknown,
}

/// Colours and glyphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    /// How many colours.
    pub palette: Palette,
    /// Only ASCII characters.
    pub ascii: bool,
}

impl Theme {
    /// The theme for a terminal, from flags first and then from the environment (`env` looks a variable up). The
    /// terminal itself is never asked, because some never answer.
    pub fn detect(color: Option<Palette>, ascii: bool, env: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| env(name).filter(|value| !value.is_empty());
        let term = get("TERM").unwrap_or_default();
        let palette = color.unwrap_or_else(|| {
            if get("NO_COLOR").is_some() || term == "dumb" {
                Palette::Mono
            } else if term.contains("256color") {
                Palette::Indexed
            } else {
                Palette::Ansi16
            }
        });
        let locale = get("LC_ALL").or_else(|| get("LC_CTYPE")).or_else(|| get("LANG")).unwrap_or_default();
        let utf8 = locale.to_lowercase().replace('-', "").contains("utf8");
        // The Linux console has none of our glyphs.
        Self { palette, ascii: ascii || !utf8 || term == "linux" }
    }

    /// The glyph of a tone. `wall` turns the spinner.
    pub fn glyph(self, tone: Tone, wall: Duration) -> &'static str {
        if self.ascii {
            return match tone {
                Tone::Ok => "[ok]",
                Tone::Running => "[..]",
                Tone::Waiting => "[  ]",
                Tone::Needs => "[--]",
                Tone::Warn => "[!!]",
                Tone::Fail => "[XX]",
                Tone::Unknown => "[??]",
            };
        }
        match tone {
            Tone::Ok => "✓",
            Tone::Running => match wall.as_millis() / 250 % 4 {
                0 => "◐",
                1 => "◓",
                2 => "◑",
                _ => "◒",
            },
            Tone::Waiting => "·",
            Tone::Needs => "□",
            Tone::Warn => "!",
            Tone::Fail => "✗",
            Tone::Unknown => "?",
        }
    }

    /// One colour in all palettes: its place in the 256 table, the terminal's own, RGB.
    fn color(self, indexed: u8, ansi: Color, rgb: (u8, u8, u8)) -> Style {
        match self.palette {
            Palette::Mono => Style::new(),
            Palette::Ansi16 => Style::new().fg(ansi),
            Palette::Indexed => Style::new().fg(Color::Indexed(indexed)),
            Palette::True => Style::new().fg(Color::Rgb(rgb.0, rgb.1, rgb.2)),
        }
    }

    fn grey(self) -> Style {
        match self.palette {
            Palette::Mono | Palette::Ansi16 => Style::new().add_modifier(Modifier::DIM),
            Palette::Indexed | Palette::True => self.color(245, Color::DarkGray, (138, 138, 138)),
        }
    }

    /// The style of a tone.
    pub fn tone(self, tone: Tone) -> Style {
        let mono = self.palette == Palette::Mono;
        match tone {
            Tone::Ok => self.color(114, Color::Green, (135, 215, 135)),
            Tone::Running => self.color(81, Color::Cyan, (95, 215, 255)).add_modifier(Modifier::BOLD),
            Tone::Waiting | Tone::Needs | Tone::Unknown => self.grey(),
            Tone::Warn => {
                let style = self.color(214, Color::Yellow, (255, 175, 0)).add_modifier(Modifier::BOLD);
                if mono { style.add_modifier(Modifier::UNDERLINED) } else { style }
            }
            Tone::Fail => self.color(203, Color::Red, (255, 95, 95)).add_modifier(Modifier::BOLD | Modifier::REVERSED),
        }
    }

    /// A Region's colour: R1 blue, R2 magenta. Position and label say the same.
    pub fn region(self, role: Role) -> Style {
        match role {
            Role::Primary => self.color(75, Color::Blue, (95, 175, 255)),
            Role::Secondary => self.color(176, Color::Magenta, (215, 135, 215)),
        }
    }

    /// Running text.
    pub fn text(self) -> Style {
        Style::new()
    }

    /// What matters less: ages, paths, notes.
    pub fn dim(self) -> Style {
        self.grey()
    }

    /// Headings, titles, names.
    pub fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A pane's border, with and without focus.
    pub fn border(self, focus: bool) -> Style {
        if focus { self.color(81, Color::Cyan, (95, 215, 255)) } else { self.grey() }
    }

    /// What is chosen, and keys in the footer.
    pub fn selection(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A piece of a page.
    pub fn look(self, look: Look) -> Style {
        use crate::markdown::Alert;
        match look {
            Look::Text | Look::Output => self.text(),
            Look::Heading(1 | 2) => self.title().add_modifier(Modifier::UNDERLINED),
            Look::Heading(_) | Look::Strong | Look::TableHead | Look::Command => self.title(),
            Look::Emphasis => Style::new().add_modifier(Modifier::ITALIC),
            Look::Strike => self.dim().add_modifier(Modifier::CROSSED_OUT),
            Look::Code | Look::Option => self.color(81, Color::Cyan, (95, 215, 255)),
            Look::Link => self.color(75, Color::Blue, (95, 175, 255)).add_modifier(Modifier::UNDERLINED),
            Look::Gutter | Look::Marker | Look::Prompt | Look::Rule => self.dim(),
            Look::Alert(Alert::Note | Alert::Tip) => self.tone(Tone::Running),
            Look::Alert(Alert::Important | Alert::Warning) => self.tone(Tone::Warn),
            Look::Alert(Alert::Caution) => self.color(203, Color::Red, (255, 95, 95)).add_modifier(Modifier::BOLD),
        }
    }
}

/// The tone of a resource's state.
pub(super) fn of_state(state: ResourceState) -> Tone {
    match state {
        ResourceState::NotCreated => Tone::Waiting,
        ResourceState::Creating | ResourceState::Updating | ResourceState::Deleting => Tone::Running,
        ResourceState::Ready => Tone::Ok,
        ResourceState::Lagging => Tone::Warn,
        ResourceState::Failed => Tone::Fail,
    }
}

/// The tone and the word of a check's outcome.
pub(super) fn of_outcome(outcome: Option<&Outcome>) -> (Tone, &'static str) {
    match outcome {
        None => (Tone::Waiting, "not read yet"),
        Some(Outcome::Todo) => (Tone::Waiting, "to do"),
        Some(Outcome::Pending { .. }) => (Tone::Running, "pending"),
        Some(Outcome::Pass) => (Tone::Ok, "pass"),
        Some(Outcome::Fail { .. }) => (Tone::Fail, "fail"),
        Some(Outcome::Unknown { .. }) => (Tone::Unknown, "unknown"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn the_environment_decides_and_flags_win() {
        let theme = Theme::detect(None, false, with(&[("TERM", "xterm-256color"), ("LANG", "en_US.UTF-8")]));
        assert_eq!(theme, Theme { palette: Palette::Indexed, ascii: false });
        let theme = Theme::detect(None, false, with(&[("TERM", "xterm"), ("LANG", "C.utf8"), ("NO_COLOR", "1")]));
        assert_eq!(theme, Theme { palette: Palette::Mono, ascii: false });
        let theme = Theme::detect(Some(Palette::True), false, with(&[("TERM", "xterm"), ("NO_COLOR", "1")]));
        assert_eq!(theme, Theme { palette: Palette::True, ascii: true });
        let theme = Theme::detect(None, false, with(&[("TERM", "xterm"), ("LANG", "C"), ("NO_COLOR", "")]));
        assert_eq!(theme, Theme { palette: Palette::Ansi16, ascii: true });
    }
}
