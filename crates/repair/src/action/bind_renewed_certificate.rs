use rdpdoctor_diagnosis::causes::{Anew, Successor, SuccessorKey, anew, successor};
use rdpdoctor_machine::hex;
use rdpdoctor_machine::registry::Data;

use super::grant_key_read::readable;
use super::registry::set;
use super::{Action, Ground, Restart};
use crate::step::Step;

/// Where the choice of a certificate is written.
const LISTENER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp";
/// Bytes of a thumbprint (SHA-1).
const THUMBPRINT: usize = 20;

pub(super) const ACTION: Action = Action {
    id: "bind-renewed-certificate",
    causes: &["configured-certificate-missing"],
    title: "Choose the certificate that has taken the place of the one that cannot be used",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "clients that pinned the old certificate warn of the new one",
    restart: Restart::Services,
    page: include_str!("bind-renewed-certificate.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    if let Anew::Template(name) = anew(ground.host) {
        return Err(format!(
            "policy has the certificate made from the template {name}: mend the enrolment in AD CS or the policy; events \
             1062, 1064 and 1065 say what fails"
        ));
    }
    let Some(Successor { thumbprint, key }) = successor(ground.host) else { return Ok(Vec::new()) };
    let grant = match key {
        SuccessorKey::Readable => None,
        SuccessorKey::Unreadable(file) => Some(readable(ground, file)?),
        SuccessorKey::Unknown => {
            return Err(format!(
                "{thumbprint} of LocalMachine\\My could be chosen, but the file of its key cannot be named: let NETWORK \
                 SERVICE read the key (certlm.msc, All Tasks, Manage Private Keys), and choose it"
            ));
        }
    };
    let bytes = hex::read(thumbprint).filter(|bytes| bytes.len() == THUMBPRINT);
    let bytes = bytes.ok_or_else(|| format!("{thumbprint} is no thumbprint of 20 bytes"))?;
    let chosen = set(ground.machine, LISTENER, "SSLCertificateSHA1Hash", Data::of_bytes(bytes));
    Ok(grant.into_iter().chain(chosen).collect())
}

/// Whether something can be chosen instead, so that the choice need not be given up.
pub(super) fn is_possible(ground: &Ground<'_>) -> bool {
    let is_known = |successor: Successor<'_>| successor.key != SuccessorKey::Unknown;
    !matches!(anew(ground.host), Anew::Template(_)) && successor(ground.host).is_some_and(is_known)
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::testing::CertificateMaker;

    use super::super::unbind_certificate;
    use super::*;
    use crate::testing::{World, key_file_of, on, thumbprint_of};

    fn ended() -> CertificateMaker {
        CertificateMaker::issued("ts01.corp", "Corp CA").valid(-800, -100)
    }

    fn renewed() -> CertificateMaker {
        CertificateMaker::issued("ts01.corp", "Corp CA")
    }

    fn both() -> World {
        World::server().personal(&ended(), "tp-old").pins(&ended()).personal(&renewed(), "tp-new")
    }

    fn chosen() -> Step {
        let (key, name) = (LISTENER.to_owned(), "SSLCertificateSHA1Hash".to_owned());
        Step::SetValue { key, name, data: Data::of_bytes(thumbprint_of(&renewed())) }
    }

    #[test]
    fn the_renewed_one_is_chosen_and_the_choice_is_not_given_up() {
        let world = both().file(&key_file_of("tp-new"), 2303);
        assert_eq!(on(&world, steps), Ok(vec![chosen()]));
        assert_eq!(on(&world, unbind_certificate::ACTION.steps), Ok(Vec::new()));
    }

    #[test]
    fn a_key_that_the_service_may_not_read_is_opened_first() {
        let file = key_file_of("tp-new");
        let world = both().file(&file, 2303).rights_of(&file, "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)");
        let steps = on(&world, steps).unwrap();
        let [Step::SetDescriptor { path, descriptor }, choice] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!((path, choice), (&file, &chosen()));
        assert_eq!(crate::step::sddl(descriptor), "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;NS)");
    }

    #[test]
    fn without_one_whose_key_is_there_the_choice_is_given_up() {
        for world in [both(), World::server().pins(&ended())] {
            assert_eq!(on(&world, steps), Ok(Vec::new()));
            let given_up = on(&world, unbind_certificate::ACTION.steps).unwrap();
            assert!(matches!(&given_up[..], [Step::DeleteValue { .. }]), "{given_up:?}");
        }
        let policy = r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";
        let template = both().text(policy, "CertTemplateName", "RemoteDesktop");
        assert!(on(&template, steps).unwrap_err().contains("enrolment"));
    }
}
