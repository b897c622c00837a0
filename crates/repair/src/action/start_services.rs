use rdpdoctor_diagnosis::evidence::snapshot::{Service, ServiceState, StartType};
use rdpdoctor_machine::Way;
use rdpdoctor_machine::change::Start;

use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "start-services",
    causes: &["service-stopped"],
    title: "Let the services of Remote Desktop start again, and start them",
    interrupts: "",
    risk: "somebody may have stopped them on purpose: event 7040 says when",
    restart: Restart::Nothing,
    page: include_str!("start-services.md"),
    steps,
};

/// What makes and keeps keys and certificates, and then the services of Remote Desktop, each with its own start.
const DEFAULTS: [(&str, Start); 6] = [
    ("CryptSvc", Start::Automatic),
    ("KeyIso", Start::Demand),
    ("CertPropSvc", Start::Demand),
    ("SessionEnv", Start::Demand),
    (TERM_SERVICE, Start::Demand),
    ("UmRdpService", Start::Demand),
];
const TERM_SERVICE: &str = "TermService";
/// The order in which they start.
const STARTED: [&str; 3] = ["SessionEnv", TERM_SERVICE, "UmRdpService"];

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let own = there(ground, TERM_SERVICE).ok_or(
        "the machine has no service TermService: repair Windows (sfc /scannow), or install Remote Desktop Services",
    )?;
    needed(ground, own)?;
    let is_disabled =
        |name: &str| there(ground, name).is_some_and(|service| service.start == Some(StartType::Disabled));
    let disabled = DEFAULTS.iter().filter(|(name, _)| is_disabled(name));
    let mut steps: Vec<Step> =
        disabled.map(|(name, start)| Step::SetStart { service: (*name).to_owned(), start: *start }).collect();
    if ground.machine.way() == Way::Running {
        can_start(own)?;
        let stopped = |name: &&str| there(ground, name).is_some_and(|service| is(service, ServiceState::Stopped));
        let starts = STARTED.into_iter().filter(stopped);
        steps.extend(starts.map(|name| Step::StartService { service: name.to_owned() }));
    }
    if steps.is_empty() {
        return Err(
            "the services start and run: why TermService ended is in its events, which rdpdoctor host check shows"
                .to_owned(),
        );
    }
    Ok(steps)
}

fn there<'a>(ground: &Ground<'a>, name: &str) -> Option<&'a Service> {
    ground.host.service(name).flatten()
}

fn is(service: &Service, state: ServiceState) -> bool {
    service.state.observed() == Some(&state)
}

/// What Windows itself stands on is not ours to set.
fn needed(ground: &Ground<'_>, own: &Service) -> Result<(), String> {
    let needs = own.depends_on.iter().map(String::as_str).chain(["RpcSs"]);
    let disabled = |name: &&str| there(ground, name).is_some_and(|service| service.start == Some(StartType::Disabled));
    let ours = |name: &str| DEFAULTS.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    match needs.into_iter().filter(|name| !ours(name)).find(disabled) {
        Some(name) => Err(format!(
            "TermService needs {name}, which is disabled and which more than Remote Desktop stands on: give it the start \
             type that it has on a machine of the same build, and restart Windows"
        )),
        None => Ok(()),
    }
}

/// The service control manager keeps accounts itself, and a paused service is somebody's doing.
fn can_start(own: &Service) -> Result<(), String> {
    if is(own, ServiceState::Paused) {
        return Err("TermService is paused: sc continue TermService lets it go on".to_owned());
    }
    let account = own.account.as_deref().unwrap_or_default();
    let plain: String = account.to_ascii_lowercase().chars().filter(|letter| !letter.is_whitespace()).collect();
    if plain.is_empty() || plain == r"ntauthority\networkservice" || is(own, ServiceState::Running) {
        return Ok(());
    }
    Err(format!(
        "TermService is to run as {account}: give it its own account back with \
         sc config TermService obj= \"NT AUTHORITY\\NetworkService\" password= \"\""
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, steps_on};

    const SERVICES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services";

    fn disabled(world: World, name: &str) -> World {
        let key = format!(r"{SERVICES}\{name}");
        world.with_key(&key).value(&key, "Start", 4)
    }

    fn stopped() -> World {
        STARTED.into_iter().rev().fold(World::server(), World::stopped)
    }

    #[test]
    fn disabled_services_start_again_in_their_order() {
        let off = disabled(disabled(stopped(), TERM_SERVICE), "CryptSvc");
        assert_eq!(
            steps_on(&off, &ACTION).unwrap(),
            [
                "have the service CryptSvc start with Windows",
                "have the service TermService start on demand",
                "start the service SessionEnv",
                "start the service TermService",
                "start the service UmRdpService",
            ]
        );
    }

    #[test]
    fn a_disk_carries_the_start_alone() {
        let off = disabled(World::server(), TERM_SERVICE).on_disk();
        assert_eq!(steps_on(&off, &ACTION).unwrap(), ["have the service TermService start on demand"]);
    }

    #[test]
    fn near_misses() {
        assert!(steps_on(&World::server(), &ACTION).unwrap_err().contains("events"));
        let other = stopped().text(&format!(r"{SERVICES}\TermService"), "ObjectName", r".\admin");
        assert!(steps_on(&other, &ACTION).unwrap_err().contains("sc config TermService obj="));
        let needed = disabled(stopped(), "RpcSs");
        assert!(steps_on(&needed, &ACTION).unwrap_err().contains("RpcSs, which is disabled"));
        assert!(
            steps_on(&World::described("complete = true"), &ACTION).unwrap_err().contains("no service TermService")
        );
    }
}
