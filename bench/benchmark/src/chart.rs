//! The chart of cold starts: one bar per subject, with init and first request stacked.

use crate::report::Report;
use std::fmt::Write as _;

const WIDTH: f64 = 800.0;
const LEFT: f64 = 160.0;
const RIGHT: f64 = 80.0;
const TOP: f64 = 76.0;
const ROW: f64 = 28.0;
const BAR: f64 = 18.0;
const BOTTOM: f64 = 52.0;
const INIT: &str = "#4477aa";
const FIRST: &str = "#ee6677";

/// Draws the chart. The background is white, since a page may be dark.
pub(crate) fn svg(report: &Report) -> String {
    let rows: Vec<_> = report.rows.iter().collect();
    let longest = rows.iter().map(|row| row.init + row.first).fold(1.0, f64::max);
    let step = step(longest);
    let steps = (longest / step).ceil();
    let scale = (WIDTH - LEFT - RIGHT) / (steps * step);
    let bottom = rows.iter().fold(TOP, |height, _| height + ROW);
    let height = bottom + BOTTOM;

    let mut svg = Svg(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    ));
    svg.text(16.0, 26.0, "start", 16, &format!("Cold start: {}", lower(&report.title())));
    for (x, colour, label) in [(16.0, INIT, "init: start to first poll"), (210.0, FIRST, "first request")] {
        svg.bar(x, 42.0, 12.0, 12.0, colour);
        svg.text(x + 18.0, 53.0, "start", 13, label);
    }
    let mut tick = 0.0;
    while tick <= steps * step {
        let x = LEFT + tick * scale;
        svg.line(x, TOP - 4.0, bottom);
        svg.text(x, bottom + 18.0, "middle", 12, &format!("{tick}"));
        tick += step;
    }
    svg.text(LEFT + steps * step * scale / 2.0, bottom + 40.0, "middle", 13, "milliseconds, medians");
    let mut y = TOP;
    for row in rows {
        let (init, first) = (row.init * scale, row.first * scale);
        svg.text(LEFT - 8.0, y + 14.0, "end", 13, &row.name);
        svg.bar(LEFT, y, init, BAR, INIT);
        svg.bar(LEFT + init, y, first, BAR, FIRST);
        svg.text(LEFT + init + first + 6.0, y + 14.0, "start", 13, &format!("{:.1}", row.cold));
        y += ROW;
    }
    svg.0.push_str("</svg>\n");
    svg.0
}

struct Svg(String);

impl Svg {
    fn text(&mut self, x: f64, y: f64, anchor: &str, size: u8, text: &str) {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"#222\">{text}</text>"
        );
    }

    fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, colour: &str) {
        let _ = writeln!(
            self.0,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>"
        );
    }

    fn line(&mut self, x: f64, from: f64, to: f64) {
        let _ =
            writeln!(self.0, "<path d=\"M{x:.1} {from:.1}V{to:.1}\" stroke=\"#ccc\" stroke-width=\"1\"/>");
    }
}

/// The distance between the axis' ticks: 1, 2 or 5 times a power of ten, for four to ten ticks.
fn step(longest: f64) -> f64 {
    let magnitude = 10_f64.powf((longest / 4.0).log10().floor());
    let steps = [5.0, 2.0, 1.0].map(|factor| factor * magnitude);
    steps.into_iter().find(|step| longest / step >= 4.0).unwrap_or(magnitude)
}

fn lower(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_four_to_ten_steps() {
        for longest in [1.0, 4.0, 9.9, 38.0, 100.0, 961.0] {
            let steps = longest / step(longest);
            assert!((4.0..=10.0).contains(&steps), "{longest}: {steps}");
        }
    }
}
