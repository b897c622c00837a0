use std::collections::BTreeMap;

use rdpdoctor_diagnosis::evidence::snapshot::{Listener, Reading, Service, ServiceState, StartType};
use rdpdoctor_machine::{Machine, Unreadable, Way};

const SERVICES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services";

/// Remote Desktop, what it stands on, and what may stand in its way.
pub(super) const NAMES: [&str; 19] = [
    "BFE",
    "CertPropSvc",
    "CryptSvc",
    "DcomLaunch",
    "Dhcp",
    "Dnscache",
    "KeyIso",
    "LanmanWorkstation",
    "MpsSvc",
    "Netlogon",
    "nsi",
    "RpcEptMapper",
    "RpcSs",
    "SCardSvr",
    "SessionEnv",
    "TermDD",
    "TermService",
    "UmRdpService",
    "W32Time",
];

/// Services by their short name.
pub(super) type Services = BTreeMap<String, Reading<Option<Service>>>;

pub(super) fn read(machine: &dyn Machine) -> Services {
    NAMES.iter().map(|name| ((*name).to_owned(), service(machine, name).into())).collect()
}

fn service(machine: &dyn Machine, name: &str) -> Result<Option<Service>, Unreadable> {
    let path = format!("{SERVICES}\\{name}");
    let Some(key) = machine.key(&path)? else { return Ok(None) };
    let parameters = machine.key(&format!("{path}\\Parameters")).ok().flatten();
    let library = parameters.and_then(|key| key.text("ServiceDll"));
    let status = running(machine, name);
    Ok(Some(Service {
        start: key.dword("Start").and_then(|number| StartType::from_number(number.into())),
        account: key.text("ObjectName"),
        image: key.text("ImagePath"),
        library: library.or_else(|| key.text("ServiceDll")),
        depends_on: key.value("DependOnService").and_then(|value| value.data.list()).unwrap_or_default(),
        process: status.as_ref().ok().and_then(|(_, process)| *process),
        state: status.map(|(state, _)| state).into(),
    }))
}

fn running(machine: &dyn Machine, name: &str) -> Result<(ServiceState, Option<u32>), String> {
    match machine.service_status(name) {
        Ok(Some(status)) => Ok((state(status.state), status.process)),
        Ok(None) => Err("the service control manager does not know it: it takes effect at the next start".to_owned()),
        Err(_) if machine.way() == Way::Disk => Err(Unreadable::NotRunning.to_string()),
        Err(why) => Err(why.to_string()),
    }
}

/// SERVICE_STATUS.dwCurrentState.
fn state(number: u32) -> ServiceState {
    match number {
        1 => ServiceState::Stopped,
        4 => ServiceState::Running,
        7 => ServiceState::Paused,
        _ => ServiceState::Pending,
    }
}

pub(super) fn listeners(machine: &dyn Machine, services: &Services) -> Reading<Vec<Listener>> {
    let named = |listener: rdpdoctor_machine::Listener| Listener {
        address: listener.address,
        services: in_process(services, listener.process),
        process: listener.process,
        program: listener.program,
    };
    super::needed(machine.listeners(), "list of listeners").map(|all| all.into_iter().map(named).collect())
}

fn in_process(services: &Services, process: Option<u32>) -> Vec<String> {
    let known = services.iter().filter_map(|(name, service)| Some((name, service.observed()?.as_ref()?)));
    let same = known.filter(|(_, service)| process.is_some() && service.process == process);
    same.map(|(name, _)| name.clone()).collect()
}
