use super::{READ_LOG, unmeasured};
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The client gets no HTTPS connection to the gateway.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "gateway-unreachable",
    stage: Stage::Gateway,
    severity: Severity::Blocks,
    title: "The RD Gateway cannot be reached",
    prior: -3,
    explains: &[],
    page: include_str!("gateway-unreachable.md"),
    detect: unmeasured,
    remedies: |_| remedies(&[&TRY, &CORRECT, &READ_LOG]),
};

const TRY: Step = Step {
    title: "From the client's network: see whether the gateway's name resolves, its port 443 opens and HTTPS is answered; any HTTP status, most often 401, shows that the gateway is reached",
    place: Place::Client,
    commands: &[
        "Resolve-DnsName GATEWAY",
        "Test-NetConnection GATEWAY -Port 443",
        "curl.exe -sS -o NUL -w '%{http_code} %{remote_ip}' https://GATEWAY/remoteDesktopGateway/",
        "netsh winhttp show proxy",
    ],
    cmd: &[
        "nslookup GATEWAY",
        r#"curl -sS -o NUL -w "%{http_code} %{remote_ip}" https://GATEWAY/remoteDesktopGateway/"#,
        "netsh winhttp show proxy",
    ],
    ..READ
};

const CORRECT: Step = Step {
    title: "Correct what failed: the gateway's name in the .rdp file or policy, its record in the outer DNS, TCP 443 towards it, or the rule of the web proxy for its name",
    place: Place::Network,
    safety: Safety::Manual,
    interrupts: "nothing that works",
    undo: "set the name, record or rule back to what it was",
    ..READ
};
