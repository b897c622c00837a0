//! One page that is complete in itself: no script, no font, no picture from elsewhere; it prints well.
//!
//! Every expression of the templates passes `escape::Page`; no address of a link or a picture is made of data.

mod attempts;
mod certificates;
mod clients;
pub(crate) mod escape;
pub(crate) mod remedies;
mod target;
pub(crate) mod ways_in;

use askama::Template;
use jiff::tz::TimeZone;
use rdpdoctor_diagnosis::Verdict;
use rdpdoctor_diagnosis::report::Report;

pub(crate) use escape::{command, prose};

use crate::words;
use target::Target;

/// All reports of a run on one page, with local times in this zone beside UTC.
pub fn report(reports: &[Report], zone: &TimeZone) -> Result<String, askama::Error> {
    let level = if reports.len() > 1 { 2 } else { 1 };
    let targets: Vec<Target<'_>> =
        (1..).zip(reports).map(|(number, report)| Target { report, zone, level, id: format!("t{number}") }).collect();
    Page { title: title(reports), version: env!("CARGO_PKG_VERSION"), targets }.render()
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    title: String,
    version: &'static str,
    targets: Vec<Target<'a>>,
}

/// How many targets have one verdict.
struct Count {
    number: usize,
    word: &'static str,
    tone: &'static str,
    sign: &'static str,
}

impl Page<'_> {
    /// The worst verdict first; those that nobody got are left out.
    fn tally(&self) -> Vec<Count> {
        let worst_first =
            [Verdict::Broken, Verdict::Unreachable, Verdict::Inconclusive, Verdict::Warning, Verdict::Healthy];
        let count = |verdict| Count {
            number: self.targets.iter().filter(|target| target.report.verdict == verdict).count(),
            word: words::verdict(verdict),
            tone: tone(verdict),
            sign: sign(verdict),
        };
        worst_first.map(count).into_iter().filter(|count| count.number > 0).collect()
    }
}

fn title(reports: &[Report]) -> String {
    match reports {
        [one] => format!("{} {} – rdpdoctor", words::verdict(one.verdict).to_uppercase(), words::target(one)),
        several => format!("{} Remote Desktop servers – rdpdoctor", several.len()),
    }
}

/// The class that colours a verdict.
fn tone(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "good",
        Verdict::Warning => "caution",
        Verdict::Broken | Verdict::Unreachable => "bad",
        Verdict::Inconclusive => "open",
    }
}

/// Its shape, which differs where the colour does not.
fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "good",
        Verdict::Warning => "caution",
        Verdict::Broken => "bad",
        Verdict::Unreachable => "away",
        Verdict::Inconclusive => "open",
    }
}
