//! Which servers a policy lets the client give credentials to (CredSsp.admx).

use super::effect::Effect;
use super::signs::{key, setting_of};
use crate::Proof;
use crate::causes::policy::{Side, with_author};
use crate::evidence::snapshot::RegistryValue;
use crate::evidence::{Evidence, Snapshot};
use crate::view::origin_fact;

const POLICIES: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\CredentialsDelegation";
const DENY: &str = "client-deny-fresh-credentials";
const ALLOW: &str = "client-allow-fresh-credentials";
const RESTRICTED: &str = "client-restricted-remote-administration";

/// What the delegation policies do to credentials that are typed.
pub(super) fn effect(origin: &Snapshot, evidence: &Evidence) -> Effect {
    let (deny, allow) = (setting_of(origin, DENY).0, setting_of(origin, ALLOW).0);
    if !deny.seen.is_read() || !allow.seen.is_read() {
        return Effect::Open;
    }
    if deny.number() == Some(1) {
        match listed(origin, "DenyFreshCredentials", evidence) {
            Some(true) => {
                return forbids(origin, DENY, "DenyFreshCredentials lists this server: it is not given credentials");
            }
            Some(false) => {}
            None => return Effect::Open,
        }
    }
    match allow.seen.value().and_then(RegistryValue::number) {
        None => restricted(origin, evidence),
        Some(0) => forbids(origin, ALLOW, "AllowFreshCredentials is switched off: no server is given credentials"),
        Some(_) => match listed(origin, "AllowFreshCredentials", evidence) {
            Some(true) => restricted(origin, evidence),
            Some(false) => {
                forbids(origin, ALLOW, "AllowFreshCredentials does not list this server: it is not given credentials")
            }
            None => Effect::Open,
        },
    }
}

fn forbids(origin: &Snapshot, id: &str, text: &str) -> Effect {
    let proof = Proof::of(text, [origin_fact(&["registry", POLICIES])], 35);
    Effect::Forbids(with_author(proof, origin, Side::Client, id))
}

/// Credentials stay on the client, which the server has to allow.
fn restricted(origin: &Snapshot, evidence: &Evidence) -> Effect {
    let (demanded, fact) = setting_of(origin, RESTRICTED);
    match demanded.number() {
        Some(0) => return Effect::None,
        Some(_) => {}
        None => return Effect::Open,
    }
    let Some(host) = evidence.host.as_deref() else { return Effect::Open };
    let server = super::super::host::signs::setting_of(host, "restricted-admin");
    match (server.0.seen.is_read(), server.0.number()) {
        (false, _) => Effect::Open,
        (true, Some(0)) => Effect::None,
        (true, _) => {
            let text = "RestrictedRemoteAdministration keeps credentials on this machine, which the server does not allow (DisableRestrictedAdmin is not 0)";
            Effect::Forbids(with_author(Proof::of(text, [fact, server.1], 35), origin, Side::Client, RESTRICTED))
        }
    }
}

/// Whether the list below a switch holds the target; none where list or target are not known.
fn listed(origin: &Snapshot, list: &str, evidence: &Evidence) -> Option<bool> {
    if evidence.target.is_unnamed() {
        return None;
    }
    let key = key(origin, &format!(r"{POLICIES}\{list}")).ok()?;
    let entries = key.into_iter().flat_map(|key| key.values.values()).filter_map(RegistryValue::text);
    Some(entries.into_iter().any(|entry| covers(entry, &evidence.target.host)))
}

/// `TERMSRV/ts01`, `TERMSRV/*.corp.example`, `TERMSRV/*`, `*`.
fn covers(entry: &str, host: &str) -> bool {
    let (entry, host) = (entry.trim().to_ascii_lowercase(), host.to_ascii_lowercase());
    let name = match entry.strip_prefix("termsrv/") {
        Some(name) => name,
        None if entry == "*" => "*",
        None => return false,
    };
    name.strip_prefix('*').map_or(name == host, |end| host.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Detection;
    use crate::causes::find;
    use crate::testing::{Machine, Scene};

    fn client() -> Machine {
        Machine::healthy().build(22631, "Client")
    }

    fn listing(machine: Machine, list: &str, entry: &str) -> Machine {
        machine.value(&format!(r"{POLICIES}\{list}"), "1", RegistryValue::Sz(entry.to_owned())).with(|it| {
            if let Some(crate::evidence::snapshot::Reading::Observed(Some(key))) = it.registry.get_mut(POLICIES) {
                key.keys.push(list.to_owned());
            }
        })
    }

    fn detect(machine: Machine) -> Detection {
        let scene = Scene::named("ts01.corp.example", &["10.0.0.5"]);
        let evidence = Evidence { origin: machine.as_origin().origin, ..scene.evidence() };
        (find("client-policy-forbids").unwrap().detect)(&evidence)
    }

    #[test]
    fn entries_cover_names_and_domains() {
        for entry in ["TERMSRV/ts01.corp.example", "termsrv/*.corp.example", "TERMSRV/*", "*"] {
            assert!(covers(entry, "TS01.corp.example"), "{entry}");
        }
        for entry in ["TERMSRV/ts02.corp.example", "TERMSRV/*.other.example", "HTTP/*", "wsman/*"] {
            assert!(!covers(entry, "ts01.corp.example"), "{entry}");
        }
    }

    #[test]
    fn a_list_without_the_server_and_one_that_denies_it_forbid() {
        let allow =
            |entry: &str| listing(client().dword("client-allow-fresh-credentials", 1), "AllowFreshCredentials", entry);
        assert!(matches!(detect(allow("TERMSRV/ts02")), Detection::Confirmed(_)));
        assert_eq!(detect(allow("TERMSRV/*")), Detection::RuledOut);
        assert!(matches!(detect(client().dword("client-allow-fresh-credentials", 0)), Detection::Confirmed(_)));
        let deny =
            |entry: &str| listing(client().dword("client-deny-fresh-credentials", 1), "DenyFreshCredentials", entry);
        assert!(matches!(detect(deny("TERMSRV/*.corp.example")), Detection::Confirmed(_)));
        assert_eq!(detect(deny("TERMSRV/ts02")), Detection::RuledOut);
    }

    #[test]
    fn a_server_without_restricted_admin_is_refused_by_a_client_that_demands_it() {
        let demanding = || client().dword("client-restricted-remote-administration", 1);
        let against = |host: Machine| {
            let evidence = Evidence { host: host.evidence().host, ..demanding().as_origin() };
            (find("client-policy-forbids").unwrap().detect)(&evidence)
        };
        assert!(matches!(against(Machine::healthy()), Detection::Confirmed(_)));
        assert_eq!(against(Machine::healthy().dword("restricted-admin", 0)), Detection::RuledOut);
        assert_eq!(detect(demanding()), Detection::Unknown(Vec::new()));
    }

    #[test]
    fn a_list_that_was_not_read_leaves_it_open() {
        let unread = client()
            .dword("client-allow-fresh-credentials", 1)
            .unreadable(&format!(r"{POLICIES}\AllowFreshCredentials"));
        assert_eq!(detect(unread), Detection::Unknown(Vec::new()));
    }
}
