use rdpdoctor_diagnosis::evidence::snapshot::Listener;
use rdpdoctor_machine::registry::{Data, Key};

use super::enable_firewall_rules::RULES;
use super::firewall_rule::{covers, fields};
use super::registry::{in_force, known, set};
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "set-port",
    causes: &["port-changed", "port-taken"],
    title: "Have Remote Desktop listen on the port that was asked for",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "clients that connect to the present port no longer get in",
    restart: Restart::Services,
    page: include_str!("set-port.md"),
    steps,
};

const POLICY_RULES: &str = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules";

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let port = ground.options.port.ok_or_else(|| choice(ground))?;
    if port == 0 {
        return Err("0 is no port".to_owned());
    }
    if let Some(other) = holder(ground, port.into()) {
        return Err(format!("{other} listens on port {port} already: choose another, or move that program"));
    }
    if !is_let_in(ground, port)? {
        return Err(format!(
            "no rule of the firewall lets port {port} in, and Windows' own rules are for 3389: add one first, with \
             netsh advfirewall firewall add rule name=RDP-{port} dir=in protocol=tcp localport={port} service=TermService \
             remoteip=localsubnet action=allow"
        ));
    }
    let setting = known("port")?;
    Ok(set(ground.machine, setting.path, setting.value, Data::of_dword(port.into())))
}

/// Which port is right, a person knows.
fn choice(ground: &Ground<'_>) -> String {
    let now = in_force(ground, "port").unwrap_or_default();
    match holder(ground, now) {
        Some(other) => format!(
            "{other} holds port {now}: move it to another port, or choose one for Remote Desktop with --port (clients then \
             connect to HOST:PORT)"
        ),
        None => format!(
            "the port is {now}, which somebody may have meant: connect to HOST:{now}, or choose another with --port, such as \
             --port 3389"
        ),
    }
}

/// Who listens there beside Remote Desktop, as far as the system says.
fn holder(ground: &Ground<'_>, port: u64) -> Option<String> {
    let ours = |socket: &Listener| socket.services.iter().any(|name| name.eq_ignore_ascii_case("TermService"));
    let sockets = ground.host.listeners.observed()?;
    let other = sockets.iter().find(|socket| u64::from(socket.address.port()) == port && !ours(socket))?;
    let services = (!other.services.is_empty()).then(|| format!("the service {}", other.services.join(", ")));
    let name = services.or_else(|| other.program.clone()).unwrap_or_else(|| "another program".to_owned());
    Some(other.process.map_or(name.clone(), |process| format!("{name} (process {process})")))
}

fn is_let_in(ground: &Ground<'_>, port: u16) -> Result<bool, String> {
    let Some(firewall) = ground.host.firewall.observed() else { return Ok(true) };
    if firewall.profiles.values().all(|profile| !profile.enabled || !profile.blocks_by_default) {
        return Ok(true);
    }
    for path in [RULES, POLICY_RULES] {
        let key = ground.machine.key(path).map_err(|why| format!("{path}: {why}"))?.unwrap_or_default();
        if lets_in(&key, port) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn lets_in(rules: &Key, port: u16) -> bool {
    rules.values.iter().filter_map(|value| value.data.text()).any(|rule| {
        let all = |name: &str, wanted: &str| fields(&rule, name).all(|value| value.eq_ignore_ascii_case(wanted));
        let is = |name: &str, wanted: &str| fields(&rule, name).next().is_some() && all(name, wanted);
        let ports: Vec<String> = fields(&rule, "LPort").chain(fields(&rule, "LPort2_10")).map(str::to_owned).collect();
        let service = |name: &str| name == "*" || name.eq_ignore_ascii_case("termservice");
        let system = |app: &str| app.eq_ignore_ascii_case("system") || app.to_lowercase().ends_with(r"\svchost.exe");
        let inward = is("Dir", "In") && is("Action", "Allow") && is("Active", "TRUE") && all("Protocol", "6");
        inward && fields(&rule, "Svc").all(service) && fields(&rule, "App").all(system) && covers(&ports, port)
    })
}

#[cfg(test)]
mod tests {
    use rdpdoctor_machine::memory::{Collected, CollectedListener};

    use super::*;
    use crate::action::Options;
    use crate::testing::{RDP_TCP, World, steps_on, steps_with};

    fn to(world: &World, port: u16) -> Result<Vec<String>, String> {
        steps_with(world, &ACTION, &Options { port: Some(port) })
    }

    fn with_web_server_at(port: u16) -> World {
        let world = World::server();
        let toml = format!("address = '0.0.0.0:{port}'\nprocess = 777\nprogram = 'httpd.exe'");
        let socket: CollectedListener = toml::from_str(&toml).unwrap();
        world.collection.borrow_mut().listeners = Some(Collected::Found(Some(vec![socket])));
        world
    }

    #[test]
    fn the_port_goes_where_it_was_asked_to() {
        let moved = World::server().value(RDP_TCP, "PortNumber", 3390);
        assert_eq!(to(&moved, 3389).unwrap(), [format!("set {RDP_TCP}, value PortNumber, to 3389")]);
    }

    #[test]
    fn without_a_choice_it_says_what_to_choose() {
        assert!(
            steps_on(&with_web_server_at(3389), &ACTION)
                .unwrap_err()
                .starts_with("httpd.exe (process 777) holds port 3389")
        );
        let moved = World::server().value(RDP_TCP, "PortNumber", 3390);
        assert!(steps_on(&moved, &ACTION).unwrap_err().contains("HOST:3390"));
    }

    #[test]
    fn a_port_that_is_taken_or_shut_is_refused() {
        assert!(to(&with_web_server_at(8080), 8080).unwrap_err().contains("already"));
        assert!(to(&World::server(), 3390).unwrap_err().contains("localport=3390"));
        let rule = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3380-3399|Svc=TermService|Name=RDP-moved|";
        assert_eq!(to(&World::server().text(RULES, "{moved}", rule), 3390).unwrap().len(), 1);
        let other = rule.replace("TermService", "iphlpsvc");
        assert!(to(&World::server().text(RULES, "{moved}", &other), 3390).is_err());
    }
}
