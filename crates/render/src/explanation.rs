//! What codes mean, and what remedies are worth, as Markdown. [`page`](crate::page) shows it on a terminal.

use rdpdoctor_diagnosis::catalogue::remedies::JudgedRemedy;
use rdpdoctor_diagnosis::explain::{ExplainedCode, ExplainedPair, Explanation, FittingCause, Meaning, Misbelief};

/// More causes than anybody follows up; the rest is counted.
const MOST_CAUSES: usize = 8;

/// The whole explanation.
pub fn markdown(explanation: &Explanation) -> String {
    let mut page = Page::default();
    for code in &explanation.codes {
        page.code(code);
    }
    if let Some(pair) = &explanation.pair {
        page.pair(pair);
    }
    page.causes(explanation);
    if let Some(pair) = &explanation.pair {
        page.found(pair);
    }
    page.misbeliefs(explanation);
    page.temptations(explanation);
    page.next(explanation);
    page.text
}

/// The page of a remedy.
pub fn remedy(remedy: &JudgedRemedy) -> String {
    let mut page = Page::default();
    page.heading(1, &remedy.title);
    page.paragraph(&format!("`{}` · judged {}", remedy.id, remedy.verdict.phrase()));
    let parts = [
        ("What it really does", &remedy.does),
        ("When it helps", &remedy.helps),
        ("When it is useless", &remedy.useless),
        ("What it risks", &remedy.risks),
        ("The better way", &remedy.better),
    ];
    for (heading, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        page.heading(2, heading);
        page.paragraph(text);
    }
    page.heading(2, "Causes that it mends");
    if remedy.causes.is_empty() {
        page.paragraph("None.");
    }
    page.items(remedy.causes.iter().map(|id| format!("`{id}`")));
    page.heading(2, "Source");
    page.paragraph(&remedy.source);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn heading(&mut self, level: usize, text: &str) {
        let gap = if self.text.is_empty() || self.text.ends_with("\n\n") { "" } else { "\n" };
        self.text.extend([gap, &"#".repeat(level), " ", text, "\n"]);
        if level == 1 {
            self.text.push('\n');
        }
    }

    fn paragraph(&mut self, text: &str) {
        self.text.extend([text, "\n"]);
    }

    fn items(&mut self, items: impl Iterator<Item = String>) {
        for item in items {
            self.text.extend(["- ", &item, "\n"]);
        }
    }

    fn code(&mut self, code: &ExplainedCode) {
        self.heading(1, &title(code));
        match code.meanings.as_slice() {
            [] => self.unknown(code),
            [one] => self.meaning(one),
            [first, rest @ ..] => {
                self.meaning(first);
                self.heading(2, "It may also be");
                self.paragraph(code.order.as_deref().unwrap_or_default());
                self.text.push('\n');
                self.items(rest.iter().map(in_short));
            }
        }
    }

    fn unknown(&mut self, code: &ExplainedCode) {
        self.paragraph("No table that we have knows this number.");
        if !code.structure.is_empty() {
            self.text.push('\n');
        }
        self.items(code.structure.iter().map(|form| format!("By its form: {form}.")));
    }

    fn meaning(&mut self, meaning: &Meaning) {
        self.paragraph(&format!("{}{}: {}.", capital(&meaning.title), symbol(meaning), meaning.meaning));
        self.text.push('\n');
        self.items(details(meaning).into_iter());
    }

    fn pair(&mut self, pair: &ExplainedPair) {
        self.heading(1, &format!("{} together", pair.codes));
        self.heading(2, "Documented");
        self.items(pair.documented.iter().cloned());
        self.heading(2, "Inferred, not documented");
        self.items(pair.inferred.iter().cloned());
        self.paragraph(&format!("\nSource: {}", pair.source));
    }

    fn found(&mut self, pair: &ExplainedPair) {
        self.heading(1, &format!("What people in fact found behind {}", pair.codes));
        let found = pair.found.iter().map(|found| {
            let causes: Vec<String> = found.causes.iter().map(|id| format!("`{id}`")).collect();
            let status = capital(&found.status);
            format!("{} ({}): {}. {status}; {}", causes.join(", "), found.weight, found.finding, found.source)
        });
        self.items(found);
    }

    fn misbeliefs(&mut self, explanation: &Explanation) {
        let beliefs: Vec<_> = explanation.codes.iter().flat_map(|code| &code.misbeliefs).collect();
        if !beliefs.is_empty() {
            self.heading(1, "What it does not mean");
            let item = |belief: &&Misbelief| format!("\"{}\": no. {} ({})", belief.says, belief.truth, belief.source);
            self.items(beliefs.iter().map(item));
        }
    }

    fn causes(&mut self, explanation: &Explanation) {
        if explanation.causes.is_empty() {
            return;
        }
        self.heading(1, "Causes that fit, the likeliest first");
        self.items(explanation.causes.iter().take(MOST_CAUSES).map(cause));
        let more = explanation.causes.len().saturating_sub(MOST_CAUSES);
        if more > 0 {
            let rest: Vec<String> =
                explanation.causes.iter().skip(MOST_CAUSES).map(|cause| format!("`{}`", cause.cause)).collect();
            self.paragraph(&format!("\nAlso, less likely: {}.", rest.join(", ")));
        }
    }

    fn temptations(&mut self, explanation: &Explanation) {
        if explanation.temptations.is_empty() {
            return;
        }
        self.heading(1, "What people try, and what it is worth");
        let tempting = explanation.temptations.iter();
        self.items(
            tempting.map(|tempting| format!("`remedy:{}`: {}. {}", tempting.remedy, tempting.verdict, tempting.why)),
        );
    }

    fn next(&mut self, explanation: &Explanation) {
        if explanation.next.is_empty() {
            return;
        }
        self.heading(1, "Next");
        for step in &explanation.next {
            self.text.extend(["```\n", &step.command, "\n```\n", &capital(&step.why), ".\n\n"]);
        }
        self.text.pop();
    }
}

/// The number in both forms, and as it was written where that differs.
fn title(code: &ExplainedCode) -> String {
    let number =
        if code.value < 10 { format!("0x{}", code.value) } else { format!("0x{:X} ({})", code.value, code.value) };
    match code.meanings.first() {
        Some(meaning) if meaning.family == "event" => meaning.name.clone(),
        Some(meaning) if meaning.family == "message" || meaning.family == "other-client" => {
            format!("\"{}\"", meaning.name)
        }
        Some(meaning) if !meaning.number.starts_with("0x") => format!("{} (0x{:X})", code.value, code.value),
        None if code.family.as_deref() == Some("event") && !code.text.contains('/') => format!("Event {}", code.value),
        None if code.family.as_deref() == Some("tls-alert") => format!("Alert {}", code.value),
        _ if code.text.ends_with(&code.value.to_string()) && code.text.contains('/') => code.text.clone(),
        _ => number,
    }
}

fn details(meaning: &Meaning) -> Vec<String> {
    let mut details = vec![format!("Seen in: {}.", meaning.met)];
    if !meaning.stages.is_empty() {
        let stages: Vec<String> = meaning.stages.iter().map(ToString::to_string).collect();
        details.push(format!("Arises at: {}.", stages.join(", ")));
    }
    if !meaning.also.is_empty() {
        details.push(format!("{}.", meaning.also));
    }
    details.push(format!("Confidence: {}. Source: {}", meaning.confidence, meaning.source));
    details
}

fn in_short(meaning: &Meaning) -> String {
    let title = capital(&meaning.title);
    let (number, symbol) = (&meaning.number, symbol(meaning));
    format!("{title} {number}{symbol}: {} ({}; {})", meaning.meaning, meaning.confidence, meaning.source)
}

/// The symbolic name; events and wordings are named by the heading.
fn symbol(meaning: &Meaning) -> String {
    let is_symbol = !meaning.name.is_empty() && !meaning.name.contains(' ');
    if is_symbol { format!(" `{}`", meaning.name) } else { String::new() }
}

fn cause(cause: &FittingCause) -> String {
    let title = cause.title.trim_end_matches('.');
    let mut text = format!("`{}` ({}): {title}. Proof: {}", cause.cause, cause.stage, cause.proven_by);
    for moved in cause.moved_by.iter().filter(|moved| moved.is_by_fact()) {
        text.extend([" ", &signed(moved.decibans), ": ", &moved.text, "."]);
    }
    text
}

/// Decibans with their sign.
fn signed(decibans: i16) -> String {
    format!("{decibans:+}")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
