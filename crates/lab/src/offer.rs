//! What a fault wants to see in a `ClientHello`.

use rdpdoctor_protocol::tls::{CipherSuite, ClientHello, ExtensionType, ProtocolVersion};

const OLD_VERSIONS: [ProtocolVersion; 4] =
    [ProtocolVersion::SSL3, ProtocolVersion::TLS10, ProtocolVersion::TLS11, ProtocolVersion::TLS12];

/// Something that a `ClientHello` may hold. One that cannot be read holds nothing.
#[derive(Debug)]
pub(crate) enum Offer {
    /// This version is on offer.
    Version(ProtocolVersion),
    /// No version newer than this is on offer.
    AtMost(ProtocolVersion),
    /// One of these suites is on offer.
    AnySuite(&'static [CipherSuite]),
    /// The message is no longer than so many bytes, header included.
    Length(usize),
}

impl Offer {
    pub(crate) fn is_in(&self, hello: Option<&ClientHello>) -> bool {
        let Some(hello) = hello else { return false };
        match self {
            Self::Version(version) => versions(hello).contains(version),
            Self::AtMost(newest) => versions(hello).iter().all(|version| version <= newest),
            Self::Length(most) => hello.encode().is_ok_and(|message| message.len() <= *most),
            Self::AnySuite(suites) => suites.iter().any(|suite| hello.suites.contains(suite)),
        }
    }
}

/// Those in `supported_versions`, else all up to `legacy_version`; values that are no version (GREASE) are left out.
fn versions(hello: &ClientHello) -> Vec<ProtocolVersion> {
    let Some(data) = hello.extension(ExtensionType::SUPPORTED_VERSIONS) else {
        return OLD_VERSIONS.into_iter().filter(|version| *version <= hello.legacy_version).collect();
    };
    let listed = data.get(1..).unwrap_or_default().as_chunks().0;
    let known = |version: &ProtocolVersion| *version <= ProtocolVersion::TLS13;
    listed.iter().map(|version| ProtocolVersion(u16::from_be_bytes(*version))).filter(known).collect()
}

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::tls::HelloSpec;

    use super::*;

    const GCM: CipherSuite = CipherSuite(0xc030);
    const RC4: CipherSuite = CipherSuite(0x0005);

    fn hello(versions: &[ProtocolVersion]) -> ClientHello {
        HelloSpec::new(versions, &[GCM]).build([7; 32]).unwrap()
    }

    #[test]
    fn versions_are_read_from_both_places() {
        let old = hello(&[ProtocolVersion::TLS11]);
        assert!(Offer::Version(ProtocolVersion::TLS10).is_in(Some(&old)));
        assert!(Offer::AtMost(ProtocolVersion::TLS11).is_in(Some(&old)));
        assert!(!Offer::AtMost(ProtocolVersion::TLS10).is_in(Some(&old)));
        let new = hello(&[ProtocolVersion::TLS13, ProtocolVersion::TLS12]);
        assert!(Offer::Version(ProtocolVersion::TLS13).is_in(Some(&new)));
        assert!(!Offer::Version(ProtocolVersion::TLS11).is_in(Some(&new)));
        assert!(!Offer::AtMost(ProtocolVersion::TLS12).is_in(Some(&new)));
    }

    #[test]
    fn one_suite_of_many_is_enough() {
        let hello = hello(&[ProtocolVersion::TLS12]);
        assert!(Offer::AnySuite(&[RC4, GCM]).is_in(Some(&hello)));
        assert!(!Offer::AnySuite(&[RC4]).is_in(Some(&hello)));
        assert!(!Offer::AnySuite(&[GCM]).is_in(None));
    }
}
