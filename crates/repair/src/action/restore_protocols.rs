use rdpdoctor_machine::registry::{Data, Key};

use super::registry::{delete, set};
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "restore-protocols",
    causes: &["schannel-protocol-disabled"],
    title: "Let this machine speak TLS 1.2 as a server again; Schannel reads it when Windows starts",
    interrupts: "",
    risk: "none known: TLS 1.0 and 1.1 stay as they are",
    restart: Restart::Windows,
    page: include_str!("restore-protocols.md"),
    steps,
};

const PROTOCOLS: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols";
/// The first build that has TLS 1.2 on as it comes, and the first that can do it.
const ON_AS_IT_COMES: u32 = 9200;
const CAN: u32 = 7600;
/// The first build that can do TLS 1.3.
const WITH_TLS13: u32 = 20348;

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let build = ground.host.build.observed().ok_or("which Windows this is was not read")?.number;
    let (tls12, key) = read(ground, "TLS 1.2")?;
    let mut steps = match build {
        ..CAN => return Err("this Windows cannot do TLS 1.2: Remote Desktop needs a newer one".to_owned()),
        CAN..ON_AS_IT_COMES => switched_on(ground, &tls12),
        ON_AS_IT_COMES.. => as_it_comes(&tls12, &key),
    };
    let (tls13, key) = read(ground, "TLS 1.3")?;
    if build < WITH_TLS13 && key.dword("Enabled").is_some_and(|enabled| enabled != 0) {
        let names = ["Enabled", "DisabledByDefault"].into_iter().filter(|name| key.value(name).is_some());
        steps.extend(names.map(|name| delete(&tls13, name)));
    }
    Ok(steps)
}

fn read(ground: &Ground<'_>, version: &str) -> Result<(String, Key), String> {
    let path = format!(r"{PROTOCOLS}\{version}\Server");
    let key = ground.machine.key(&path).map_err(|why| format!("{path}: {why}"))?.unwrap_or_default();
    Ok((path, key))
}

/// Only what switches it off goes.
fn as_it_comes(path: &str, key: &Key) -> Vec<Step> {
    let off = (key.dword("Enabled") == Some(0)).then_some("Enabled");
    let aside = key.dword("DisabledByDefault").is_some_and(|aside| aside != 0).then_some("DisabledByDefault");
    [off, aside].into_iter().flatten().map(|name| delete(path, name)).collect()
}

/// These have it, and off.
fn switched_on(ground: &Ground<'_>, path: &str) -> Vec<Step> {
    let mut steps = set(ground.machine, path, "Enabled", Data::of_dword(1));
    steps.push(Step::SetValue { key: path.to_owned(), name: "DisabledByDefault".to_owned(), data: Data::of_dword(0) });
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, steps_on};

    fn world(version: &str, enabled: u32, aside: u32) -> World {
        let key = format!(r"{PROTOCOLS}\{version}\Server");
        World::server().with_key(&key).value(&key, "Enabled", enabled).value(&key, "DisabledByDefault", aside)
    }

    #[test]
    fn what_switches_tls_12_off_goes_and_older_versions_stay_off() {
        let old = format!(r"{PROTOCOLS}\TLS 1.0\Server");
        let off = world("TLS 1.2", 0, 1).with_key(&old).value(&old, "Enabled", 0);
        let gone = |name| format!(r"delete {PROTOCOLS}\TLS 1.2\Server, value {name}");
        assert_eq!(steps_on(&off, &ACTION).unwrap(), [gone("Enabled"), gone("DisabledByDefault")]);
    }

    #[test]
    fn tls_13_goes_where_the_build_cannot_do_it() {
        let gone = |name| format!(r"delete {PROTOCOLS}\TLS 1.3\Server, value {name}");
        assert_eq!(steps_on(&world("TLS 1.3", 1, 0), &ACTION).unwrap(), [gone("Enabled"), gone("DisabledByDefault")]);
        let newer = world("TLS 1.3", 1, 0).build("20348");
        assert_eq!(steps_on(&newer, &ACTION).unwrap(), [""; 0]);
    }

    #[test]
    fn builds_that_come_without_it_have_it_switched_on() {
        let steps = steps_on(&World::server().build("7601"), &ACTION).unwrap();
        assert_eq!(
            steps,
            [
                format!(r"make the key {PROTOCOLS}\TLS 1.2"),
                format!(r"make the key {PROTOCOLS}\TLS 1.2\Server"),
                format!(r"set {PROTOCOLS}\TLS 1.2\Server, value Enabled, to 1"),
                format!(r"set {PROTOCOLS}\TLS 1.2\Server, value DisabledByDefault, to 0"),
            ]
        );
    }

    #[test]
    fn near_miss_versions_that_are_on() {
        assert_eq!(steps_on(&world("TLS 1.2", 1, 0), &ACTION).unwrap(), [""; 0]);
    }
}
