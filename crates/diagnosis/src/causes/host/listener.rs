//! The listener's certificate and its key file, for those who mend them.

use super::in_use::{InUse, Listener, in_use};
use super::keys::{Found, Key, key_of, own_files};
use crate::evidence::Snapshot;
use crate::evidence::snapshot::KeyFile;

/// The certificate that the listener uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerCertificate<'a> {
    /// The thumbprint, as the store's key is named.
    pub thumbprint: &'a str,
    /// Whether somebody chose it, instead of Windows.
    pub chosen: bool,
    /// The file of its key, where it is there and NETWORK SERVICE may not read it.
    pub unreadable: Option<&'a KeyFile>,
    /// The name of the file of its key, where it is not there.
    pub missing: Option<String>,
    /// The file of its key, where it is there and has no content.
    pub empty: Option<&'a KeyFile>,
}

/// The certificate in use; none where there is none, or where that is not known.
pub fn listener_certificate(host: &Snapshot) -> Option<ListenerCertificate<'_>> {
    let Listener::Uses(used) = in_use(host) else { return None };
    Some(described(host, &used))
}

fn described<'a>(host: &'a Snapshot, used: &InUse<'a>) -> ListenerCertificate<'a> {
    let mut described = ListenerCertificate {
        thumbprint: &used.stored.thumbprint,
        chosen: used.chosen,
        unreadable: None,
        missing: None,
        empty: None,
    };
    match key_of(host, used) {
        Key::Unreadable(found) => described.unreadable = Some(found.file),
        Key::Empty(found) => described.empty = Some(found.file),
        Key::Missing { file, .. } => described.missing = Some(file),
        Key::Unknown | Key::NotNeeded | Key::Readable => {}
    }
    described
}

/// The key files of the container in which Windows keeps the key of its own certificate, of this machine and of others;
/// none where the folder was not read.
pub fn own_key_files(host: &Snapshot) -> Option<Vec<&KeyFile>> {
    Some(own_files(host)?.into_iter().map(|Found { file, .. }| file).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY_FILE, Machine};

    #[test]
    fn the_key_is_told_by_what_is_wrong_with_it() {
        let of = |machine: Machine| {
            let host = machine.snapshot();
            let certificate = listener_certificate(&host).unwrap();
            (certificate.unreadable.is_some(), certificate.missing.is_some(), certificate.chosen)
        };
        assert_eq!(of(Machine::healthy()), (false, false, false));
        assert_eq!(of(Machine::healthy().no_key_files().key_file(KEY_FILE, false)), (true, false, false));
        assert_eq!(of(Machine::healthy().no_key_files()), (false, true, false));
        assert_eq!(listener_certificate(&Machine::unread().snapshot()), None);
        assert_eq!(own_key_files(&Machine::healthy().snapshot()).unwrap()[0].name, KEY_FILE);
    }
}
