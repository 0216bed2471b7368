//! The roster: which accounts a reset is about, from a CSV or YAML file, with every mistake named by its place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::RegionPair;

/// One account of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// What the seat is called; unique in a roster.
    pub seat: String,
    /// Who sits there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The account's twelve digits.
    pub account: String,
    /// The role to assume in it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// The external id that the role asks for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub external_id: String,
    /// The profile of the AWS configuration that acts in it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// R1, when it is not the workshop's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub primary: String,
    /// R2, when it is not the workshop's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub secondary: String,
    /// The run's suffix; looked for in the account when it is empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suffix: String,
}

/// A seat that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// The seat, or its line in the file.
    pub seat: String,
    /// The account as it was given.
    pub account: String,
    /// Why, and what to do.
    pub why: String,
}

/// A roster that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Seats that can be asked.
    pub seats: Vec<Seat>,
    /// Seats that cannot.
    pub excluded: Vec<Excluded>,
}

/// Why a roster as a whole cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RosterError {
    /// It is neither CSV nor YAML of the right form.
    #[error(
        "{place}: {why}. A roster is CSV with a header, or a YAML list, with seat, account and, where they apply, name, role, \
         external_id, profile, primary, secondary, suffix"
    )]
    Form {
        /// Where: the file and the line.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// It names nobody.
    #[error("{0}: the roster has no seats")]
    Empty(String),
}

impl Roster {
    /// Reads a roster; `file` decides between YAML (by its ending) and CSV, and stands in messages.
    pub fn read(file: &str, text: &str) -> Result<Self, RosterError> {
        let ending = std::path::Path::new(file).extension().map(std::ffi::OsStr::to_ascii_lowercase);
        let yaml = ending.is_some_and(|ending| ending == "yaml" || ending == "yml");
        let rows: Rows = if yaml { yaml_rows(file, text)? } else { csv_rows(file, text)? };
        if rows.is_empty() {
            return Err(RosterError::Empty(file.to_owned()));
        }
        let mut roster = Self::default();
        for (place, row) in rows {
            match row {
                Ok(seat) => roster.seats.push(seat),
                Err(why) => roster.excluded.push(Excluded { seat: place, account: String::new(), why }),
            }
        }
        Ok(roster.checked())
    }

    /// A roster of seats that came from elsewhere.
    pub fn of(seats: Vec<Seat>) -> Self {
        Self { seats, excluded: Vec::new() }.checked()
    }

    /// Takes out what cannot be asked. Of duplicates none stays: nobody knows which one was meant.
    fn checked(mut self) -> Self {
        let count = |of: &dyn Fn(&Seat) -> String| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            self.seats.iter().for_each(|seat| *counts.entry(of(seat)).or_default() += 1);
            counts
        };
        let names = count(&|seat| seat.seat.clone());
        let accounts = count(&|seat| format!("{} {}", seat.account, seat.suffix));
        let wrong = |seat: &Seat| {
            if seat.seat.is_empty() {
                return Some("it has no name; fill in the column seat".to_owned());
            }
            if names.get(&seat.seat).is_some_and(|count| *count > 1) {
                return Some(format!("the seat {} stands more than once; give each its own name", seat.seat));
            }
            if seat.account.len() != 12 || !seat.account.bytes().all(|byte| byte.is_ascii_digit()) {
                return Some(format!(
                    "'{}' is not an account id, which has twelve digits (spreadsheets drop leading zeros)",
                    seat.account
                ));
            }
            if accounts.get(&format!("{} {}", seat.account, seat.suffix)).is_some_and(|count| *count > 1) {
                return Some(format!(
                    "the account {} stands more than once; keep the line that is right",
                    seat.account
                ));
            }
            if !seat.role.is_empty() && seat.role.split(':').nth(4) != Some(seat.account.as_str()) {
                return Some(format!("the role {} is not one of the account {}", seat.role, seat.account));
            }
            if !seat.primary.is_empty() || !seat.secondary.is_empty() {
                return RegionPair::new(&seat.primary, &seat.secondary).err().map(|error| error.to_string());
            }
            None
        };
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for seat in &self.seats {
            match wrong(seat) {
                None => good.push(seat.clone()),
                Some(why) => bad.push(Excluded { seat: seat.seat.clone(), account: seat.account.clone(), why }),
            }
        }
        self.seats = good;
        self.excluded.extend(bad);
        self
    }
}

/// Rows by their place: a seat, or what is wrong with it.
type Rows = Vec<(String, Result<Seat, String>)>;

fn csv_rows(file: &str, text: &str) -> Result<Rows, RosterError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(false).from_reader(text.as_bytes());
    let place = |line: u64| format!("{file}:{line}");
    let headers = reader.headers().map_err(|error| RosterError::Form { place: place(1), why: error.to_string() })?;
    for needed in ["seat", "account"] {
        if !headers.iter().any(|header| header == needed) {
            return Err(RosterError::Form { place: place(1), why: format!("there is no column '{needed}'") });
        }
    }
    let rows = reader.deserialize::<Seat>().enumerate().map(|(index, row)| {
        let line = index as u64 + 2;
        (place(line), row.map_err(|error| error.to_string()))
    });
    let rows: Vec<_> = rows.collect();
    // A column that nothing knows makes every row wrong in the same way: that is the file's mistake.
    match rows.first() {
        Some((line, Err(why))) if why.contains("unknown field") => {
            Err(RosterError::Form { place: line.clone(), why: why.clone() })
        }
        _ => Ok(rows),
    }
}

fn yaml_rows(file: &str, text: &str) -> Result<Rows, RosterError> {
    let rows: Vec<serde_yaml::Value> = serde_yaml::from_str(text)
        .map_err(|error| RosterError::Form { place: file.to_owned(), why: error.to_string() })?;
    let row = |(index, row): (usize, serde_yaml::Value)| {
        let seat = serde_yaml::from_value::<Seat>(row)
            .map_err(|error| format!("{error} (account ids begin and end with a quote in YAML, or they are numbers)"));
        (format!("{file}, item {}", index + 1), seat)
    };
    Ok(rows.into_iter().enumerate().map(row).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn bad_rows_are_named_and_the_others_stay() {
        let text = "seat,name,account,role,suffix\n\
            1,Ada,111122223333,,abc123\n2,Bob,11112222333,,\n3,Cy,444455556666,arn:aws:iam::777788889999:role/reset,\n\
            4,Di,555566667777,,\n4,Ed,666677778888,,\n6,Flo,111122223333,,abc123\n7,Gus,999900001111,,\n";
        let roster = Roster::read("class.csv", text).unwrap();
        assert_eq!(roster.seats.iter().map(|seat| seat.seat.as_str()).collect::<Vec<_>>(), ["7"]);
        let why: Vec<&str> = roster.excluded.iter().map(|bad| bad.why.as_str()).collect();
        assert_eq!(why.len(), 6);
        assert!(why.iter().any(|why| why.contains("twelve digits")));
        assert!(why.iter().any(|why| why.contains("not one of the account")));
        assert_eq!(why.iter().filter(|why| why.contains("more than once")).count(), 4);
    }

    #[test]
    fn yaml_and_csv_say_the_same() {
        let csv = Roster::read("a.csv", "seat,account,profile\n1,012345678901,ada\n").unwrap();
        let yaml = Roster::read("a.yaml", "- { seat: '1', account: '012345678901', profile: ada }\n").unwrap();
        assert_eq!(csv, yaml);
    }

    #[test]
    fn a_file_of_another_form_is_refused_with_its_place() {
        let error = |file: &str, text: &str| Roster::read(file, text).unwrap_err().to_string();
        assert!(error("a.csv", "seat,acount\n1,2\n").starts_with("a.csv:1: there is no column 'account'"));
        assert!(error("a.csv", "seat,account,rolle\n1,111122223333,x\n").contains("unknown field"));
        assert!(error("a.yaml", "seat: 1").starts_with("a.yaml"));
        assert!(error("a.csv", "seat,account\n").contains("no seats"));
        let short = Roster::read("a.csv", "seat,account\n1\n2,111122223333\n").unwrap();
        assert_eq!((short.seats.len(), short.excluded.len()), (1, 1));
    }
}
