//! The model's values in the reader's words.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rdpdoctor_diagnosis::report::{ProtocolState, Report, ReportFinding};
use rdpdoctor_diagnosis::{Certainty, Place, Severity, Verdict};

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "healthy",
        Verdict::Warning => "warning",
        Verdict::Broken => "broken",
        Verdict::Unreachable => "unreachable",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// `ts01:3389`, `[2001:db8::5]:3389`.
pub(super) fn target(report: &Report) -> String {
    let asked = &report.evidence.target;
    if asked.host.contains(':') {
        format!("[{}]:{}", asked.host, asked.port)
    } else {
        format!("{}:{}", asked.host, asked.port)
    }
}

/// `certificate-missing, confirmed`.
pub(super) fn finding(finding: &ReportFinding) -> String {
    format!("{}, {}", finding.cause, certainty(finding.certainty))
}

pub(super) fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Possible => "possible",
        Certainty::Likely => "likely",
        Certainty::Confirmed => "confirmed",
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Informs => "good to know",
        Severity::Degrades => "degrades",
        Severity::Blocks => "blocks",
    }
}

pub(super) fn place(place: Place) -> &'static str {
    match place {
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

pub(super) fn protocol_state(state: ProtocolState) -> &'static str {
    match state {
        ProtocolState::Required => "required",
        ProtocolState::Offered => "offered",
        ProtocolState::Refused => "refused",
        ProtocolState::NotMeasured => "not measured",
    }
}

/// Milliseconds as `1.2 ms`, `184 ms`, `10.0 s`.
pub(super) fn duration(ms: f64) -> String {
    match ms {
        ms if ms < 9.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// In UTC and in the local zone.
pub(super) fn time(at: Timestamp, zone: &TimeZone) -> String {
    let utc = at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let local = at.to_zoned(zone.clone());
    if local.offset().is_zero() {
        return format!("{utc} (local time is UTC)");
    }
    let day = if local.date() == at.to_zoned(TimeZone::UTC).date() { "" } else { "%Y-%m-%d " };
    format!("{utc} (local {})", local.strftime(&format!("{day}%H:%M:%S %:z")))
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
