//! Words → flags with their words, and the flags that every `aws` command takes.

use super::super::model;
use super::CommandError;
use super::words::Word;
use crate::domain::Region;
use crate::domain::text::nearest;

/// A flag as it was given.
#[derive(Debug)]
pub struct Given {
    /// Without dashes.
    pub name: String,
    /// Where it starts.
    pub at: usize,
    /// The words after it, up to the next flag.
    pub words: Vec<Word>,
}

/// A command line behind `aws`: words without a flag, and flags.
#[derive(Debug, Default)]
pub struct Line {
    /// Words before the first flag.
    pub plain: Vec<Word>,
    /// The flags in order.
    pub flags: Vec<Given>,
    /// `--region`.
    pub region: Option<String>,
    /// `--query`.
    pub query: Option<String>,
    /// Where the line ends.
    pub end: usize,
}

/// Flags of every command that choose what this guide prints or how it pages; they change nothing here.
const SILENT: &[&str] = &["no-cli-pager", "no-paginate", "no-color"];

/// Flags of every command that this guide takes from its own command line.
const OWN: &[(&str, &str)] = &[
    ("profile", "the credentials are chosen for the whole guide: workshop --aws --profile NAME"),
    ("endpoint-url", "the endpoint is chosen for the whole guide: workshop --endpoint-url URL"),
];

/// The AWS CLI's own flags for paging.
const PAGING: &[&str] = &["max-items", "page-size", "starting-token"];

/// All flags that stand for any operation.
pub const GLOBAL: &[&str] = &["region", "query", "output", "no-cli-pager"];

impl Line {
    /// Sorts the words; the global flags are taken out and checked.
    pub fn new(words: &[Word]) -> Result<Self, CommandError> {
        let mut line = Self { end: words.last().map_or(0, |word| word.at), ..Self::default() };
        for word in words {
            match word.text.strip_prefix("--") {
                Some(flag) if !flag.is_empty() => {
                    let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
                    let at = word.at;
                    let words = value.map(|value| Word { text: value.to_owned(), at }).into_iter().collect();
                    line.flags.push(Given { name: name.to_owned(), at, words });
                }
                _ => line.flags.last_mut().map_or(&mut line.plain, |flag| &mut flag.words).push(word.clone()),
            }
        }
        line.take_globals()?;
        Ok(line)
    }

    fn take_globals(&mut self) -> Result<(), CommandError> {
        for (name, remedy) in OWN {
            if let Some(flag) = self.flags.iter().find(|flag| flag.name == *name) {
                return Err(CommandError::new(format!("--{name}: {remedy}"), flag.at));
            }
        }
        for name in SILENT {
            self.take_switch(name)?;
        }
        if let Some(word) = self.take_word("output")?.filter(|word| word.text != "json") {
            return Err(CommandError::new(format!("--output: this guide prints json, not '{}'", word.text), word.at));
        }
        if let Some(word) = self.take_word("region")? {
            Region::parse(&word.text).map_err(|error| CommandError::new(format!("--region: {error}"), word.at))?;
            self.region = Some(word.text);
        }
        if let Some(word) = self.take_word("query")? {
            jmespath::compile(&word.text).map_err(|error| {
                CommandError::new(format!("--query: '{}' is no JMESPath: {}", word.text, error.reason), word.at)
            })?;
            self.query = Some(word.text);
        }
        Ok(())
    }

    /// Takes a flag out; giving one twice is an error.
    pub fn take(&mut self, name: &str) -> Result<Option<Given>, CommandError> {
        let Some(at) = self.flags.iter().position(|flag| flag.name == name) else { return Ok(None) };
        let taken = self.flags.remove(at);
        match self.flags.iter().find(|flag| flag.name == name) {
            Some(again) => Err(CommandError::new(format!("--{name} is given twice"), again.at)),
            None => Ok(Some(taken)),
        }
    }

    /// Takes a flag with its one value; further words go back to the plain ones.
    pub fn take_word(&mut self, name: &str) -> Result<Option<Word>, CommandError> {
        let Some(mut flag) = self.take(name)? else { return Ok(None) };
        if flag.words.is_empty() {
            return Err(CommandError::new(format!("--{name} needs a value"), flag.at));
        }
        let word = flag.words.remove(0);
        self.give_back(flag.words);
        Ok(Some(word))
    }

    /// Takes a flag without a value; words after it go back to the plain ones.
    pub fn take_switch(&mut self, name: &str) -> Result<bool, CommandError> {
        let Some(flag) = self.take(name)? else { return Ok(false) };
        self.give_back(flag.words);
        Ok(true)
    }

    /// Words that stood behind a flag and are not its own, back among the plain ones in their order.
    pub fn give_back(&mut self, words: Vec<Word>) {
        self.plain.extend(words);
        self.plain.sort_by_key(|word| word.at);
    }

    /// Takes a flag with all its words.
    pub fn take_words(&mut self, name: &str) -> Result<Vec<Word>, CommandError> {
        Ok(self.take(name)?.map(|flag| flag.words).unwrap_or_default())
    }

    /// An error for the first flag that is left, naming the nearest of `known`, or for the first plain word beyond
    /// `most`.
    pub fn finish<'a>(
        &self,
        command: &str,
        most: usize,
        known: impl Iterator<Item = &'a str>,
    ) -> Result<(), CommandError> {
        if let Some(flag) = self.flags.first() {
            if PAGING.contains(&flag.name.as_str()) {
                let message = format!("--{}: this guide reads all pages; --query picks from the output", flag.name);
                return Err(CommandError::new(message, flag.at));
            }
            let known = known.chain(GLOBAL.iter().copied());
            let nearest = nearest(&flag.name, known).map(|name| format!("--{name}"));
            let message = format!("{command} has no flag --{}", flag.name);
            return Err(CommandError { message, at: flag.at, nearest });
        }
        match self.plain.get(most) {
            Some(word) => {
                let message = format!("{command}: the word '{}' belongs to no flag; flags begin with '--'", word.text);
                Err(CommandError::new(message, word.at))
            }
            None => Ok(()),
        }
    }
}

/// The names that can stand behind `aws`.
pub fn services() -> impl Iterator<Item = &'static str> {
    model::models().services.iter().map(model::Service::cli_name).chain(["s3"])
}
