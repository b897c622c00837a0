use rdpdoctor_diagnosis::evidence::snapshot::{ServiceState, ValueSeen};

use super::registry::{correct, in_force, known};
use super::{Action, Ground, Restart};
use crate::step::Step;

/// The first build whose listener is loaded by its class.
const WITH_CLASS: u32 = 9200;

pub(super) const ACTION: Action = Action {
    id: "enable-listener",
    causes: &["listener-disabled"],
    title: "Switch the listener RDP-Tcp on",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "none known",
    restart: Restart::Services,
    page: include_str!("enable-listener.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    complete(ground)?;
    let mut steps = correct(ground, "enable-winstation", 1)?;
    if in_force(ground, "lan-adapter").is_some_and(|adapter| adapter != 0) {
        if is_silent(ground) {
            steps.extend(correct(ground, "lan-adapter", 0)?);
        } else if steps.is_empty() {
            return Err(
                "LanAdapter binds the listener to one adapter, which may be meant so: where that adapter is gone, \
                        set it to 0, which listens on all of them, and restart TermService"
                    .to_owned(),
            );
        }
    }
    Ok(steps)
}

/// What a listener is made of cannot be guessed.
fn complete(ground: &Ground<'_>) -> Result<(), String> {
    let class = known("listener-class")?;
    let key = ground.machine.key(class.path).map_err(|why| format!("{}: {why}", class.path))?;
    let what = match (key, ground.host.value(class.path, class.value)) {
        (None, _) => "the key WinStations\\RDP-Tcp is missing",
        (Some(_), ValueSeen::Absent) if !is_of_old(ground) => {
            "LoadableProtocol_Object is missing from the listener's key"
        }
        _ => return Ok(()),
    };
    let export = format!("reg export \"{}\"", class.path);
    Err(format!("{what}: import the key from a machine of the same build, where {export} rdp-tcp.reg writes it"))
}

fn is_of_old(ground: &Ground<'_>) -> bool {
    ground.host.build.observed().is_none_or(|build| build.number < WITH_CLASS)
}

/// The service runs, Remote Desktop is on, and none of its sockets listens.
fn is_silent(ground: &Ground<'_>) -> bool {
    let service = ground.host.service("TermService").flatten();
    let runs = service.is_some_and(|service| service.state.observed() == Some(&ServiceState::Running));
    let Some(sockets) = ground.host.listeners.observed() else { return false };
    let ours = |name: &String| name.eq_ignore_ascii_case("TermService");
    let listens = sockets.iter().any(|socket| socket.services.iter().any(ours));
    runs && in_force(ground, "deny-connections") == Some(0) && !listens
}

#[cfg(test)]
mod tests {
    use rdpdoctor_machine::change::Change;
    use rdpdoctor_machine::memory::Collected;

    use super::*;
    use crate::testing::{RDP_TCP, World, steps_on};

    #[test]
    fn a_listener_that_is_off_is_switched_on_and_nothing_else() {
        let off = World::server().value(RDP_TCP, "fEnableWinStation", 0).value(RDP_TCP, "LanAdapter", 2);
        assert_eq!(steps_on(&off, &ACTION).unwrap(), [format!("set {RDP_TCP}, value fEnableWinStation, to 1")]);
    }

    #[test]
    fn one_adapter_is_given_up_only_where_nothing_listens() {
        let bound = World::server().value(RDP_TCP, "LanAdapter", 2);
        assert!(steps_on(&bound, &ACTION).unwrap_err().contains("may be meant so"));
        bound.collection.borrow_mut().listeners = Some(Collected::Found(Some(Vec::new())));
        assert_eq!(steps_on(&bound, &ACTION).unwrap(), [format!("set {RDP_TCP}, value LanAdapter, to 0")]);
    }

    #[test]
    fn a_listener_without_its_class_is_not_guessed() {
        let bare = World::server();
        bare.delete_value(RDP_TCP, "LoadableProtocol_Object").unwrap();
        assert!(steps_on(&bare, &ACTION).unwrap_err().contains("same build"));
        let gone = World::server();
        gone.delete_key(RDP_TCP).unwrap();
        assert!(steps_on(&gone, &ACTION).unwrap_err().starts_with("the key WinStations"));
    }
}
