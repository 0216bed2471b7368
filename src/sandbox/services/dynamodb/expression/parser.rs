//! Tokens as trees.

use super::Scope;
use super::condition::{Comparison, Condition, Function, Operand};
use super::lexer::{Token, tokens};
use super::path::{Path, Step};
use super::reserved;
use super::update::{Action, Source, Update};
use crate::sandbox::call::AwsError;
use crate::sandbox::services::dynamodb::value::{kind, validation};

struct Parser<'s, 'v> {
    scope: &'s Scope<'v>,
    /// The input member, for messages.
    member: &'s str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'s, 'v> Parser<'s, 'v> {
    fn new(scope: &'s Scope<'v>, member: &'s str, source: &str) -> Result<Self, AwsError> {
        if source.trim().is_empty() {
            return Err(validation(format!("Invalid {member}: The expression can not be empty;")));
        }
        let tokens = tokens(source)
            .map_err(|bad| validation(format!("Invalid {member}: Syntax error; token: \"{bad}\", near: \"{bad}\"")))?;
        Ok(Self { scope, member, tokens, at: 0 })
    }

    fn error(&self, what: &str) -> AwsError {
        validation(format!("Invalid {}: {what}", self.member))
    }

    /// What is here was not expected.
    fn unexpected(&self) -> AwsError {
        let token = self.tokens.get(self.at).map_or("<EOF>".to_owned(), Token::text);
        let from = self.at.saturating_sub(1);
        let near: Vec<String> = self.tokens.iter().skip(from).take(3).map(Token::text).collect();
        self.error(&format!("Syntax error; token: \"{token}\", near: \"{}\"", near.join(" ")))
    }

    fn sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(here)) if *here == sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), AwsError> {
        if self.sign(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn peek_word(&self) -> Option<&str> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    /// Keywords are written in any case.
    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.peek_word().is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn end(&self) -> Result<(), AwsError> {
        if self.at == self.tokens.len() { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The name of a function, when one is called here.
    fn function(&mut self) -> Option<String> {
        let name = self.peek_word()?.to_owned();
        let called = matches!(self.tokens.get(self.at + 1), Some(Token::Sign("(")));
        if !called || name.eq_ignore_ascii_case("not") || name.eq_ignore_ascii_case("in") {
            return None;
        }
        self.at += 2;
        Some(name)
    }

    fn path(&mut self) -> Result<Path, AwsError> {
        let mut steps = vec![Step::Name(self.name()?)];
        loop {
            if self.sign(".") {
                steps.push(Step::Name(self.name()?));
            } else if self.sign("[") {
                let Some(Token::Number(at)) = self.tokens.get(self.at) else { return Err(self.unexpected()) };
                steps.push(Step::At(*at));
                self.at += 1;
                self.expect("]")?;
            } else {
                return Ok(Path(steps));
            }
        }
    }

    fn name(&mut self) -> Result<String, AwsError> {
        let word = self.peek_word().filter(|word| !word.starts_with(':')).ok_or_else(|| self.unexpected())?.to_owned();
        self.at += 1;
        if word.starts_with('#') {
            return self.scope.name(&word).ok_or_else(|| {
                self.error(&format!(
                    "An expression attribute name used in the document path is not defined; attribute name: {word}"
                ))
            });
        }
        if reserved::is_reserved(&word) {
            return Err(self.error(&format!("Attribute name is a reserved keyword; reserved keyword: {word}")));
        }
        Ok(word)
    }

    fn operand(&mut self) -> Result<Operand, AwsError> {
        if let Some(word) = self.peek_word().filter(|word| word.starts_with(':')) {
            let value = self.scope.value(word).ok_or_else(|| {
                self.error(&format!(
                    "An expression attribute value used in expression is not defined; attribute value: {word}"
                ))
            })?;
            self.at += 1;
            return Ok(Operand::Value(value));
        }
        if let Some(name) = self.function() {
            if name != "size" {
                return Err(self.error(&format!("Invalid function name; function: {name}")));
            }
            let path = self.path()?;
            self.expect(")")?;
            return Ok(Operand::Size(path));
        }
        self.path().map(Operand::Path)
    }

    fn condition(&mut self) -> Result<Condition, AwsError> {
        let mut left = self.conjunction()?;
        while self.keyword("or") {
            left = Condition::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Condition, AwsError> {
        let mut left = self.negation()?;
        while self.keyword("and") {
            left = Condition::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Condition, AwsError> {
        if self.keyword("not") {
            return Ok(Condition::Not(Box::new(self.negation()?)));
        }
        if self.sign("(") {
            let inner = self.condition()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let start = self.at;
        if let Some(name) = self.function().filter(|name| name != "size") {
            return self.call(&name);
        }
        self.at = start;
        let left = self.operand()?;
        if self.keyword("between") {
            let low = self.operand()?;
            if !self.keyword("and") {
                return Err(self.unexpected());
            }
            return Ok(Condition::Between(left, low, self.operand()?));
        }
        if self.keyword("in") {
            self.expect("(")?;
            let mut among = vec![self.operand()?];
            while self.sign(",") {
                among.push(self.operand()?);
            }
            self.expect(")")?;
            return Ok(Condition::In(left, among));
        }
        let comparison = [
            ("=", Comparison::Equal),
            ("<>", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ]
        .into_iter()
        .find_map(|(sign, comparison)| self.sign(sign).then_some(comparison))
        .ok_or_else(|| self.unexpected())?;
        Ok(Condition::Compare(left, comparison, self.operand()?))
    }

    fn call(&mut self, name: &str) -> Result<Condition, AwsError> {
        let function = match name {
            "attribute_exists" => Function::Exists,
            "attribute_not_exists" => Function::NotExists,
            "attribute_type" => Function::Type,
            "begins_with" => Function::BeginsWith,
            "contains" => Function::Contains,
            _ => return Err(self.error(&format!("Invalid function name; function: {name}"))),
        };
        let first = self.operand()?;
        let takes_path = matches!(function, Function::Exists | Function::NotExists);
        if takes_path && !matches!(first, Operand::Path(_)) {
            return Err(
                self.error(&format!("Operator or function requires a document path; operator or function: {name}"))
            );
        }
        let second = if takes_path { None } else { Some(self.expect(",").and_then(|()| self.operand())?) };
        self.expect(")")?;
        Ok(Condition::Call(function, first, second))
    }

    fn source(&mut self) -> Result<Source, AwsError> {
        let left = self.term()?;
        if self.sign("+") {
            return Ok(Source::Plus(Box::new(left), Box::new(self.term()?)));
        }
        if self.sign("-") {
            return Ok(Source::Minus(Box::new(left), Box::new(self.term()?)));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Source, AwsError> {
        let start = self.at;
        match self.function().as_deref() {
            Some("if_not_exists") => {
                let path = self.path()?;
                self.expect(",")?;
                let other = self.term()?;
                self.expect(")")?;
                Ok(Source::IfNotExists(path, Box::new(other)))
            }
            Some("list_append") => {
                let first = self.term()?;
                self.expect(",")?;
                let second = self.term()?;
                self.expect(")")?;
                Ok(Source::Append(Box::new(first), Box::new(second)))
            }
            Some(name) => Err(self.error(&format!("Invalid function name; function: {name}"))),
            None => {
                self.at = start;
                self.operand().map(Source::Operand)
            }
        }
    }

    fn action(&mut self, clause: &str) -> Result<Action, AwsError> {
        let path = self.path()?;
        match clause {
            "SET" => {
                self.expect("=")?;
                Ok(Action::Set(path, self.source()?))
            }
            "REMOVE" => Ok(Action::Remove(path)),
            _ => match self.operand()? {
                Operand::Value(value) if clause == "ADD" => Ok(Action::Add(path, value)),
                Operand::Value(value) if ["SS", "NS", "BS"].contains(&kind(&value)) => Ok(Action::Delete(path, value)),
                Operand::Value(_) => Err(self
                    .error("Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER")),
                _ => Err(self.unexpected()),
            },
        }
    }
}

/// Parses a condition, a filter or a key condition.
pub(super) fn condition(scope: &Scope<'_>, member: &str, source: &str) -> Result<Condition, AwsError> {
    let mut parser = Parser::new(scope, member, source)?;
    let condition = parser.condition()?;
    parser.end()?;
    Ok(condition)
}

/// Parses `SET … REMOVE … ADD … DELETE …`.
pub(super) fn update(scope: &Scope<'_>, member: &str, source: &str) -> Result<Update, AwsError> {
    let mut parser = Parser::new(scope, member, source)?;
    let mut actions: Vec<Action> = Vec::new();
    let mut seen = Vec::new();
    while parser.at < parser.tokens.len() {
        let clause = ["SET", "REMOVE", "ADD", "DELETE"].into_iter().find(|clause| parser.keyword(clause));
        let clause = clause.ok_or_else(|| parser.unexpected())?;
        if seen.contains(&clause) {
            return Err(
                parser.error(&format!("The \"{clause}\" section can only be used once in an update expression;"))
            );
        }
        seen.push(clause);
        loop {
            let action = parser.action(clause)?;
            if let Some(other) = actions.iter().find(|other| other.path().overlaps(action.path())) {
                return Err(parser.error(&format!(
                    "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: {}, path two: {}",
                    other.path(),
                    action.path()
                )));
            }
            actions.push(action);
            if !parser.sign(",") {
                break;
            }
        }
    }
    Ok(Update(actions))
}

/// Parses a list of paths.
pub(super) fn projection(scope: &Scope<'_>, member: &str, source: &str) -> Result<Vec<Path>, AwsError> {
    let mut parser = Parser::new(scope, member, source)?;
    let mut paths = vec![parser.path()?];
    while parser.sign(",") {
        paths.push(parser.path()?);
    }
    parser.end()?;
    Ok(paths)
}
