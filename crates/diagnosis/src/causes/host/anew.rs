//! Whether Windows has to make its own certificate anew, for those who have it done.

use super::in_use::{Listener, OWN, in_use, template};
use super::keys::{Key, key_of};
use super::signs::setting_of;
use crate::causes::logged::last_seen;
use crate::evidence::Snapshot;
use crate::evidence::snapshot::StoredCertificate;

/// What there is to say against, or for, a new certificate of Windows' own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anew<'a> {
    /// What decides it was not read.
    Unknown,
    /// The one that is used has not ended, and nothing shows that its key is gone.
    NotNeeded,
    /// Somebody chose another certificate, and it is used.
    Chosen,
    /// Policy has the certificate made from this template.
    Template(&'a str),
    /// The service takes its certificate from this store instead of the one that Windows ships.
    Store(&'a str),
    /// The certificate of this thumbprint lies in Windows' store, and Windows did not make it.
    Foreign(&'a str),
    /// This one has ended or has lost its key; none where the store is empty.
    Needed(Option<&'a StoredCertificate>),
}

/// Whether the certificate that Windows makes by itself has to be made anew.
pub fn anew(host: &Snapshot) -> Anew<'_> {
    if let Some(name) = template(host) {
        return Anew::Template(name);
    }
    let store = setting_of(host, "selfsigned-store").0.seen.value().and_then(|value| value.text());
    if let Some(other) = store.filter(|store| !store.eq_ignore_ascii_case(OWN)) {
        return Anew::Store(other);
    }
    match in_use(host) {
        Listener::Unknown => Anew::Unknown,
        Listener::Nothing => Anew::Needed(None),
        Listener::Uses(used) if used.chosen => Anew::Chosen,
        Listener::Uses(used) if !used.leaf.self_issued => Anew::Foreign(&used.stored.thumbprint),
        Listener::Uses(used) => {
            let is_lost = matches!(key_of(host, &used), Key::Missing { .. } | Key::Empty(_));
            let has_ended = last_seen(host) > used.leaf.not_after;
            if is_lost || has_ended { Anew::Needed(Some(used.stored)) } else { Anew::NotNeeded }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Machine};

    fn old() -> CertificateMaker {
        CertificateMaker::windows("TS01").valid(-200, -17)
    }

    fn with_own(maker: &CertificateMaker) -> Machine {
        Machine::healthy().empty_store("Remote Desktop").certificate("Remote Desktop", maker, "TSSecKeySet1")
    }

    #[test]
    fn needed_where_it_has_ended_has_no_key_or_is_not_there() {
        let is_needed = |machine: Machine| matches!(anew(&machine.snapshot()), Anew::Needed(Some(_)));
        assert!(is_needed(with_own(&old())));
        assert!(is_needed(Machine::healthy().no_key_files()));
        assert_eq!(anew(&Machine::healthy().empty_store("Remote Desktop").snapshot()), Anew::Needed(None));
        assert_eq!(anew(&Machine::healthy().snapshot()), Anew::NotNeeded);
        assert_eq!(anew(&Machine::unread().snapshot()), Anew::Unknown);
    }

    #[test]
    fn what_somebody_decided_is_not_overruled() {
        let issued = CertificateMaker::issued("ts01.corp", "Corp CA");
        let chosen = with_own(&old()).certificate("My", &issued, "tp-1").pins(&issued);
        assert_eq!(anew(&chosen.snapshot()), Anew::Chosen);
        let template = with_own(&old()).text("cert-template", "RemoteDesktop").snapshot();
        assert_eq!(anew(&template), Anew::Template("RemoteDesktop"));
        let elsewhere = with_own(&old()).text("selfsigned-store", "My").snapshot();
        assert_eq!(anew(&elsewhere), Anew::Store("My"));
        let foreign = with_own(&issued.valid(-400, -30)).snapshot();
        assert!(matches!(anew(&foreign), Anew::Foreign(_)));
    }

    #[test]
    fn a_choice_of_one_that_is_gone_leaves_it_to_windows() {
        let gone = with_own(&old()).pins(&CertificateMaker::issued("ts01.corp", "Corp CA"));
        assert!(matches!(anew(&gone.snapshot()), Anew::Needed(Some(_))));
    }
}
