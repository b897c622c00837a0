//! Which certificate the listener uses, by what the machine shows of its settings and stores.

use super::signs::setting_of;
use crate::certificate::Certificate;
use crate::evidence::Snapshot;
use crate::evidence::snapshot::{StoredCertificate, ValueSeen};
use crate::view::host_fact;

/// The store of certificates that people install, and the only one from which one can be chosen.
pub(super) const PERSONAL: &str = "My";
/// The store of the certificate that Windows makes, where no value names another.
pub(super) const OWN: &str = "Remote Desktop";
/// Hexadecimal digits of a thumbprint (SHA-1).
const DIGITS: usize = 40;

/// The certificate of the listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::causes) enum Listener<'a> {
    /// What decides it was not read.
    Unknown,
    /// There is none: Windows makes one when the service starts.
    Nothing,
    /// This one.
    Uses(Box<InUse<'a>>),
}

/// A certificate in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::causes) struct InUse<'a> {
    pub(in crate::causes) stored: &'a StoredCertificate,
    /// What it says.
    pub(in crate::causes) leaf: Certificate,
    /// Whether somebody chose it, instead of Windows.
    pub(in crate::causes) chosen: bool,
    /// The JSON pointer of its entry.
    pub(in crate::causes) fact: String,
}

/// What `SSLCertificateSHA1Hash` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pin {
    Unknown,
    Absent,
    /// No thumbprint of 20 bytes.
    Malformed(String),
    /// In lower case.
    Thumbprint(String),
}

/// The certificate that the listener uses: the chosen one where it can be used, else the one that Windows made.
pub(in crate::causes) fn in_use(host: &Snapshot) -> Listener<'_> {
    match pin(host) {
        Pin::Thumbprint(thumbprint) if host.store(PERSONAL).is_some() => {
            let chosen = entries(host, PERSONAL).find(|entry| entry.stored.thumbprint == thumbprint);
            match chosen.filter(|entry| entry.stored.key.is_some() && entry.leaf.may_serve()) {
                Some(entry) => Listener::Uses(Box::new(InUse { chosen: true, ..entry })),
                None => own(host),
            }
        }
        Pin::Thumbprint(_) | Pin::Unknown => Listener::Unknown,
        // A template has a certificate chosen too, and where Windows notes which one is not known.
        Pin::Absent if template(host).is_some() && enrolled(host) => Listener::Unknown,
        Pin::Absent | Pin::Malformed(_) => own(host),
    }
}

/// The thumbprint that somebody chose.
pub(super) fn pin(host: &Snapshot) -> Pin {
    let value = match setting_of(host, "cert-pin").0.seen {
        ValueSeen::Unread => return Pin::Unknown,
        ValueSeen::Absent => return Pin::Absent,
        ValueSeen::Value(value) => value,
    };
    match value.hex().or(value.text()).unwrap_or_default().trim() {
        "" => Pin::Absent,
        text if text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            Pin::Thumbprint(text.to_ascii_lowercase())
        }
        text => Pin::Malformed(text.to_owned()),
    }
}

/// The template from which policy has the certificate made.
pub(super) fn template(host: &Snapshot) -> Option<&str> {
    setting_of(host, "cert-template").0.seen.value()?.text().filter(|name| !name.trim().is_empty())
}

/// The entries of a store whose certificates can be read.
pub(super) fn entries<'a>(host: &'a Snapshot, store: &str) -> impl Iterator<Item = InUse<'a>> {
    let facts = host_fact(&["certificates", store, "observed"]);
    host.store(store).unwrap_or_default().iter().enumerate().filter_map(move |(index, stored)| {
        let leaf = Certificate::parse(stored.der.as_ref()?)?;
        Some(InUse { stored, leaf, chosen: false, fact: format!("{facts}/{index}") })
    })
}

fn enrolled(host: &Snapshot) -> bool {
    host.store(PERSONAL).is_none() || entries(host, PERSONAL).any(|entry| !entry.leaf.self_issued)
}

/// The one that Windows noted as its last, else the one that ends last.
fn own(host: &Snapshot) -> Listener<'_> {
    let store = setting_of(host, "selfsigned-store").0.seen.value().and_then(|value| value.text()).unwrap_or(OWN);
    if host.store(store).is_none() {
        return Listener::Unknown;
    }
    let noted = noted(host);
    let named = entries(host, store).find(|entry| noted.as_ref() == Some(&entry.stored.thumbprint));
    let newest = || entries(host, store).max_by_key(|entry| entry.leaf.not_after);
    named.or_else(newest).map_or(Listener::Nothing, |entry| Listener::Uses(Box::new(entry)))
}

/// The thumbprint of the certificate that Windows made last.
pub(super) fn noted(host: &Snapshot) -> Option<String> {
    let value = setting_of(host, "selfsigned-hash").0.seen.value()?.hex()?;
    (value.len() == DIGITS).then(|| value.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Machine};

    fn used(host: &Snapshot) -> (String, bool) {
        let Listener::Uses(found) = in_use(host) else { panic!("{:?}", in_use(host)) };
        (found.leaf.common_name.clone().unwrap(), found.chosen)
    }

    fn issued() -> CertificateMaker {
        CertificateMaker::issued("ts01.corp", "Corp CA")
    }

    #[test]
    fn windows_own_where_nobody_chose() {
        assert_eq!(used(&Machine::healthy().snapshot()), ("TS01".to_owned(), false));
        let emptied = Machine::healthy().empty_store("Remote Desktop");
        assert_eq!(in_use(&emptied.snapshot()), Listener::Nothing);
    }

    #[test]
    fn the_chosen_one_where_it_can_be_used() {
        let machine = || Machine::healthy().certificate(PERSONAL, &issued(), "tp-1");
        assert_eq!(used(&machine().pins(&issued()).snapshot()), ("ts01.corp".to_owned(), true));
        let no_key = machine().pins(&issued()).with(|host| keys_of(host).key = None);
        assert_eq!(used(&no_key.snapshot()), ("TS01".to_owned(), false));
        let gone = Machine::healthy().pins(&issued());
        assert_eq!(used(&gone.snapshot()), ("TS01".to_owned(), false));
    }

    fn keys_of(host: &mut Snapshot) -> &mut StoredCertificate {
        let store = host.certificates.get_mut(PERSONAL).unwrap();
        let crate::evidence::snapshot::Reading::Observed(all) = store else { panic!("a store") };
        &mut all[0]
    }

    #[test]
    fn of_several_the_noted_one_else_the_one_that_ends_last() {
        let older = CertificateMaker::windows("OLD").valid(-200, -17);
        let machine = || Machine::healthy().certificate("Remote Desktop", &older, "TSSecKeySet1");
        assert_eq!(used(&machine().snapshot()).0, "TS01");
        assert_eq!(used(&machine().notes(&older).snapshot()).0, "OLD");
    }

    #[test]
    fn unknown_where_a_setting_a_store_or_a_template_leaves_it_open() {
        assert_eq!(in_use(&Machine::unread().snapshot()), Listener::Unknown);
        let unread = |store: &str| Machine::healthy().with(|host| drop(host.certificates.remove(store)));
        assert_eq!(in_use(&unread("Remote Desktop").snapshot()), Listener::Unknown);
        assert_eq!(in_use(&unread(PERSONAL).pins(&issued()).snapshot()), Listener::Unknown);
        let template = Machine::healthy().text("cert-template", "RemoteDesktop");
        assert_eq!(used(&template.clone().snapshot()).0, "TS01");
        assert_eq!(in_use(&template.certificate(PERSONAL, &issued(), "tp-1").snapshot()), Listener::Unknown);
    }

    #[test]
    fn a_malformed_thumbprint_names_nothing() {
        let machine = Machine::healthy().text("cert-pin", "\u{200e}aabb");
        assert!(matches!(pin(&machine.clone().snapshot()), Pin::Malformed(_)));
        assert_eq!(used(&machine.snapshot()).0, "TS01");
    }
}
