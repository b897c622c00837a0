//! Whether this machine's certificate store trusts a chain.

use std::sync::OnceLock;

use jiff::Timestamp;
use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder, X509StoreRef};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509StoreContext};
use rdpdoctor_diagnosis::evidence::{Der, Seen, Trust};
use tokio::task::spawn_blocking;

/// Judges the chain as it was served, the leaf first: no names, no dates, nothing fetched. Windows itself may fetch a
/// root or an intermediate certificate that it misses here.
pub(crate) async fn of(chain: &[Der]) -> Seen<Trust> {
    if chain.is_empty() {
        return Seen::NotTried;
    }
    let chain = chain.to_vec();
    let judged = spawn_blocking(move || store().and_then(|store| judge(store, &chain).map_err(|e| e.to_string())));
    match judged.await {
        Ok(Ok(trust)) => Seen::by_probe(trust, Timestamp::now()),
        Ok(Err(why)) => Seen::NotObtained { why },
        Err(error) => Seen::NotObtained { why: error.to_string() },
    }
}

/// Read once, when it is first needed.
fn store() -> Result<&'static X509Store, String> {
    static STORE: OnceLock<Result<X509Store, String>> = OnceLock::new();
    STORE.get_or_init(load).as_ref().map_err(Clone::clone)
}

fn load() -> Result<X509Store, String> {
    let found = rustls_native_certs::load_native_certs();
    let roots: Vec<X509> = found.certs.iter().filter_map(|der| X509::from_der(der).ok()).collect();
    if roots.is_empty() {
        let why = found.errors.first().map(ToString::to_string);
        return Err(why.unwrap_or_else(|| "this system's certificate store is empty".to_owned()));
    }
    build(roots).map_err(|error| error.to_string())
}

fn build(roots: Vec<X509>) -> Result<X509Store, ErrorStack> {
    let mut parameters = X509VerifyParam::new()?;
    // Dates and strength are judged from the certificate itself.
    parameters.set_flags(X509VerifyFlags::NO_CHECK_TIME)?;
    parameters.set_auth_level(0);
    let mut builder = X509StoreBuilder::new()?;
    builder.set_param(&parameters)?;
    for root in roots {
        builder.add_cert(root)?;
    }
    Ok(builder.build())
}

fn judge(store: &X509StoreRef, chain: &[Der]) -> Result<Trust, ErrorStack> {
    let mut certificates = chain.iter().map(|Der(bytes)| X509::from_der(bytes));
    let Some(leaf) = certificates.next().transpose()? else { return Ok(untrusted("no certificate")) };
    let mut others = Stack::new()?;
    // One that cannot be read cannot be a link either.
    for certificate in certificates.flatten() {
        others.push(certificate)?;
    }
    let (trusted, result) = X509StoreContext::new()?
        .init(store, &leaf, &others, |context| Ok((context.verify_cert()?, context.error())))?;
    Ok(if trusted { Trust { trusted, reason: None, revoked: false } } else { untrusted(result.error_string()) })
}

fn untrusted(reason: &str) -> Trust {
    Trust { trusted: false, reason: Some(reason.to_owned()), revoked: false }
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::hash::MessageDigest;
    use openssl::pkey::{PKey, Private};
    use openssl::rsa::Rsa;
    use openssl::x509::X509Name;
    use openssl::x509::extension::BasicConstraints;

    use super::*;

    struct Party {
        key: PKey<Private>,
        certificate: X509,
    }

    /// A certificate long past its end, signed with SHA-1 and a short key: nothing of that is asked here.
    fn party(name: &str, issuer: Option<&Party>, authority: bool) -> Party {
        let key = PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap();
        let mut subject = X509Name::builder().unwrap();
        subject.append_entry_by_text("CN", name).unwrap();
        let subject = subject.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_subject_name(&subject).unwrap();
        builder.set_issuer_name(issuer.map_or(&subject, |issuer| issuer.certificate.subject_name())).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(86_400).unwrap()).unwrap();
        if authority {
            builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        }
        builder.sign(issuer.map_or(&key, |issuer| &issuer.key), MessageDigest::sha1()).unwrap();
        Party { key, certificate: builder.build() }
    }

    fn chain(parties: &[&Party]) -> Vec<Der> {
        parties.iter().map(|party| Der(party.certificate.to_der().unwrap())).collect()
    }

    #[test]
    fn a_chain_is_trusted_if_it_ends_at_a_root_of_the_store() {
        let root = party("root", None, true);
        let middle = party("middle", Some(&root), true);
        let leaf = party("ts01", Some(&middle), false);
        let store = build(vec![root.certificate.clone()]).unwrap();
        let trusted = Trust { trusted: true, reason: None, revoked: false };
        assert_eq!(judge(&store, &chain(&[&leaf, &middle])).unwrap(), trusted.clone());
        assert_eq!(judge(&store, &chain(&[&leaf, &middle, &root])).unwrap(), trusted.clone());
        assert_eq!(judge(&store, &chain(&[&root])).unwrap(), trusted);
        let missing = judge(&store, &chain(&[&leaf])).unwrap();
        assert_eq!(missing, untrusted("unable to get local issuer certificate"));
    }

    #[test]
    fn a_stranger_is_not_trusted_and_the_reason_is_named() {
        let store = build(vec![party("root", None, true).certificate]).unwrap();
        let lone = judge(&store, &chain(&[&party("ts01", None, false)])).unwrap();
        assert!(!lone.trusted && lone.reason.as_ref().is_some_and(|r| r.contains("self-signed")), "{lone:?}");
        let root = party("root", None, true);
        let other = judge(&store, &chain(&[&party("ts01", Some(&root), false), &root])).unwrap();
        assert!(!other.trusted, "the same name, but another key: {other:?}");
        assert!(judge(&store, &[Der(b"no certificate".to_vec())]).is_err());
    }
}
