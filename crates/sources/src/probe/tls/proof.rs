//! Whether the server's signature over its key exchange fits its certificate.

use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKeyRef, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};
use openssl::x509::X509;
use rdpdoctor_protocol::tls::{ParamsSignature, SignatureScheme};

/// Whether `signature` over `signed` was made with the private key of this certificate; `None` where that cannot be
/// told.
pub(super) fn fits(leaf: &[u8], signature: &ParamsSignature, signed: &[u8]) -> Option<bool> {
    let key = X509::from_der(leaf).ok()?.public_key().ok()?;
    let method = match signature.scheme {
        Some(scheme) => Method::of_scheme(scheme)?,
        None => Method::before_tls12(key.id())?,
    };
    if !method.keys.contains(&key.id()) {
        return Some(false);
    }
    let mut verifier = method.verifier(&key)?;
    // OpenSSL has words of its own for a signature of the wrong shape, but it does not fit either.
    Some(verifier.verify_oneshot(&signature.bytes, signed).unwrap_or(false))
}

/// A way to sign.
struct Method {
    keys: &'static [Id],
    /// `None` for EdDSA, which hashes by itself.
    digest: Option<MessageDigest>,
    padding: Option<Padding>,
}

const RSA: &[Id] = &[Id::RSA];
const RSA_PSS: &[Id] = &[Id::RSA, Id::RSA_PSS];

impl Method {
    fn of_scheme(scheme: SignatureScheme) -> Option<Self> {
        let [hash, algorithm] = scheme.0.to_be_bytes();
        if hash == 8 {
            return Self::of_tls13(scheme);
        }
        let digest = Some(digest(hash)?);
        Some(match algorithm {
            1 => Self { keys: RSA, digest, padding: Some(Padding::PKCS1) },
            2 => Self { keys: &[Id::DSA], digest, padding: None },
            3 => Self { keys: &[Id::EC], digest, padding: None },
            _ => return None,
        })
    }

    fn of_tls13(scheme: SignatureScheme) -> Option<Self> {
        let digest = match scheme {
            SignatureScheme::ED25519 => return Some(Self { keys: &[Id::ED25519], digest: None, padding: None }),
            SignatureScheme::ED448 => return Some(Self { keys: &[Id::ED448], digest: None, padding: None }),
            SignatureScheme::RSA_PSS_RSAE_SHA256 | SignatureScheme::RSA_PSS_PSS_SHA256 => MessageDigest::sha256(),
            SignatureScheme::RSA_PSS_RSAE_SHA384 | SignatureScheme::RSA_PSS_PSS_SHA384 => MessageDigest::sha384(),
            SignatureScheme::RSA_PSS_RSAE_SHA512 | SignatureScheme::RSA_PSS_PSS_SHA512 => MessageDigest::sha512(),
            _ => return None,
        };
        Some(Self { keys: RSA_PSS, digest: Some(digest), padding: Some(Padding::PKCS1_PSS) })
    }

    /// Implied by the key: MD5 and SHA-1 one behind the other for RSA, SHA-1 for others (RFC 4346 section 7.4.3).
    fn before_tls12(key: Id) -> Option<Self> {
        let sha1 = Some(MessageDigest::sha1());
        Some(match key {
            Id::RSA => {
                let both = MessageDigest::from_nid(Nid::MD5_SHA1)?;
                Self { keys: RSA, digest: Some(both), padding: Some(Padding::PKCS1) }
            }
            Id::DSA => Self { keys: &[Id::DSA], digest: sha1, padding: None },
            Id::EC => Self { keys: &[Id::EC], digest: sha1, padding: None },
            _ => return None,
        })
    }

    fn verifier<'a>(&self, key: &'a PKeyRef<Public>) -> Option<Verifier<'a>> {
        let Some(digest) = self.digest else { return Verifier::new_without_digest(key).ok() };
        let mut verifier = Verifier::new(digest, key).ok()?;
        if let Some(padding) = self.padding {
            verifier.set_rsa_padding(padding).ok()?;
            if padding == Padding::PKCS1_PSS {
                verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).ok()?;
            }
        }
        Some(verifier)
    }
}

/// `HashAlgorithm` (RFC 5246 section 7.4.1.4.1).
fn digest(hash: u8) -> Option<MessageDigest> {
    Some(match hash {
        1 => MessageDigest::md5(),
        2 => MessageDigest::sha1(),
        3 => MessageDigest::sha224(),
        4 => MessageDigest::sha256(),
        5 => MessageDigest::sha384(),
        6 => MessageDigest::sha512(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::dsa::Dsa;
    use openssl::ec::{EcGroup, EcKey};
    use openssl::pkey::{PKey, Private};
    use openssl::rsa::Rsa;
    use openssl::sign::Signer;
    use openssl::x509::X509;

    use super::*;

    const SIGNED: &[u8] = b"both randoms and the parameters";

    fn certificate(key: &PKey<Private>) -> Vec<u8> {
        let mut builder = X509::builder().unwrap();
        builder.set_pubkey(key).unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        // Who signed the certificate is not looked at.
        let issuer = PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap();
        builder.sign(&issuer, MessageDigest::sha256()).unwrap();
        builder.build().to_der().unwrap()
    }

    fn keys() -> Vec<PKey<Private>> {
        let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        vec![
            PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap(),
            PKey::from_ec_key(EcKey::generate(&curve).unwrap()).unwrap(),
            PKey::from_dsa(Dsa::generate(1024).unwrap()).unwrap(),
            PKey::generate_ed25519().unwrap(),
        ]
    }

    fn sign(key: &PKey<Private>, scheme: Option<SignatureScheme>) -> ParamsSignature {
        let method = scheme.map_or_else(|| Method::before_tls12(key.id()), Method::of_scheme).unwrap();
        let mut signer = match method.digest {
            Some(digest) => Signer::new(digest, key).unwrap(),
            None => Signer::new_without_digest(key).unwrap(),
        };
        if let Some(padding) = method.padding {
            signer.set_rsa_padding(padding).unwrap();
            if padding == Padding::PKCS1_PSS {
                signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
            }
        }
        ParamsSignature { scheme, bytes: signer.sign_oneshot_to_vec(SIGNED).unwrap() }
    }

    #[test]
    fn each_scheme_fits_the_key_that_signed_and_no_other() {
        let keys = keys();
        let cases = [
            (0, None),
            (0, Some(SignatureScheme::RSA_PKCS1_MD5)),
            (0, Some(SignatureScheme::RSA_PKCS1_SHA1)),
            (0, Some(SignatureScheme::RSA_PKCS1_SHA512)),
            (0, Some(SignatureScheme::RSA_PSS_RSAE_SHA256)),
            (1, None),
            (1, Some(SignatureScheme::ECDSA_SECP256R1_SHA256)),
            (2, None),
            (2, Some(SignatureScheme::DSA_SHA256)),
            (3, Some(SignatureScheme::ED25519)),
        ];
        let certificates: Vec<_> = keys.iter().map(certificate).collect();
        for (key, scheme) in cases {
            let signature = sign(&keys[key], scheme);
            assert_eq!(fits(&certificates[key], &signature, SIGNED), Some(true), "{scheme:?}");
            assert_eq!(fits(&certificates[key], &signature, b"others"), Some(false), "{scheme:?}");
            if scheme.is_some() {
                assert_eq!(fits(&certificates[(key + 1) % 4], &signature, SIGNED), Some(false), "{scheme:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_judged() {
        let key = keys().remove(0);
        let signature = sign(&key, None);
        assert_eq!(fits(b"no certificate", &signature, SIGNED), None);
        let unknown = ParamsSignature { scheme: Some(SignatureScheme(0x4001)), ..signature };
        assert_eq!(fits(&certificate(&key), &unknown, SIGNED), None);
    }
}
