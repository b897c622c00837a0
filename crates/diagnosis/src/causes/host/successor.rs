//! Which certificate could take the place of a chosen one that cannot be used, for those who choose it.

use jiff::Timestamp;

use super::configured_certificate_missing::{is_named_for, of_certificate};
use super::in_use::{InUse, PERSONAL, Pin, entries, pin};
use super::keys::{Key, key_of};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::KeyFile;

/// A certificate of `LocalMachine\My` that could be chosen: in date, for server authentication, with a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Successor<'a> {
    /// Its thumbprint, in lower case.
    pub thumbprint: &'a str,
    /// What is known of its key.
    pub key: SuccessorKey<'a>,
}

/// The key of a certificate that could be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuccessorKey<'a> {
    /// Where it lies does not follow from its name: a provider of CNG, a smart card, or nobody looked.
    Unknown,
    /// NETWORK SERVICE may not read this file of it.
    Unreadable(&'a KeyFile),
    /// NETWORK SERVICE may read it.
    Readable,
}

/// What could be chosen instead of the chosen certificate, the best first; none where that one is in order, where nothing
/// was chosen, and where nothing fits. It has the same subject; where that is not known any more, the machine's name.
pub fn successor(host: &Snapshot) -> Option<Successor<'_>> {
    let (wanted, is_malformed) = match pin(host) {
        Pin::Thumbprint(thumbprint) => (thumbprint, false),
        Pin::Malformed(text) => (digits(&text), true),
        Pin::Absent | Pin::Unknown => return None,
    };
    let chosen = entries(host, PERSONAL).find(|entry| entry.stored.thumbprint == wanted);
    if !is_malformed && chosen.as_ref().is_some_and(|chosen| of_certificate(host, chosen).is_empty()) {
        return None;
    }
    let fits = |entry: &InUse<'_>| of_certificate(host, entry).is_empty() && replaces(host, chosen.as_ref(), entry);
    let best = entries(host, PERSONAL).filter(fits).max_by_key(|entry| rank(host, chosen.as_ref(), entry))?;
    Some(Successor { thumbprint: &best.stored.thumbprint, key: key(host, &best) })
}

/// A thumbprint that was pasted with invisible characters or blanks.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase()
}

/// A self-signed certificate takes the place of another such only: Windows' own is as good.
fn replaces(host: &Snapshot, chosen: Option<&InUse<'_>>, entry: &InUse<'_>) -> bool {
    let Some(chosen) = chosen else { return is_named_for(host, entry) && !entry.leaf.self_issued };
    let is_same = chosen.leaf.subject == entry.leaf.subject
        && (!entry.leaf.subject.is_empty() || chosen.leaf.names() == entry.leaf.names());
    is_same && (chosen.leaf.self_issued || !entry.leaf.self_issued)
}

fn rank(host: &Snapshot, chosen: Option<&InUse<'_>>, entry: &InUse<'_>) -> (bool, bool, bool, Timestamp) {
    let is_itself = chosen.is_some_and(|chosen| chosen.stored.thumbprint == entry.stored.thumbprint);
    let same_issuer = chosen.is_some_and(|chosen| chosen.leaf.issuer == entry.leaf.issuer);
    (key(host, entry) != SuccessorKey::Unknown, is_itself, same_issuer, entry.leaf.not_after)
}

fn key<'a>(host: &'a Snapshot, entry: &InUse<'a>) -> SuccessorKey<'a> {
    match key_of(host, entry) {
        Key::Readable => SuccessorKey::Readable,
        Key::Unreadable(found) => SuccessorKey::Unreadable(found.file),
        Key::Unknown | Key::NotNeeded | Key::Missing { .. } | Key::Empty(_) => SuccessorKey::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::snapshot::{KeyReference, Reading};
    use crate::testing::{CertificateMaker, KEY_FILE, Machine};

    fn issued() -> CertificateMaker {
        CertificateMaker::issued("ts01.corp", "Corp CA")
    }

    fn ended() -> CertificateMaker {
        issued().valid(-800, -100)
    }

    /// In My, with a key of CryptoAPI.
    fn renewed(machine: Machine, maker: &CertificateMaker) -> Machine {
        machine.certificate(PERSONAL, maker, "TSSecKeySet1")
    }

    fn found(machine: Machine) -> Option<(String, bool)> {
        let host = machine.snapshot();
        let found = successor(&host)?;
        Some((found.thumbprint.to_owned(), found.key != SuccessorKey::Unknown))
    }

    fn thumbprint(maker: &CertificateMaker) -> String {
        crate::certificate::Certificate::parse(&maker.der()).unwrap().sha1.to_lowercase()
    }

    #[test]
    fn one_of_the_same_subject_takes_the_place_of_one_that_has_ended() {
        let machine = Machine::healthy().certificate(PERSONAL, &ended(), "tp-1").pins(&ended());
        let other = CertificateMaker::issued("www.corp", "Corp CA").valid(-1, 9000);
        let both = renewed(renewed(machine.clone(), &issued()), &other);
        assert_eq!(found(both), Some((thumbprint(&issued()), true)));
        let older = issued().valid(-300, 30);
        assert_eq!(found(renewed(renewed(machine.clone(), &issued()), &older)), Some((thumbprint(&issued()), true)));
        let rogue = issued_by_itself();
        assert_eq!(found(renewed(machine, &rogue)), None, "a self-signed one of the same name");
    }

    fn issued_by_itself() -> CertificateMaker {
        CertificateMaker::self_signed("ts01.corp")
    }

    #[test]
    fn where_the_chosen_one_is_gone_the_machine_s_name_decides() {
        assert_eq!(found(renewed(Machine::healthy().pins(&ended()), &issued())), Some((thumbprint(&issued()), true)));
        let other = CertificateMaker::issued("www.corp", "Corp CA");
        assert_eq!(found(renewed(Machine::healthy().pins(&ended()), &other)), None);
        assert_eq!(found(renewed(Machine::healthy().pins(&ended()), &issued_by_itself())), None);
    }

    #[test]
    fn a_thumbprint_with_an_invisible_character_names_what_it_names() {
        let pasted = format!("\u{200e}{}", thumbprint(&issued()).to_uppercase());
        let machine = renewed(Machine::healthy().text("cert-pin", &pasted), &issued());
        let newer = renewed(machine, &issued().valid(-1, 9000));
        assert_eq!(found(newer), Some((thumbprint(&issued()), true)));
    }

    #[test]
    fn the_key_decides_first() {
        let newer = issued().valid(-1, 9000);
        let machine = renewed(Machine::healthy().pins(&ended()), &newer).with(|host| {
            let Some(Reading::Observed(store)) = host.certificates.get_mut(PERSONAL) else { panic!("a store") };
            let (container, provider) = ("te-1".to_owned(), "Microsoft Software Key Storage Provider".to_owned());
            store[0].key = Some(KeyReference { container, provider, provider_type: 0, file: None });
        });
        assert_eq!(found(machine.clone()), Some((thumbprint(&newer), false)));
        assert_eq!(found(renewed(machine.clone(), &issued())), Some((thumbprint(&issued()), true)));
        let denied = renewed(Machine::healthy().pins(&ended()), &issued()).no_key_files().key_file(KEY_FILE, false);
        let host = denied.snapshot();
        assert!(matches!(successor(&host).unwrap().key, SuccessorKey::Unreadable(_)));
    }

    #[test]
    fn nothing_where_the_choice_is_in_order_or_was_never_made() {
        assert_eq!(
            found(renewed(renewed(Machine::healthy(), &issued()), &issued().valid(-1, 9000)).pins(&issued())),
            None
        );
        assert_eq!(found(renewed(Machine::healthy(), &issued())), None);
        assert_eq!(found(Machine::unread()), None);
    }
}
