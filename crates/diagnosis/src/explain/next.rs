use super::{ExplainedCode, FittingCause, NextStep};
use crate::Stage;
use crate::evidence::Evidence;

/// What to type next, the most telling first.
pub(super) fn steps(evidence: &Evidence, codes: &[ExplainedCode], causes: &[FittingCause]) -> Vec<NextStep> {
    let mut steps = Vec::new();
    let Some(first) = causes.first() else { return steps };
    let said = said(codes);
    if causes.iter().take(3).any(|cause| is_seen_from_outside(cause.stage)) {
        let error = if said.is_empty() { String::new() } else { format!(" --error {said}") };
        steps.push(step(
            format!("rdpdoctor diagnose HOST{error}"),
            "measures at which step it fails, and weighs this with it",
        ));
    }
    steps.push(step(format!("rdpdoctor explain {}", first.cause), "how the likeliest cause is proven and mended"));
    if evidence.told.facts.is_empty() && causes.len() > 1 && !said.is_empty() {
        let command = format!("rdpdoctor explain {said} --fact ID");
        steps.push(step(command, "narrows it by what you know; \"rdpdoctor explain --facts\" lists what may be said"));
    }
    steps
}

fn step(command: String, why: &str) -> NextStep {
    NextStep { command, why: why.to_owned() }
}

fn is_seen_from_outside(stage: Stage) -> bool {
    stage < Stage::Session || stage == Stage::Host
}

/// The codes as one argument.
fn said(codes: &[ExplainedCode]) -> String {
    let texts: Vec<String> = codes.iter().map(written).collect();
    let joint = if texts.iter().all(|text| text.bytes().all(|byte| byte.is_ascii_alphanumeric())) { "/" } else { " " };
    let said = texts.join(joint);
    let plain = said.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_'));
    if plain { said } else { format!("\"{}\"", said.replace(['"', '`', '$'], "")) }
}

/// So that it is understood without the words that stood round it, and is no option.
fn written(code: &ExplainedCode) -> String {
    let family = code.meanings.first().map_or("", |meaning| meaning.family.as_str());
    match family {
        "tls-alert" => format!("alert {}", code.value),
        "schannel-state" => format!("state {}", code.value),
        "event40-reason" => format!("reason {}", code.value),
        _ if code.text.starts_with('-') => format!("0x{:X}", code.value),
        _ => code.text.clone(),
    }
}
