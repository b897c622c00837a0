use super::ahead::{TERM_SERVICE, by_host_ahead, service_fact};
use super::remedies::READ_SERVICES;
use super::signs::unless_rdp_answers;
use crate::causes::logged::{CRASHES, Logged, SERVICES, lately, short};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{Service, ServiceState, StartType};
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// TermService, or something that it needs, is stopped, disabled or crashing.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "service-stopped",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The Remote Desktop service does not run on the server",
    prior: -3,
    explains: &["connection-closed-early", "port-closed", "port-filtered"],
    page: include_str!("service-stopped.md"),
    detect: |evidence| by_host_ahead(evidence, unless_rdp_answers(evidence), look),
    remedies: |_| remedies(&[&READ_SERVICES, &START, &READ_CRASHES]),
};

/// Crashes further back say nothing of today.
const CRASH_HOURS: i64 = 72;

fn look(host: &Snapshot) -> Detection {
    let Some(service) = host.service(TERM_SERVICE) else { return Detection::Unknown(Vec::new()) };
    let Some(service) = service else {
        return Detection::Confirmed(Proof::of(
            "the machine has no service TermService",
            [service_fact(TERM_SERVICE)],
            30,
        ));
    };
    if let Some(proof) = disabled(host, service) {
        return Detection::Confirmed(proof);
    }
    let crashes = crashes(host);
    match service.state.observed() {
        Some(ServiceState::Running) if crashes.is_empty() => Detection::RuledOut,
        Some(ServiceState::Running) => Detection::Likely(unsteady(&crashes)),
        Some(state) => not_running(host, service, *state, &crashes),
        None => foreign(service).map_or(Detection::Unknown(Vec::new()), Detection::Likely),
    }
}

/// Of a disk nobody knows whether the service ran; as another account it lacks the rights to its key, or the company of its
/// process.
fn foreign(service: &Service) -> Option<Proof> {
    let account = service.account.as_deref().filter(|account| !is_network_service(account))?;
    let text = format!("TermService is to run as {} instead of NT AUTHORITY\\NetworkService", short(account));
    let proof = Proof::of(text, [service_fact(TERM_SERVICE)], 15).missing("whether it starts so: a disk does not tell");
    // It may do everything, and starts wherever it has a process of its own.
    let may_run = account.eq_ignore_ascii_case("LocalSystem");
    Some(if may_run { proof.severity(Severity::Degrades) } else { proof })
}

/// TermService, or what it needs, is never to start. One that runs all the same lacks only its next start.
fn disabled(host: &Snapshot, service: &Service) -> Option<Proof> {
    let own = (TERM_SERVICE, service);
    let needs = service.depends_on.iter().map(String::as_str).chain(["RpcSs"]);
    let needed = needs.filter_map(|name| Some((name, host.service(name)??)));
    let (name, found) = [own].into_iter().chain(needed).find(|(_, one)| one.start == Some(StartType::Disabled))?;
    let text = match name {
        TERM_SERVICE => "the service TermService is disabled (Start 4)".to_owned(),
        _ => format!("TermService needs the service {}, which is disabled (Start 4)", short(name)),
    };
    let proof = changes(host, Proof::of(text, [service_fact(name)], 30));
    let runs = |service: &Service| service.state.observed() == Some(&ServiceState::Running);
    Some(if runs(found) && runs(service) {
        proof
            .and("it runs as long as nobody stops it, and does not start again", [service_fact(name)], 0)
            .severity(Severity::Degrades)
    } else {
        proof
    })
}

fn not_running(host: &Snapshot, service: &Service, state: ServiceState, crashes: &[Logged<'_>]) -> Detection {
    let fact = [service_fact(TERM_SERVICE)];
    if state == ServiceState::Pending {
        let text = "TermService is just starting, stopping or going on, and takes no connection meanwhile";
        return Detection::Likely(Proof::of(text, fact, 20).missing("whether it stays so: look again in a minute"));
    }
    let how = if state == ServiceState::Paused { "paused" } else { "stopped" };
    let mut proof = Proof::of(format!("the service TermService is {how}"), fact, 30);
    if let Some(account) = service.account.as_deref().filter(|account| !is_network_service(account)) {
        let text = format!("it is to run as {} instead of NT AUTHORITY\\NetworkService", short(account));
        proof = proof.and(text, [service_fact(TERM_SERVICE)], 3);
    }
    if let Some(last) = crashes.last() {
        proof =
            proof.and(format!("it crashed {}, last at {}", times(crashes.len()), last.when()), [last.fact.clone()], 3);
    }
    Detection::Confirmed(changes(host, failed_starts(host, proof)))
}

fn unsteady(crashes: &[Logged<'_>]) -> Proof {
    let last = crashes.last();
    let when = last.map(Logged::when).unwrap_or_default();
    let text =
        format!("TermService crashed {} in three days, last at {when}, and was started again", times(crashes.len()));
    Proof::of(text, last.map(|last| last.fact.clone()), 15).severity(Severity::Degrades)
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// The service's process ended by itself: its svchost crashed, or the service control manager says so.
fn crashes(host: &Snapshot) -> Vec<Logged<'_>> {
    let crashed = lately(host, CRASHES, &[1000], CRASH_HOURS);
    let ended = lately(host, SERVICES, &[7023, 7031, 7034], CRASH_HOURS);
    let mut of_ours: Vec<Logged<'_>> = if crashed.iter().any(concerns) { crashed } else { ended };
    of_ours.retain(concerns);
    of_ours
}

/// Why it did not start, and who changed how it is to start.
fn failed_starts(host: &Snapshot, proof: Proof) -> Proof {
    let failed = lately(host, SERVICES, &[7000, 7001, 7009], CRASH_HOURS).into_iter().rfind(concerns);
    match failed {
        Some(last) => {
            let text = format!("event {} at {}: it failed to start", last.event.id, last.when());
            proof.and(text, [last.fact], 3)
        }
        None => proof,
    }
}

fn changes(host: &Snapshot, proof: Proof) -> Proof {
    match lately(host, SERVICES, &[7040], 24 * 365).into_iter().rfind(concerns) {
        Some(last) => {
            let text = format!("event 7040 at {}: its start type was changed", last.when());
            proof.and(text, [last.fact], 0)
        }
        None => proof,
    }
}

/// The service's names, its short one and those for people in languages that Windows is often met in.
const NAMES: [&str; 11] = [
    "termservice",
    "termsrv",
    "remote desktop services",
    "remotedesktopdienste",
    "services bureau à distance",
    "servicios de escritorio remoto",
    "servizi desktop remoto",
    "serviços de área de trabalho remota",
    "extern bureaublad-services",
    "usługi pulpitu zdalnego",
    "службы удаленных рабочих столов",
];

/// Whether an event is about the service: 7031 and its like carry the name for people, 7040 and crashes the short one.
fn concerns(logged: &Logged<'_>) -> bool {
    logged.event.data.iter().any(|(_, value)| {
        let value = value.to_lowercase();
        NAMES.contains(&value.as_str())
            || value.contains("_termservice")
            || (logged.event.id == 1000 && value.ends_with("termsrv.dll"))
    })
}

fn is_network_service(account: &str) -> bool {
    let plain: String = account.to_ascii_lowercase().chars().filter(|letter| !letter.is_whitespace()).collect();
    plain.ends_with("networkservice") || plain.is_empty()
}

const START: Step = Step {
    title: "Give the service its start type and account back where they were changed, and start it; after event 7001 start what it depends on first",
    safety: Safety::Manual,
    interrupts: "nothing; somebody may have stopped it on purpose: event 7040 says when its start type was changed",
    commands: &["Set-Service TermService -StartupType Manual", "Start-Service TermService"],
    cmd: &["sc config TermService start= demand", "net start TermService", "net start UmRdpService"],
    undo: "Stop-Service TermService -Force, and Set-Service TermService -StartupType with the type read before",
    ..READ
};

const READ_CRASHES: Step = Step {
    title: "Where it ends by itself: read which module crashed; one that is not Windows' own points to a patched service",
    commands: &[
        "Get-WinEvent -FilterHashtable @{LogName='Application'; ProviderName='Application Error'; Id=1000} -MaxEvents 20 | Where-Object Message -match 'TermService|termsrv|rdp' | Format-List TimeCreated, Message",
        r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\TermService\Parameters').ServiceDll",
    ],
    cmd: &[
        "wevtutil qe Application /q:\"*[System[Provider[@Name='Application Error'] and EventID=1000]]\" /c:20 /rd:true /f:text",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters /v ServiceDll",
    ],
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::Reading;
    use crate::testing::{Machine, Scene};
    use crate::{Certainty, Verdict, judge};

    const DISABLED: StartType = StartType::Disabled;

    #[test]
    fn fires_on_a_service_that_is_stopped_or_never_to_start() {
        let stopped = Machine::healthy().service(TERM_SERVICE, StartType::Manual, false);
        let disabled = Machine::healthy().service(TERM_SERVICE, DISABLED, false);
        let depends = Machine::healthy().service("RpcSs", DISABLED, false);
        let gone = Machine::healthy().with(|host| {
            host.services.insert(TERM_SERVICE.to_owned(), Reading::Observed(None));
        });
        for machine in [stopped, disabled.clone(), depends, gone, disabled.on_disk()] {
            let diagnosis = judge(&machine.no_listeners().evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!((root.cause.id, root.certainty), ("service-stopped", Certainty::Confirmed));
            assert_eq!(diagnosis.verdict, Verdict::Broken);
        }
    }

    #[test]
    fn one_that_is_disabled_and_runs_endangers_the_next_start_only() {
        let machine = Machine::healthy().service(TERM_SERVICE, DISABLED, true);
        let diagnosis = judge(&machine.clone().evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.severity), ("service-stopped", Severity::Degrades));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
        let served = Scene::at("10.0.0.5")
            .client(|a| a.selects(rdpdoctor_protocol::negotiation::Protocols::SSL).completes_tls());
        let both = crate::evidence::Evidence { host: Some(Box::new(machine.snapshot())), ..served.evidence() };
        assert_eq!(judge(&both).verdict, Verdict::Warning);
    }

    #[test]
    fn near_miss_a_service_that_runs_on_demand_and_another_that_crashes() {
        assert_eq!(look(&Machine::healthy().snapshot()), Detection::RuledOut);
        let other = Machine::healthy().event("System", SERVICES, 7031, 5, &[("param1", "Print Spooler")]);
        assert_eq!(look(&other.snapshot()), Detection::RuledOut);
        let old =
            Machine::healthy().event("System", SERVICES, 7034, 60 * 24 * 9, &[("param1", "Remote Desktop Services")]);
        assert_eq!(look(&old.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn another_account_on_a_disk_is_likely_to_be_why() {
        let run_as = |account: &str| {
            let machine = Machine::healthy().with(|host| {
                let service = host.services.get_mut(TERM_SERVICE).unwrap();
                *service = match service.observed().cloned().flatten() {
                    Some(found) => Reading::Observed(Some(Service { account: Some(account.to_owned()), ..found })),
                    None => panic!("it is there"),
                };
            });
            look(&machine.on_disk().snapshot())
        };
        for account in [r".\admin", r"NT AUTHORITY\LocalService"] {
            assert!(matches!(run_as(account), Detection::Likely(proof) if proof.severity.is_none()), "{account}");
        }
        assert!(
            matches!(run_as("localSystem"), Detection::Likely(proof) if proof.severity == Some(Severity::Degrades))
        );
        for own in [r"NT Authority\NetworkService", r"NT AUTHORITY\NETWORK SERVICE"] {
            assert_eq!(run_as(own), Detection::Unknown(Vec::new()));
        }
    }

    #[test]
    fn a_service_that_crashes_and_comes_back_endangers_sessions() {
        let crash = [("AppName", "svchost.exe_TermService"), ("ModuleName", "rdpcorets.dll")];
        let machine = Machine::healthy().event("Application", CRASHES, 1000, 90, &crash);
        let diagnosis = judge(&machine.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.severity), ("service-stopped", Severity::Degrades));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
    }

    #[test]
    fn unknown_where_its_state_is() {
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::healthy().on_disk().snapshot()), Detection::Unknown(Vec::new()));
    }
}
