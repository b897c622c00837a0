use super::ahead::by_host_ahead;
use super::signs::{open_from_outside, setting_of};
use crate::causes::logged::{MANAGER, SESSIONS, lately, reason};
use crate::causes::logons::attack;
use crate::causes::policy::{Side, naming, with_author};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// The server takes few connections at a time, or few unfinished ones.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "connection-limit-low",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "The server allows too few connections at a time",
    prior: -6,
    explains: &["backlog-full", "session-limit", "unstable-path"],
    page: include_str!("connection-limit-low.md"),
    detect: |evidence| by_host_ahead(evidence, open_from_outside(evidence), look),
    remedies: |evidence| {
        let lift = naming(remedies(&[&LIFT]), evidence.host.as_deref(), look);
        [remedies(&[&READ_LIMITS]), lift, remedies(&[&RAISE])].concat()
    },
};

/// So few connections at once are a limit that people meet; up to the second, one that they may.
const FEW: u64 = 2;
const SOME: u64 = 100;

const HOURS: i64 = 72;

fn look(host: &Snapshot) -> Detection {
    let unfinished = unfinished(host);
    match open(host) {
        Some(Detection::Confirmed(proof)) => Detection::Confirmed(match unfinished {
            Some(more) => Proof { items: [proof.items, more.items].concat(), ..proof },
            None => proof,
        }),
        Some(found @ Detection::Likely(_)) if unfinished.is_none() => found,
        known => match unfinished {
            // Where strangers take the places, the limit is not what is wrong.
            Some(proof) if attack(host).is_some() => Detection::Likely(proof),
            Some(proof) => Detection::Confirmed(proof),
            None if known.is_some() => Detection::RuledOut,
            None => Detection::Unknown(Vec::new()),
        },
    }
}

/// The limit of open connections; none where it was not read.
fn open(host: &Snapshot) -> Option<Detection> {
    let (limit, fact) = setting_of(host, "max-instance");
    let number = limit.number()?;
    let text = format!("MaxInstanceCount is {number}: so many connections are taken at once");
    let proof = with_author(Proof::of(text, [fact], 25), host, Side::Server, "max-instance");
    Some(match number {
        0 => Detection::Confirmed(proof.severity(Severity::Blocks)),
        1..=FEW => Detection::Confirmed(proof),
        3..=SOME => {
            match lately(host, SESSIONS, &[40], HOURS).into_iter().rfind(|last| reason(last.event) == Some(7)) {
                Some(last) => {
                    let text = format!("event 40 with reason 7 at {}: the server denied a connection", last.when());
                    Detection::Likely(
                        proof.and(text, [last.fact], 0).missing("how many sessions there were then: see qwinsta"),
                    )
                }
                None => Detection::RuledOut,
            }
        }
        _ => Detection::RuledOut,
    })
}

/// The limit of unfinished connections: only where event 1006 says that it was reached.
fn unfinished(host: &Snapshot) -> Option<Proof> {
    let last = lately(host, MANAGER, &[1006], HOURS).pop()?;
    let text = format!("event 1006 at {}: as many unfinished connections as are allowed", last.when());
    let proof = Proof::of(text, [last.fact], 20);
    let (limit, fact) = setting_of(host, "max-outstanding");
    Some(match limit.number() {
        Some(number) => proof.and(format!("MaxOutstandingConnections is {number}"), [fact], 0),
        None => proof,
    })
}

const READ_LIMITS: Step = Step {
    title: "See both limits: MaxInstanceCount of the listener (a policy wins over it), and that of unfinished connections, which was reached only where event 1006 says so",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' MaxInstanceCount",
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' MaxInstanceCount -ErrorAction SilentlyContinue",
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' MaxOutstandingConnections -ErrorAction SilentlyContinue",
        "Get-WinEvent -FilterHashtable @{LogName='Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin'; Id=1006} -MaxEvents 10 | Format-List TimeCreated, Message",
    ],
    cmd: &[
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v MaxInstanceCount"#,
        r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v MaxInstanceCount"#,
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v MaxOutstandingConnections"#,
        "wevtutil qe Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin /q:*[System[EventID=1006]] /c:10 /rd:true /f:text",
    ],
    ..READ
};

const LIFT: Step = Step {
    title: "Where MaxInstanceCount is a small number: lift it to 0xffffffff, as Windows ships it; change the policy where one sets it",
    safety: Safety::Disruptive,
    interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in",
    commands: &[
        r"reg add 'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' /v MaxInstanceCount /t REG_DWORD /d 0xffffffff /f",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v MaxInstanceCount /t REG_DWORD /d 0xffffffff /f"#,
        "net stop TermService /y",
        "net start TermService",
        "net start UmRdpService",
    ],
    undo: "set MaxInstanceCount back to the value read before, and restart TermService again",
    ..READ
};

const RAISE: Step = Step {
    title: "Keep strangers away from the port first; raise the limit of unfinished ones moderately, and only where 1006 is there and the connections are your own",
    safety: Safety::Disruptive,
    interrupts: "restarting TermService cuts off every Remote Desktop session: have another way in",
    commands: &[
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server' MaxOutstandingConnections 3000 -Type DWord",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg add "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server" /v MaxOutstandingConnections /t REG_DWORD /d 3000 /f"#,
        "net stop TermService /y",
        "net start TermService",
        "net start UmRdpService",
    ],
    undo: "set the value back to what it was before, or delete it where it was absent, and restart TermService again",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, logged_client};
    use crate::{Certainty, Verdict, judge};

    const ADMIN: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin";
    const LOCAL: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational";

    #[test]
    fn none_at_all_blocks_and_few_degrade() {
        let none = judge(&Machine::healthy().dword("max-instance", 0).evidence());
        assert_eq!((none.root().unwrap().cause.id, none.verdict), ("connection-limit-low", Verdict::Broken));
        for few in [Machine::healthy().dword("max-instance", 1), Machine::healthy().policy("max-instance", 2).on_disk()]
        {
            let diagnosis = judge(&few.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!(
                (root.cause.id, root.certainty, root.severity),
                ("connection-limit-low", Certainty::Confirmed, Severity::Degrades)
            );
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
    }

    #[test]
    fn a_limit_that_somebody_may_have_met_is_likely() {
        let ten = || Machine::healthy().dword("max-instance", 10);
        assert_eq!(look(&ten().snapshot()), Detection::RuledOut);
        let met = ten().event(LOCAL, SESSIONS, 40, 20, &[("Session", "4"), ("Reason", "7")]);
        assert!(matches!(look(&met.snapshot()), Detection::Likely(_)));
        let replaced = ten().event(LOCAL, SESSIONS, 40, 20, &[("Session", "4"), ("Reason", "5")]);
        assert_eq!(look(&replaced.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn event_1006_proves_the_other_limit_unless_strangers_take_the_places() {
        let full = || Machine::healthy().dword("max-outstanding", 50).event(ADMIN, MANAGER, 1006, 30, &[]);
        let Detection::Confirmed(proof) = look(&full().snapshot()) else { panic!() };
        assert_eq!(proof.items[1].text, "MaxOutstandingConnections is 50");
        let attacked = full().client(logged_client("203.0.113.7", 60).fails(0xC000_0064, 900, 90));
        assert!(matches!(look(&attacked.snapshot()), Detection::Likely(_)));
    }

    #[test]
    fn near_miss_the_limits_of_windows_and_an_event_of_last_month() {
        assert_eq!(look(&Machine::healthy().snapshot()), Detection::RuledOut);
        let old = Machine::healthy().event(ADMIN, MANAGER, 1006, 60 * 24 * 30, &[]);
        assert_eq!(look(&old.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_nothing_was_read() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
