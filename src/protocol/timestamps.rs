//! Instants as the protocols write them: ISO 8601, epoch seconds and the date of HTTP headers (RFC 822).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// A way of writing an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `2026-01-05T09:00:00.000Z`.
    Iso8601,
    /// `1767603600.25`.
    Epoch,
    /// `Mon, 05 Jan 2026 09:00:00 GMT`.
    Rfc822,
}

impl Format {
    /// The format that a model's `timestampFormat` names.
    pub fn named(name: Option<&str>) -> Option<Self> {
        match name? {
            "iso8601" => Some(Self::Iso8601),
            "unixTimestamp" => Some(Self::Epoch),
            "rfc822" => Some(Self::Rfc822),
            _ => None,
        }
    }
}

fn instant(seconds: f64) -> Option<Timestamp> {
    // Milliseconds are all that AWS's answers carry; rounding to them hides what binary fractions add.
    Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()
}

/// Writes epoch seconds; `None` when they are beyond the calendar.
pub fn write(seconds: f64, format: Format) -> Option<String> {
    let at = instant(seconds)?;
    Some(match format {
        Format::Iso8601 => format!("{at:.3}"),
        Format::Epoch if at.subsec_nanosecond() == 0 => at.as_second().to_string(),
        Format::Epoch => format!("{:.3}", at.as_millisecond() as f64 / 1000.0),
        Format::Rfc822 => at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
    })
}

/// As the AWS CLI prints an instant: `2026-01-05T09:00:00+00:00`, with microseconds only when there are any.
pub fn display(seconds: f64) -> Option<String> {
    let at = instant(seconds)?;
    let pattern = if at.subsec_nanosecond() == 0 { "%Y-%m-%dT%H:%M:%S+00:00" } else { "%Y-%m-%dT%H:%M:%S.%6f+00:00" };
    Some(at.strftime(pattern).to_string())
}

/// Reads any of the formats into epoch seconds. Text without an offset is UTC, as for the AWS CLI.
pub fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && instant(seconds).is_some()).then_some(seconds);
    }
    let at = text
        .parse::<Timestamp>()
        .ok()
        .or_else(|| TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
        .or_else(|| DateTimeParser::new().parse_timestamp(text).ok())?;
    Some(at.as_millisecond() as f64 / 1000.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const START: f64 = 1_767_603_600.0;

    #[test]
    fn each_format_reads_back() {
        for format in [Format::Iso8601, Format::Epoch, Format::Rfc822] {
            assert_eq!(parse(&write(START, format).unwrap()), Some(START), "{format:?}");
        }
        assert_eq!(write(START, Format::Rfc822).unwrap(), "Mon, 05 Jan 2026 09:00:00 GMT");
        assert_eq!(write(START + 0.25, Format::Iso8601).unwrap(), "2026-01-05T09:00:00.250Z");
        assert_eq!(write(START + 0.25, Format::Epoch).unwrap(), "1767603600.250");
    }

    #[test]
    fn what_people_type_is_read() {
        for text in ["2026-01-05T09:00:00Z", "2026-01-05T10:00:00+01:00", "2026-01-05T09:00:00", "1767603600"] {
            assert_eq!(parse(text), Some(START), "{text}");
        }
        assert_eq!(parse("2026-01-05"), Some(START - 9.0 * 3600.0));
        for text in ["yesterday", "", "NaN", "1e300"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_cli_prints_an_offset_and_microseconds() {
        assert_eq!(display(START).unwrap(), "2026-01-05T09:00:00+00:00");
        assert_eq!(display(START + 0.123).unwrap(), "2026-01-05T09:00:00.123000+00:00");
    }
}
