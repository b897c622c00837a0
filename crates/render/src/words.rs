//! The model's values in the reader's words.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rdpdoctor_diagnosis::catalogue::profiles;
use rdpdoctor_diagnosis::rdp_file::FileRemark;
use rdpdoctor_diagnosis::report::{
    Avoid, ClientOutcome, Deviation, Outcome, ProtocolState, Report, ReportFinding, ServerIdentity,
};
use rdpdoctor_diagnosis::{Certainty, Place, Remedy, Safety, Severity, Verdict};

/// What would say more of the other ways to the machine.
pub(crate) const ASK_WAYS_IN: &str = "`--ways-in` asks which of SSH, WinRM and SMB answers";

pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "healthy",
        Verdict::Warning => "warning",
        Verdict::Broken => "broken",
        Verdict::Unreachable => "unreachable",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// `ts01:3389`, `[2001:db8::5]:3389`.
pub(crate) fn target(report: &Report) -> String {
    if report.target.is_none() {
        return machine(report);
    }
    let asked = &report.evidence.target;
    if asked.host.contains(':') {
        format!("[{}]:{}", asked.host, asked.port)
    } else {
        format!("{}:{}", asked.host, asked.port)
    }
}

/// A machine that was looked at and not probed, by its name where it has one.
fn machine(report: &Report) -> String {
    let looked_at = report.evidence.host.as_ref().or(report.evidence.origin.as_ref());
    let name = looked_at.and_then(|machine| machine.computer.observed()).and_then(Clone::clone);
    match name {
        Some(name) => rdpdoctor_protocol::text::safe_text(&name, 63),
        None if looked_at.is_some() => "a Windows machine".to_owned(),
        None => "no host".to_owned(),
    }
}

/// What the verdict rests on, in a few words.
pub(crate) fn found(report: &Report) -> String {
    match (report.root(), report.verdict) {
        (Some(root), _) => finding(root),
        (None, Verdict::Healthy) => "nothing is wrong".to_owned(),
        (None, _) => "not settled".to_owned(),
    }
}

/// The address behind a name, where it is known.
pub(crate) fn address(report: &Report) -> Option<IpAddr> {
    let target = report.target.as_ref().filter(|target| target.asked.literal().is_none())?;
    target.address
}

/// The releases of Windows that the server may be, for people.
pub(crate) fn releases(server: &ServerIdentity) -> Option<String> {
    let title = |id: &String| {
        let known = profiles().iter().flat_map(|profile| profile.ids.iter().zip(&profile.titles));
        known.into_iter().find(|(known, _)| *known == id).map_or_else(|| id.clone(), |(_, title)| title.clone())
    };
    let titles: Vec<String> = server.releases.iter().map(title).collect();
    (!titles.is_empty()).then(|| titles.join(" or "))
}

/// What would make the answer surer.
pub(crate) fn missing(report: &Report) -> impl Iterator<Item = &String> {
    report.root().into_iter().flat_map(|root| &root.missing).chain(&report.missing)
}

/// Everything beside the root cause.
pub(crate) fn others(report: &Report) -> impl Iterator<Item = &ReportFinding> {
    let root = report.root_cause.as_deref();
    report.findings.iter().filter(move |other| root != Some(other.cause.as_str()))
}

/// The verdict in one sentence, without its full stop.
pub(crate) fn sentence(report: &Report) -> &str {
    match (report.root(), report.verdict) {
        (Some(root), _) => &root.title,
        (None, Verdict::Healthy) if report.asked_client.is_some() => "The client that was asked about gets through",
        (None, Verdict::Healthy) if report.target.is_none() => "Nothing on this machine stops Remote Desktop",
        (None, Verdict::Healthy) => "A current Remote Desktop client gets through",
        (None, _) if report.target.is_none() => "What could be read does not settle whether Remote Desktop works",
        (None, _) => "What was measured does not settle whether a client gets through",
    }
}

/// Where a finding beside the root cause stands.
pub(crate) fn role(root: Option<&ReportFinding>, other: &ReportFinding) -> &'static str {
    let is_symptom = root.is_some_and(|root| root.explains.contains(&other.cause));
    if is_symptom { "a symptom of the above" } else { severity(other.severity) }
}

/// `certificate-missing, confirmed`.
pub(crate) fn finding(finding: &ReportFinding) -> String {
    format!("{}, {}", finding.cause, certainty(finding.certainty))
}

/// The command that tells more.
pub(crate) fn explain(finding: &ReportFinding) -> String {
    format!("rdpdoctor explain {}", finding.cause)
}

/// The command that tells more of what is to be avoided.
pub(crate) fn explain_remedy(avoid: &Avoid) -> String {
    format!("rdpdoctor explain remedy:{}", avoid.remedy)
}

/// `likely: it picks …`.
pub(crate) fn deviation(item: &Deviation) -> String {
    format!("{}: {}", certainty(item.certainty), item.text)
}

pub(crate) fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Possible => "possible",
        Certainty::Likely => "likely",
        Certainty::Confirmed => "confirmed",
    }
}

pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Informs => "good to know",
        Severity::Degrades => "degrades",
        Severity::Blocks => "blocks",
    }
}

pub(crate) fn place(place: Place) -> &'static str {
    match place {
        Place::Here => "Here, where this was typed",
        Place::Server => "On the server",
        Place::Client => "On the machine that connects",
        Place::Network => "On the device in between",
        Place::Dns => "On the name server",
        Place::Gateway => "On the RD Gateway",
        Place::Broker => "On the RD Connection Broker",
        Place::LicenseServer => "On the RD Licensing server",
        Place::DomainController => "On a domain controller",
    }
}

pub(crate) fn protocol_state(state: ProtocolState) -> &'static str {
    match state {
        ProtocolState::Required => "required",
        ProtocolState::Offered => "offered",
        ProtocolState::Refused => "refused",
        ProtocolState::NotMeasured => "not measured",
    }
}

pub(crate) fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Warned => "warning",
        Outcome::Failed => "failed",
        Outcome::Skipped => "not checked",
    }
}

pub(crate) fn client_outcome(outcome: ClientOutcome) -> &'static str {
    match outcome {
        ClientOutcome::Connects => "connects",
        ClientOutcome::Warns => "warns",
        ClientOutcome::Fails => "fails",
        ClientOutcome::Unknown => "unknown",
    }
}

pub(crate) fn safety(safety: Safety) -> &'static str {
    match safety {
        Safety::Safe => "safe",
        Safety::Disruptive => "disruptive",
        Safety::Manual => "needs judgement",
    }
}

pub(crate) fn interrupts(remedy: &Remedy) -> &str {
    match (remedy.interrupts.as_str(), remedy.safety) {
        ("", Safety::Safe) => "nothing",
        ("", Safety::Disruptive) => "sessions or services",
        ("", Safety::Manual) => "depends on what is done",
        (text, _) => text,
    }
}

/// "4 TCP connections in 184 ms".
pub(crate) fn effort(report: &Report) -> String {
    if report.target.is_none() {
        return format!("judged in {}, without a probe", duration(report.duration_ms));
    }
    let connections = match report.connections {
        1 => "1 TCP connection".to_owned(),
        several => format!("{several} TCP connections"),
    };
    format!("{connections} in {}", duration(report.duration_ms))
}

/// Milliseconds as `1.2 ms`, `184 ms`, `10.0 s`.
pub(crate) fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// In UTC and in the local zone.
pub(crate) fn time(at: Timestamp, zone: &TimeZone) -> String {
    let utc = at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let local = at.to_zoned(zone.clone());
    if local.offset().is_zero() {
        return format!("{utc} (local time is UTC)");
    }
    let day = if local.date() == at.to_zoned(TimeZone::UTC).date() { "" } else { "%Y-%m-%d " };
    format!("{utc} (local {})", local.strftime(&format!("{day}%H:%M:%S %:z")))
}

/// Where a remark on a connection file belongs.
pub(crate) fn file_place(remark: &FileRemark) -> String {
    remark.line.map_or_else(|| remark.place.clone(), |line| format!("{}, line {line}", remark.place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::Offset;

    #[test]
    fn durations_are_short() {
        let shown = [0.04, 9.94, 9.96, 184.2, 999.4, 999.6, 10_004.0].map(duration);
        assert_eq!(shown, ["0.0 ms", "9.9 ms", "10 ms", "184 ms", "999 ms", "1.0 s", "10.0 s"]);
    }

    #[test]
    fn times_are_utc_and_local() {
        let at: Timestamp = "2026-11-21T23:30:00Z".parse().unwrap();
        assert_eq!(time(at, &TimeZone::UTC), "2026-11-21 23:30:00 UTC (local time is UTC)");
        let cet = TimeZone::fixed(Offset::constant(1));
        assert_eq!(time(at, &cet), "2026-11-21 23:30:00 UTC (local 2026-11-22 00:30:00 +01:00)");
        let west = TimeZone::fixed(Offset::constant(-5));
        assert_eq!(time(at, &west), "2026-11-21 23:30:00 UTC (local 18:30:00 -05:00)");
    }
}
