//! What a plan says of a step beside the change: whether a policy may take it back.

use rdpdoctor_diagnosis::evidence::Snapshot;
use rdpdoctor_diagnosis::policy::{Written, written};

use crate::step::Step;

/// Policies of a computer are refreshed every 90 minutes and up to 30 more, on a domain controller every 5 (GroupPolicy.admx,
/// "Set Group Policy refresh interval for computers"); what was written by hand is overwritten only where the object has
/// changed since, or where policies are set to be applied anew each time (`NoGPOListChanges` 0). Confidence high.
const AGAIN: &str = "it may be written again at the next refresh of policies, by default within two hours (five minutes on a \
                     domain controller), or when Windows starts";

/// For a step that writes where a policy does, or what a policy wrote: which one, and where to change it for good.
pub(crate) fn of(step: &Step, host: &Snapshot) -> Option<String> {
    let (Step::SetValue { key, name, .. } | Step::DeleteValue { key, name }) = step else { return None };
    Some(match written(host, key, name)? {
        Written::Known(text, Some((_, object))) => {
            let place = if object.is_local() { "gpedit.msc" } else { "that policy" };
            format!("{text}; {AGAIN}: change it in {place} for good")
        }
        Written::Known(text, None) => text,
        Written::Open(question) => format!("not known is {question}; where one does, {AGAIN}"),
    })
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::evidence::snapshot::Reading;
    use rdpdoctor_diagnosis::testing::Machine;
    use rdpdoctor_machine::registry::Data;

    use super::*;
    use crate::testing::{POLICY, RDP_TCP};

    fn step(key: &str) -> Step {
        Step::SetValue { key: key.to_owned(), name: "UserAuthentication".to_owned(), data: Data::of_dword(1) }
    }

    fn noted(machine: Machine) -> String {
        of(&step(POLICY), &machine.policy("nla", 0).snapshot()).unwrap_or_default()
    }

    #[test]
    fn the_policy_is_named_and_where_it_is_changed_for_good() {
        let domain = noted(Machine::healthy().sets("RDP hardening", "nla", 0));
        assert!(domain.starts_with("UserAuthentication is set by the policy \"RDP hardening\" ("), "{domain}");
        assert!(domain.contains("may be written again") && domain.ends_with("change it in that policy for good"));
        let local = noted(Machine::healthy().sets_locally("nla", 0));
        assert!(local.ends_with("change it in gpedit.msc for good"), "{local}");
    }

    #[test]
    fn what_no_policy_wrote_may_stay_and_what_was_not_read_is_said() {
        let nobody = noted(Machine::healthy());
        assert!(nobody.ends_with("it may not come back") && !nobody.contains("refresh"), "{nobody}");
        let unread = noted(Machine::healthy().with(|host| host.policies = Reading::NotObtained("denied".to_owned())));
        assert!(unread.starts_with("not known is which policy sets UserAuthentication"), "{unread}");
    }

    #[test]
    fn other_places_and_steps_have_no_note() {
        let host = Machine::healthy().policy("nla", 0).sets("RDP hardening", "nla", 0).snapshot();
        assert_eq!(of(&step(RDP_TCP), &host), None);
        assert_eq!(of(&Step::CreateKey { key: POLICY.to_owned() }, &host), None);
    }
}
