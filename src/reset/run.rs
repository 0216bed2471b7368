//! Whose things a reset looks for: the run's suffix, tags, names and domain, and what a name proves.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::RegionPair;

/// Whose things are looked for.
#[derive(Clone, Debug)]
pub struct Run {
    /// The workshop's id, which every name of the run begins with.
    pub workshop: String,
    /// The suffix that every name of the run ends with or contains.
    pub suffix: String,
    /// The tags that everything taggable of the run carries.
    pub tags: BTreeMap<String, String>,
    /// The names that the workshop gives, filled in for this run.
    pub names: BTreeSet<String>,
    /// The bucket that holds the run's manifest; none when the workshop names none.
    pub manifest: Option<String>,
    /// The run's domain, without a dot at its end.
    pub domain: String,
    /// R1 and R2; global things are looked for in us-east-1.
    pub regions: RegionPair,
}

impl Run {
    /// Whether this is exactly one of the run's names, such a name with a number behind it (the instance of a cluster), a
    /// name of the run's domain, or one of its log groups.
    pub fn names_it(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        let own = |known: &&String| {
            let rest = name.get(..known.len()).filter(|start| start.eq_ignore_ascii_case(known));
            let rest = rest.and_then(|_| name.get(known.len()..));
            rest.is_some_and(|rest| {
                rest.is_empty()
                    || rest.strip_prefix('-').is_some_and(|number| {
                        !number.is_empty() && number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit())
                    })
            })
        };
        self.own_names().any(|known| own(&known)) || self.domain_has(name) || self.logs_of(name)
    }

    fn own_names(&self) -> impl Iterator<Item = &String> {
        self.names.iter().filter(|known| !self.suffix.is_empty() && known.contains(&self.suffix))
    }

    /// Whether the name is the run's domain, or below it.
    pub fn domain_has(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        !self.domain.is_empty()
            && (name.eq_ignore_ascii_case(&self.domain)
                || name.to_lowercase().ends_with(&format!(".{}", self.domain.to_lowercase())))
    }

    /// Whether a log group is the run's: below `/workshop/suffix/`, or that of a function whose name is the run's.
    pub fn logs_of(&self, group: &str) -> bool {
        let below = format!("/{}/{}/", self.workshop, self.suffix);
        group.starts_with(&below)
            || group.strip_prefix("/aws/lambda/").is_some_and(|function| {
                self.own_names().any(|known| {
                    function.strip_prefix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                })
            })
    }

    /// Whether a thing's tags are those of this run.
    pub fn tagged(&self, tags: &BTreeMap<String, String>) -> bool {
        !self.tags.is_empty() && self.tags.iter().all(|(key, value)| tags.get(key) == Some(value))
    }

    /// The value of another run's tag, when the thing carries one.
    pub fn of_another<'t>(&self, tags: &'t BTreeMap<String, String>) -> Option<&'t str> {
        self.tags.iter().find_map(|(key, value)| tags.get(key).filter(|found| *found != value)).map(String::as_str)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// A run with the suffix abc123.
    pub(in super::super) fn run() -> Run {
        let names =
            ["bookstore-shop-abc123", "bookstore-aurora-abc123", "bookstore-site-abc123-r1", "bookstore-abc123-Books"];
        Run {
            workshop: "bookstore".into(),
            suffix: "abc123".into(),
            tags: [("run".to_owned(), "abc123".to_owned()), ("workshop".to_owned(), "bookstore".to_owned())].into(),
            names: names.into_iter().map(str::to_owned).collect(),
            manifest: Some("bookstore-site-abc123-r1".into()),
            domain: "abc123.bookstore.test".into(),
            regions: RegionPair::new("eu-west-1", "ap-southeast-1").unwrap(),
        }
    }

    #[test]
    fn only_exact_names_and_what_begins_with_them_are_the_runs() {
        let run = run();
        for ours in
            ["bookstore-shop-abc123", "bookstore-aurora-abc123-1", "*.abc123.bookstore.test.", "/bookstore/abc123/shop"]
        {
            assert!(run.names_it(ours), "{ours}");
        }
        for other in [
            "payroll-abc123",
            "bookstore-shop-abc123-payroll",
            "bookstore-shop-abc1234",
            "bookstore-shop-xyz789",
            "xabc123.bookstore.test",
            "bookstore",
        ] {
            assert!(!run.names_it(other), "{other}");
        }
    }
}
