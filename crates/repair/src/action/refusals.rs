//! What is not done, why, and what to do instead.

use super::nla_off;

/// A recipe that is often given and does harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Harmful {
    /// What people ask for, in kebab-case.
    pub id: &'static str,
    /// What it is.
    pub title: &'static str,
    /// What it breaks.
    pub why: &'static str,
    /// What mends instead.
    pub instead: &'static str,
}

/// Recipes that are refused.
pub const HARMFUL: &[Harmful] = &[
    Harmful {
        id: "reset-machine-keys-acl",
        title: "resetting the permissions of MachineKeys and everything in it (icacls /T, takeown /R)",
        why: "it lets NETWORK SERVICE read every private key of the machine, and takes the keys of IIS, SQL Server and VPN from their owners",
        instead: "machine-keys-permissions: only the key file of Remote Desktop gets its rights back",
    },
    Harmful {
        id: "rename-machine-keys",
        title: "renaming or deleting the folder MachineKeys",
        why: "it severs IIS, SQL Server, WinRM over HTTPS, VPN and device certificates from their keys",
        instead: "stale-key-container: only the key file of Remote Desktop is moved aside",
    },
    Harmful {
        id: "allow-encryption-oracle",
        title: "AllowEncryptionOracle = 2",
        why: "it opens CVE-2018-0886 again, for every server that this machine connects to",
        instead: "install the updates of May 2018 or later on the side that lacks them",
    },
    Harmful {
        id: "security-layer-rdp",
        title: "SecurityLayer = 0",
        why: "it takes TLS and the proof of who the server is from every session, and Network Level Authentication with it",
        instead: "mend the certificate or its key: rdpdoctor host check names which",
    },
    Harmful {
        id: "firewall-off",
        title: "turning the firewall off",
        why: "it opens every port of the machine where one rule is missing",
        instead: "firewall-rule-disabled: only the rules of Remote Desktop are enabled",
    },
    Harmful {
        id: "delete-grace-period",
        title: "deleting the licensing grace period (RCM\\GracePeriod)",
        why: "it breaks the licence, needs the rights of the key to be broken first, and lasts 120 days",
        instead: "license-unavailable: set the licensing mode and name a licence server",
    },
    Harmful {
        id: "disable-nla",
        title: "turning Network Level Authentication off for good",
        why: "it shows the logon screen to anybody who reaches the port, and mends no certificate",
        instead: "where it is needed as a bridge: rdpdoctor host fix nla-off --for 30m takes itself back",
    },
];

/// Causes that no program should mend, and what a person does.
const BY_PERSON: &[(&str, &str)] = &[
    (
        "brute-force-attack",
        "who may reach the port is a decision about the network: take it off the Internet (VPN, RD Gateway, rules that name \
         the addresses), keep Network Level Authentication on, and set a lockout that ends by itself",
    ),
    (
        "fips-mode",
        "a rule may demand it: bring clients and certificate to what it allows, or switch it off in the policy that sets it \
         (System cryptography: Use FIPS compliant algorithms) and restart Windows",
    ),
    (
        "policy-conflict",
        "the policy writes its value again, and only its owner knows which of the two is meant: change the value in the \
         policy (the finding names it, or else gpresult /scope computer /v), and run gpupdate /target:computer",
    ),
    (
        "resource-exhausted",
        "what uses it up has to be found before it is ended: read the counters, free what is short, and restart the program \
         that took it",
    ),
    (
        "update-regression",
        "an update is neither installed nor removed here: install the one that mends it, or apply the Known Issue Rollback \
         that Microsoft names for it",
    ),
];

/// Why a cause has no action, and what to do instead.
pub fn why_not(cause: &str) -> String {
    if let Some(harmful) = HARMFUL.iter().find(|harmful| harmful.id == cause) {
        return format!("{} is not done: {}. Instead: {}", harmful.title, harmful.why, harmful.instead);
    }
    let known = BY_PERSON.iter().find(|(known, _)| *known == cause);
    known.map_or_else(
        || format!("it is not mended by program; see rdpdoctor explain {cause}"),
        |(_, why)| (*why).to_owned(),
    )
}

/// What to say where everything that would be set is set.
pub(crate) fn already(cause: &str) -> String {
    if cause == nla_off::ACTION.id {
        return "Network Level Authentication is off already: clients get in without it, and nothing was left to do"
            .to_owned();
    }
    format!(
        "what would be set is set already; where Windows was not restarted since, that is what it waits for, and else see \
         rdpdoctor explain {cause}"
    )
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::Stage;
    use rdpdoctor_diagnosis::causes::CAUSES;

    use super::*;
    use crate::action::{ACTIONS, for_cause};

    #[test]
    fn every_cause_on_the_server_is_mended_or_left_to_a_person_for_a_reason() {
        let of_host = CAUSES.iter().filter(|cause| cause.stage == Stage::Host).map(|cause| cause.id);
        for id in of_host.chain(["drain-mode", "server-denied"]) {
            let by_person = BY_PERSON.iter().any(|(known, _)| *known == id);
            assert_ne!(for_cause(id).next().is_some(), by_person, "{id}: an action or a reason, and not both");
        }
    }

    #[test]
    fn what_is_mended_or_left_is_a_cause() {
        let mended = ACTIONS.iter().flat_map(|action| action.causes).copied();
        for id in mended.chain(BY_PERSON.iter().map(|(id, _)| *id)) {
            assert!(CAUSES.iter().any(|cause| cause.id == id), "{id}");
        }
    }
}
