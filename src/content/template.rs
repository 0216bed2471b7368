//! Templates: `{{ region.primary }}` and nothing more. No logic, no nesting.

use std::collections::BTreeMap;

use super::model::{Variable, Workshop};
use crate::domain::time::spell;
use crate::domain::{GLOBAL_REGION, RegionPair};

/// A name in a template that has no value yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` has no value yet")]
pub struct MissingBinding {
    /// The name, `out.m1.aurora_arn`.
    pub name: String,
}

/// A template that is not well formed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// Where, in bytes from the template's beginning.
    pub at: usize,
}

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    /// Text that stays.
    Text(&'t str),
    /// A name to fill in, and where its `{{` stands.
    Name(&'t str, usize),
}

/// Cuts a template into its parts.
pub fn parts(template: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(rest) = template.get(at..) {
        let Some(open) = rest.find("{{") else {
            if !rest.is_empty() {
                parts.push(Part::Text(rest));
            }
            break;
        };
        if let Some(text) = rest.get(..open).filter(|text| !text.is_empty()) {
            parts.push(Part::Text(text));
        }
        let inside = rest.get(open + 2..).unwrap_or_default();
        let Some(close) = inside.find("}}") else {
            return Err(TemplateError { message: "`{{` without `}}`".into(), at: at + open });
        };
        let name = inside.get(..close).unwrap_or_default().trim();
        let plain =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if name.split('.').count() < 2 || !name.split('.').all(plain) {
            let message = format!("`{{{{ {name} }}}}` is not a name like `region.primary`");
            return Err(TemplateError { message, at: at + open });
        }
        parts.push(Part::Name(name, at + open));
        at += open + 2 + close + 2;
    }
    Ok(parts)
}

/// The names that a template uses; none when it is not well formed.
pub fn names(template: &str) -> Vec<&str> {
    let parts = parts(template).unwrap_or_default();
    parts.iter().filter_map(|part| if let Part::Name(name, _) = part { Some(*name) } else { None }).collect()
}

/// The values that templates are filled in with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    values: BTreeMap<String, String>,
}

impl Bindings {
    /// The values of a run: Regions, variables (`given` wins over defaults; random ones must be given), names, tags and
    /// objectives. Outputs are added with [`set`](Self::set) as they become known.
    pub fn new(
        workshop: &Workshop,
        regions: &RegionPair,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, MissingBinding> {
        let mut bindings = Self::default();
        bindings.set("region.primary", regions.primary().as_str());
        bindings.set("region.secondary", regions.secondary().as_str());
        bindings.set("region.global", GLOBAL_REGION);
        bindings.set("objectives.rto", spell(workshop.objectives.rto));
        bindings.set("objectives.rpo", spell(workshop.objectives.rpo));
        let mut open: Vec<(String, &str)> = Vec::new();
        for (name, variable) in &workshop.vars {
            let key = format!("vars.{name}");
            match (given.get(name), variable) {
                (Some(value), _) => bindings.set(key, value.as_str()),
                (None, Variable::Default(template)) => open.push((key, template)),
                (None, Variable::Random(_)) => return Err(MissingBinding { name: key }),
            }
        }
        open.extend(workshop.names.iter().map(|(name, template)| (format!("names.{name}"), template.as_str())));
        open.extend(workshop.tags.iter().map(|(name, template)| (format!("tags.{name}"), template.as_str())));
        bindings.settle(open)?;
        Ok(bindings)
    }

    /// Fills in templates that may use each other, until none is left or none moves.
    fn settle(&mut self, mut open: Vec<(String, &str)>) -> Result<(), MissingBinding> {
        while !open.is_empty() {
            let before = open.len();
            let mut first = None;
            open.retain(|(name, template)| match self.render(template) {
                Ok(value) => {
                    self.set(name.clone(), value);
                    false
                }
                Err(missing) => {
                    first.get_or_insert(missing);
                    true
                }
            });
            if let (true, Some(missing)) = (open.len() == before, first) {
                return Err(missing);
            }
        }
        Ok(())
    }

    /// Gives `name` a value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.insert(name.into(), value.into());
    }

    /// Takes the value of `name` away.
    pub fn unset(&mut self, name: &str) {
        self.values.remove(name);
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A copy in which `name` has that value.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut copy = self.clone();
        copy.set(name, value);
        copy
    }

    /// `template` with every name filled in. A text that is no well-formed template stays as it is: the loader has
    /// refused those already, and other texts may hold braces of their own.
    pub fn render(&self, template: &str) -> Result<String, MissingBinding> {
        let Ok(parts) = parts(template) else { return Ok(template.to_owned()) };
        let mut text = String::with_capacity(template.len());
        for part in parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Name(name, _) => match self.get(name) {
                    Some(value) => text.push_str(value),
                    None => return Err(MissingBinding { name: name.to_owned() }),
                },
            }
        }
        Ok(text)
    }

    /// `template` with every known name filled in and `…` for the others: for reading, never for running.
    pub fn render_lossy(&self, template: &str) -> String {
        let Ok(parts) = parts(template) else { return template.to_owned() };
        let mut text = String::with_capacity(template.len());
        for part in parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Name(name, _) => text.push_str(self.get(name).unwrap_or("…")),
            }
        }
        text
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_and_missing_ones_named() {
        let mut bindings = Bindings::default();
        bindings.set("region.primary", "eu-west-1");
        assert_eq!(
            bindings.render("in {{ region.primary }}, {{region.primary}}!").unwrap(),
            "in eu-west-1, eu-west-1!"
        );
        assert_eq!(bindings.render("{{ out.m1.arn }}").unwrap_err().name, "out.m1.arn");
        assert_eq!(bindings.render_lossy("arn {{ out.m1.arn }}"), "arn …");
    }

    #[test]
    fn broken_templates_say_where() {
        assert_eq!(parts("ab {{ region.primary").unwrap_err().at, 3);
        assert!(parts("{{ if x }}").unwrap_err().message.contains("not a name"));
        assert!(parts("{{ }}").is_err());
        assert_eq!(names("a {{ x.y }} {{ z.w }}"), ["x.y", "z.w"]);
    }

    #[test]
    fn names_may_use_names_but_not_themselves() {
        let mut bindings = Bindings::default();
        let good = vec![("names.a".to_owned(), "{{ names.b }}-1"), ("names.b".to_owned(), "x")];
        bindings.settle(good).unwrap();
        assert_eq!(bindings.get("names.a"), Some("x-1"));
        let circle = vec![("names.c".to_owned(), "{{ names.d }}"), ("names.d".to_owned(), "{{ names.c }}")];
        assert!(bindings.settle(circle).is_err());
    }
}
