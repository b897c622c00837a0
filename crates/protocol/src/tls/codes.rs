//! Groups and signature schemes by code point and name.

open_code! {
    /// A group for the key exchange (IANA TLS Supported Groups registry).
    NamedGroup(u16), 6 {
        SECP224R1 = 0x0015 "secp224r1",
        SECP256K1 = 0x0016 "secp256k1",
        SECP256R1 = 0x0017 "secp256r1",
        SECP384R1 = 0x0018 "secp384r1",
        SECP521R1 = 0x0019 "secp521r1",
        BRAINPOOLP256R1 = 0x001a "brainpoolP256r1",
        BRAINPOOLP384R1 = 0x001b "brainpoolP384r1",
        BRAINPOOLP512R1 = 0x001c "brainpoolP512r1",
        X25519 = 0x001d "x25519",
        X448 = 0x001e "x448",
        FFDHE2048 = 0x0100 "ffdhe2048",
        FFDHE3072 = 0x0101 "ffdhe3072",
        FFDHE4096 = 0x0102 "ffdhe4096",
        FFDHE6144 = 0x0103 "ffdhe6144",
        FFDHE8192 = 0x0104 "ffdhe8192",
        SECP256R1_MLKEM768 = 0x11eb "SecP256r1MLKEM768",
        X25519_MLKEM768 = 0x11ec "X25519MLKEM768",
        SECP384R1_MLKEM1024 = 0x11ed "SecP384r1MLKEM1024",
    }
}

impl NamedGroup {
    /// Whether the group is a finite field (RFC 7919) and no curve.
    pub fn is_finite_field(self) -> bool {
        (0x0100..=0x01ff).contains(&self.0)
    }
}

open_code! {
    /// A signature scheme (IANA TLS `SignatureScheme` registry), below TLS 1.3 a hash and a signature algorithm.
    SignatureScheme(u16), 6 {
        RSA_PKCS1_MD5 = 0x0101 "rsa_md5",
        RSA_PKCS1_SHA1 = 0x0201 "rsa_pkcs1_sha1",
        DSA_SHA1 = 0x0202 "dsa_sha1",
        ECDSA_SHA1 = 0x0203 "ecdsa_sha1",
        RSA_SHA224 = 0x0301 "rsa_sha224",
        DSA_SHA224 = 0x0302 "dsa_sha224",
        ECDSA_SHA224 = 0x0303 "ecdsa_sha224",
        RSA_PKCS1_SHA256 = 0x0401 "rsa_pkcs1_sha256",
        DSA_SHA256 = 0x0402 "dsa_sha256",
        ECDSA_SECP256R1_SHA256 = 0x0403 "ecdsa_secp256r1_sha256",
        RSA_PKCS1_SHA384 = 0x0501 "rsa_pkcs1_sha384",
        DSA_SHA384 = 0x0502 "dsa_sha384",
        ECDSA_SECP384R1_SHA384 = 0x0503 "ecdsa_secp384r1_sha384",
        RSA_PKCS1_SHA512 = 0x0601 "rsa_pkcs1_sha512",
        DSA_SHA512 = 0x0602 "dsa_sha512",
        ECDSA_SECP521R1_SHA512 = 0x0603 "ecdsa_secp521r1_sha512",
        RSA_PSS_RSAE_SHA256 = 0x0804 "rsa_pss_rsae_sha256",
        RSA_PSS_RSAE_SHA384 = 0x0805 "rsa_pss_rsae_sha384",
        RSA_PSS_RSAE_SHA512 = 0x0806 "rsa_pss_rsae_sha512",
        ED25519 = 0x0807 "ed25519",
        ED448 = 0x0808 "ed448",
        RSA_PSS_PSS_SHA256 = 0x0809 "rsa_pss_pss_sha256",
        RSA_PSS_PSS_SHA384 = 0x080a "rsa_pss_pss_sha384",
        RSA_PSS_PSS_SHA512 = 0x080b "rsa_pss_pss_sha512",
    }
}
