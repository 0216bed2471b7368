//! `timeline.svg`: every lane a row, every second a column, for people who would rather look than read.

use std::fmt::Write as _;

use super::super::analysis::by_lane;
use super::super::plan::LaneRole;
use super::super::report::Report;
use crate::domain::SimTime;
use crate::domain::drill::{ClientClass, ProbeError, SlotResult};

/// The width of the lanes, in pixels.
const WIDTH: f64 = 1000.0;
/// Room for their names at the left.
const NAMES: f64 = 210.0;
/// Room for the title and the markers' names at the top.
const TOP: f64 = 92.0;
/// The height of a lane.
const ROW: f64 = 14.0;
/// Room for the legend at the bottom.
const BOTTOM: f64 = 46.0;

/// Colours that stay apart for people who do not see red and green as two (Okabe and Ito, *Color Universal Design*).
const LEGEND: [(&str, &str); 6] = [
    ("#0072b2", "R1"),
    ("#e69f00", "R2"),
    ("#56b4e9", "ok, Region unknown"),
    ("#d55e00", "error"),
    ("#7f0000", "no answer"),
    ("#bbbbbb", "not sent"),
];

fn colour(result: SlotResult) -> &'static str {
    let index = match result {
        SlotResult::Ok(Some(crate::domain::Role::Primary)) => 0,
        SlotResult::Ok(Some(crate::domain::Role::Secondary)) => 1,
        SlotResult::Ok(None) => 2,
        SlotResult::Status(_) | SlotResult::Error(ProbeError::Dns | ProbeError::Tls) => 3,
        SlotResult::Error(_) => 4,
        SlotResult::Missed => 5,
    };
    LEGEND.get(index).map_or("#000000", |(colour, _)| colour)
}

/// Text as XML writes it.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The picture.
pub fn svg(report: &Report) -> String {
    let samples = &report.samples;
    let end = samples.slots.iter().map(|slot| slot.at).max().unwrap_or(samples.start);
    let span = end.since(samples.start).as_secs_f64().max(1.0);
    let x = |at: SimTime| NAMES + at.since(samples.start).as_secs_f64() / span * WIDTH;
    let rows = by_lane(samples, report.lanes.len());
    let height = TOP + ROW * rows.len() as f64 + BOTTOM;
    let rto = report.rto_seconds.map_or_else(|| "not measured".to_owned(), |rto| format!("{rto:.2} s"));
    let said = escape(&format!("{}: RTO {rto}, {}", report.plan.title, report.verdict.word()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {0:.0} {height:.0}\" role=\"img\" font-family=\"sans-serif\" font-size=\"11\">\n<title>{said}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n<text x=\"8\" y=\"24\" font-size=\"16\">{said}</text>\n",
        NAMES + WIDTH + 16.0
    );
    for (index, (lane, row)) in report.lanes.iter().zip(&rows).enumerate() {
        let y = TOP + ROW * index as f64;
        let journey = report.plan.journeys.get(lane.journey).map_or("", |journey| journey.name.as_str());
        let vantage = report.plan.vantages.get(lane.vantage).map_or("", |vantage| vantage.name.as_str());
        let client = match (lane.role, lane.class) {
            (LaneRole::Direct(role), _) => format!("direct {}", role.label()),
            (_, ClientClass::TtlHonouring) => "ttl".to_owned(),
            (_, ClientClass::Sticky) => "sticky".to_owned(),
            (_, ClientClass::Fresh) => "fresh".to_owned(),
        };
        let name = escape(&format!("{journey} {vantage} {client}"));
        let _ = writeln!(svg, "<text x=\"8\" y=\"{:.1}\">{name}</text>", y + ROW - 3.0);
        strip(&mut svg, row.iter().map(|slot| (slot.at, slot.result)), lane.every.as_secs_f64() / span * WIDTH, &x, y);
    }
    markers(&mut svg, report, &x, height - BOTTOM);
    legend(&mut svg, height - 18.0);
    svg.push_str("</svg>\n");
    svg
}

/// One lane; neighbours of one colour are one rectangle.
fn strip(
    svg: &mut String,
    slots: impl Iterator<Item = (SimTime, SlotResult)>,
    width: f64,
    x: &impl Fn(SimTime) -> f64,
    y: f64,
) {
    let mut runs: Vec<(&str, f64, f64)> = Vec::new();
    for (at, result) in slots {
        let (colour, begin) = (colour(result), x(at));
        match runs.last_mut() {
            Some((known, _, end)) if *known == colour => *end = begin + width,
            _ => runs.push((colour, begin, begin + width)),
        }
    }
    for (colour, begin, end) in runs {
        let _ = writeln!(
            svg,
            "<rect x=\"{begin:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
            end - begin,
            ROW - 2.0
        );
    }
}

fn markers(svg: &mut String, report: &Report, x: &impl Fn(SimTime) -> f64, bottom: f64) {
    let seen = &report.analysis.markers;
    let all = [
        ("fault", seen.fault),
        ("impact", seen.impact),
        ("detected", seen.detected),
        ("rerouted", seen.rerouted),
        ("first good", seen.first_good),
        ("steady", seen.stable),
        ("mended", report.samples.healed),
    ];
    for (index, (name, at)) in all.into_iter().filter_map(|(name, at)| Some((name, at?))).enumerate() {
        let (x, y) = (x(at), 46.0 + 12.0 * (index % 4) as f64);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{y:.1}\" y2=\"{bottom:.1}\" stroke=\"#000000\" stroke-dasharray=\"3 2\"/>\n<text x=\"{:.1}\" y=\"{y:.1}\">{name} {}</text>",
            x + 3.0,
            seen.fault.map_or_else(String::new, |fault| format!("+{:.0} s", at.since(fault).as_secs_f64()))
        );
    }
}

fn legend(svg: &mut String, y: f64) {
    for (index, (colour, name)) in LEGEND.iter().enumerate() {
        let x = NAMES + 150.0 * index as f64;
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\n<text x=\"{:.1}\" y=\"{y:.1}\">{name}</text>",
            y - 10.0,
            x + 16.0
        );
    }
}
