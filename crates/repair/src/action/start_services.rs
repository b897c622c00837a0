use rdpdoctor_diagnosis::evidence::snapshot::{Service, ServiceState, StartType};
use rdpdoctor_machine::Way;
use rdpdoctor_machine::change::Start;

use super::{Action, Ground, Restart};
use crate::by_hand::set_account;
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
/// The order in which they start, and the accounts that Windows gives them.
const STARTED: [(&str, &str); 3] =
    [("SessionEnv", LOCAL_SYSTEM), (TERM_SERVICE, r"NT Authority\NetworkService"), ("UmRdpService", LOCAL_SYSTEM)];
const LOCAL_SYSTEM: &str = "LocalSystem";

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
    let runs = ground.machine.way() == Way::Running;
    let at_rest = |service: &Service| if runs { is(service, ServiceState::Stopped) } else { true };
    let starts: Vec<_> = STARTED
        .into_iter()
        .filter_map(|(name, own)| Some((name, own, there(ground, name).filter(|it| at_rest(it))?)))
        .collect();
    for (name, own, service) in &starts {
        steps.extend(account(name, own, service)?);
    }
    if runs {
        can_go_on(own)?;
        steps.extend(starts.iter().map(|(name, ..)| Step::StartService { service: (*name).to_owned() }));
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

/// A paused service is somebody's doing.
fn can_go_on(own: &Service) -> Result<(), String> {
    if is(own, ServiceState::Paused) {
        return Err("TermService is paused: sc continue TermService lets it go on".to_owned());
    }
    Ok(())
}

/// Gives a service its own account back. The password of another account is known to nobody here, so that an undo could not
/// give that one back.
fn account(name: &str, own: &str, service: &Service) -> Result<Option<Step>, String> {
    let Some(found) = service.account.as_deref().filter(|found| !found.trim().is_empty() && plain(found) != plain(own))
    else {
        return Ok(None);
    };
    if !needs_no_password(found) {
        return Err(format!(
            "{name} is to run as {found}, whose password no program could give back: give it its own account by hand with {}",
            set_account(name, own)
        ));
    }
    Ok(Some(Step::SetAccount { service: name.to_owned(), account: own.to_owned() }))
}

fn needs_no_password(account: &str) -> bool {
    let plain = plain(account);
    plain == "localsystem" || [r"ntauthority\", r"ntservice\"].iter().any(|domain| plain.starts_with(domain))
}

/// Windows takes these names in whatever case, and with or without the blank.
fn plain(account: &str) -> String {
    let letters = account.chars().filter(|letter| !letter.is_whitespace());
    letters.flat_map(char::to_lowercase).collect::<String>().trim_start_matches(r".\").to_owned()
}

#[cfg(test)]
mod tests {
    use rdpdoctor_machine::memory::{Collected, CollectedService};

    use super::*;
    use crate::testing::{World, steps_on};

    const SERVICES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services";

    fn disabled(world: World, name: &str) -> World {
        let key = format!(r"{SERVICES}\{name}");
        world.with_key(&key).value(&key, "Start", 4)
    }

    fn stopped() -> World {
        STARTED.into_iter().rev().fold(World::server(), |world, (name, _)| world.stopped(name))
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

    fn running_as(world: World, name: &str, account: &str) -> World {
        world.text(&format!(r"{SERVICES}\{name}"), "ObjectName", account)
    }

    #[test]
    fn accounts_without_a_password_give_way_to_the_services_own() {
        let other =
            running_as(running_as(stopped(), TERM_SERVICE, "localSystem"), "SessionEnv", r"NT AUTHORITY\LocalService");
        assert_eq!(
            steps_on(&other, &ACTION).unwrap()[..2],
            [
                "have the service SessionEnv run as LocalSystem",
                r"have the service TermService run as NT Authority\NetworkService"
            ]
        );
        let own = running_as(
            running_as(stopped(), TERM_SERVICE, r"nt authority\NETWORK SERVICE"),
            "SessionEnv",
            "localSystem",
        );
        assert_eq!(steps_on(&own, &ACTION).unwrap().len(), 3, "nothing but three starts");
        let disk = running_as(World::server(), TERM_SERVICE, r"NT SERVICE\TermService").on_disk();
        assert_eq!(
            steps_on(&disk, &ACTION).unwrap(),
            [r"have the service TermService run as NT Authority\NetworkService"]
        );
        let running = running_as(World::server(), TERM_SERVICE, "LocalSystem");
        assert!(steps_on(&running, &ACTION).is_err(), "it runs");
    }

    #[test]
    fn an_account_with_a_password_is_left_to_a_person() {
        for world in [stopped(), World::server().on_disk()] {
            for account in [r".\admin", r"CORP\svc", "svc@corp.example", r"NT-AUTORITÄT\X"] {
                let why = steps_on(&running_as(world.clone(), TERM_SERVICE, account), &ACTION).unwrap_err();
                assert!(why.contains(account), "{why}");
                let line = r#"sc config TermService obj= "NT Authority\NetworkService" password= """#;
                assert!(why.ends_with(line), "{why}");
            }
        }
    }

    #[test]
    fn a_disk_carries_the_start_alone() {
        let off = disabled(World::server(), TERM_SERVICE).on_disk();
        assert_eq!(steps_on(&off, &ACTION).unwrap(), ["have the service TermService start on demand"]);
    }

    #[test]
    fn near_misses() {
        assert!(steps_on(&World::server(), &ACTION).unwrap_err().contains("events"));
        let paused = World::server();
        let state = Collected::Found(Some(CollectedService { state: 7, process: None }));
        paused.collection.borrow_mut().services.insert(TERM_SERVICE.to_owned(), state);
        assert!(steps_on(&paused, &ACTION).unwrap_err().contains("sc continue"));
        let needed = disabled(stopped(), "RpcSs");
        assert!(steps_on(&needed, &ACTION).unwrap_err().contains("RpcSs, which is disabled"));
        assert!(
            steps_on(&World::described("complete = true"), &ACTION).unwrap_err().contains("no service TermService")
        );
    }
}
