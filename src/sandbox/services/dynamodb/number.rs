//! DynamoDB's numbers: decimals of up to 38 significant digits, compared and added exactly.

use std::cmp::Ordering;
use std::fmt;

use crate::sandbox::call::AwsError;

/// Source: Amazon DynamoDB Developer Guide, "Supported data types": 38 digits of precision, up to 9.99…E+125.
const DIGITS: usize = 38;
const LARGEST_EXPONENT: i32 = 126;

/// A decimal: `mantissa × 10^exponent`, without trailing zeros in the mantissa.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    mantissa: i128,
    exponent: i32,
}

fn validation(message: &str) -> AwsError {
    AwsError::client("ValidationException", message)
}

impl Number {
    fn new(mut mantissa: i128, mut exponent: i32) -> Result<Self, AwsError> {
        while mantissa != 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            exponent += 1;
        }
        if mantissa == 0 {
            exponent = 0;
        }
        let digits = mantissa.unsigned_abs().to_string().len();
        if digits > DIGITS {
            return Err(validation("Attempting to store more than 38 significant digits in a Number"));
        }
        let magnitude = exponent + i32::try_from(digits).unwrap_or(0);
        if mantissa != 0 && magnitude > LARGEST_EXPONENT {
            return Err(validation(
                "Number overflow. Attempting to store a number with magnitude larger than supported range",
            ));
        }
        Ok(Self { mantissa, exponent })
    }

    /// Reads `-12.5e3`.
    pub(super) fn parse(text: &str) -> Result<Self, AwsError> {
        let invalid = || validation("The parameter cannot be converted to a numeric value").with_value(text);
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().map_err(|_| invalid())?),
            None => (text, 0),
        };
        let (negative, digits) = match digits.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, digits.strip_prefix('+').unwrap_or(digits)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = format!("{whole}{fraction}");
        if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        let trimmed = plain.trim_start_matches('0').trim_end_matches('0');
        if trimmed.len() > DIGITS {
            return Err(validation("Attempting to store more than 38 significant digits in a Number"));
        }
        let dropped = plain.len() - plain.trim_end_matches('0').len();
        let mantissa: i128 = if trimmed.is_empty() { 0 } else { trimmed.parse().map_err(|_| invalid())? };
        let shift = i32::try_from(dropped).unwrap_or(0) - i32::try_from(fraction.len()).unwrap_or(0);
        Self::new(if negative { -mantissa } else { mantissa }, exponent.saturating_add(shift))
    }

    /// The sum, exactly or not at all.
    pub(super) fn plus(self, other: Self) -> Result<Self, AwsError> {
        let low = self.exponent.min(other.exponent);
        let scaled = |number: Self| {
            let factor = 10_i128.checked_pow(u32::try_from(number.exponent - low).ok()?)?;
            number.mantissa.checked_mul(factor)
        };
        let sum = scaled(self).zip(scaled(other)).and_then(|(a, b)| a.checked_add(b));
        let sum = sum.ok_or_else(|| validation("Attempting to store more than 38 significant digits in a Number"))?;
        Self::new(sum, low)
    }

    /// The number below zero.
    pub(super) fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, ..self }
    }

    /// Where the first digit stands, for comparing magnitudes.
    fn magnitude(self) -> i32 {
        self.exponent + i32::try_from(self.mantissa.unsigned_abs().to_string().len()).unwrap_or(0)
    }

    /// The mantissa with zeros up to 38 digits, so that numbers of one magnitude compare as integers.
    fn padded(self) -> u128 {
        let digits = self.mantissa.unsigned_abs().to_string().len();
        self.mantissa.unsigned_abs().saturating_mul(10_u128.saturating_pow(u32::try_from(DIGITS - digits).unwrap_or(0)))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = self.mantissa.signum().cmp(&other.mantissa.signum());
        let size = self.magnitude().cmp(&other.magnitude()).then_with(|| self.padded().cmp(&other.padded()));
        match (sign, self.mantissa.signum()) {
            (Ordering::Equal, 0) => Ordering::Equal,
            (Ordering::Equal, -1) => size.reverse(),
            (Ordering::Equal, _) => size,
            _ => sign,
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Without exponent, as DynamoDB gives numbers back.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let point = i32::try_from(digits.len()).unwrap_or(0) + self.exponent;
        match usize::try_from(point) {
            _ if self.exponent >= 0 => {
                write!(f, "{sign}{digits}{}", "0".repeat(usize::try_from(self.exponent).unwrap_or(0)))
            }
            Ok(point) if point > 0 => {
                let (whole, fraction) = digits.split_at(point);
                write!(f, "{sign}{whole}.{fraction}")
            }
            _ => write!(f, "{sign}0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
        }
    }
}

/// Puts the value behind a message of that kind.
trait WithValue {
    fn with_value(self, value: &str) -> Self;
}

impl WithValue for AwsError {
    fn with_value(mut self, value: &str) -> Self {
        self.message = format!("{}: {value}", self.message);
        self
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn n(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_written_in_one_way() {
        for (given, written) in
            [("1.0", "1"), ("007", "7"), ("-0.50", "-0.5"), ("1e3", "1000"), ("1.5E-3", "0.0015"), ("0", "0")]
        {
            assert_eq!(n(given).to_string(), written);
        }
        assert!(Number::parse("1x").is_err() && Number::parse("").is_err() && Number::parse(".").is_err());
        assert!(Number::parse(&"1".repeat(39)).is_err());
        assert!(Number::parse("1e126").is_err());
    }

    #[test]
    fn numbers_compare_and_add_exactly() {
        assert!(n("10") > n("9") && n("-10") < n("-9") && n("0.1") > n("0.09") && n("-1") < n("0") && n("2") > n("0"));
        assert_eq!(n("0.1").plus(n("0.2")).unwrap().to_string(), "0.3");
        assert_eq!(n("5").plus(n("7").negated()).unwrap().to_string(), "-2");
        assert!(n("1e40").plus(n("1")).is_err());
    }
}
