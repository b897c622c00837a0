//! Disjoint offers that together hold every suite of TLS that works with a certificate or with nobody's name: whoever
//! answers one of them but not another tells which suites he lacks. Suites that need a shared secret are left out.

use super::CipherSuite;

/// The suites of TLS 1.3.
pub const TLS13: &[CipherSuite] = &[
    CipherSuite(0x1302), // TLS_AES_256_GCM_SHA384
    CipherSuite(0x1301), // TLS_AES_128_GCM_SHA256
    CipherSuite(0x1303), // TLS_CHACHA20_POLY1305_SHA256
    CipherSuite(0x1304), // TLS_AES_128_CCM_SHA256
    CipherSuite(0x1305), // TLS_AES_128_CCM_8_SHA256
];

/// Up to TLS 1.2: ephemeral curves with an AEAD mode of AES or with ChaCha20.
pub const MODERN: &[CipherSuite] = &[
    CipherSuite(0xc02c), // TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
    CipherSuite(0xc030), // TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
    CipherSuite(0xc02b), // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    CipherSuite(0xc02f), // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    CipherSuite(0xcca8), // TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    CipherSuite(0xcca9), // TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
    CipherSuite(0xc0ad), // TLS_ECDHE_ECDSA_WITH_AES_256_CCM
    CipherSuite(0xc0af), // TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8
    CipherSuite(0xc0ac), // TLS_ECDHE_ECDSA_WITH_AES_128_CCM
    CipherSuite(0xc0ae), // TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
];

/// Up to TLS 1.2: the other suites with AES, and DHE with ChaCha20.
pub const OLD: &[CipherSuite] = &[
    CipherSuite(0xc024), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384
    CipherSuite(0xc028), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384
    CipherSuite(0xc00a), // TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
    CipherSuite(0xc014), // TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
    CipherSuite(0xc023), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
    CipherSuite(0xc027), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256
    CipherSuite(0xc009), // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    CipherSuite(0xc013), // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    CipherSuite(0x009f), // TLS_DHE_RSA_WITH_AES_256_GCM_SHA384
    CipherSuite(0x009e), // TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
    CipherSuite(0xccaa), // TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
    CipherSuite(0xc09f), // TLS_DHE_RSA_WITH_AES_256_CCM
    CipherSuite(0xc0a3), // TLS_DHE_RSA_WITH_AES_256_CCM_8
    CipherSuite(0xc09e), // TLS_DHE_RSA_WITH_AES_128_CCM
    CipherSuite(0xc0a2), // TLS_DHE_RSA_WITH_AES_128_CCM_8
    CipherSuite(0x0039), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA
    CipherSuite(0x0067), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA256
    CipherSuite(0x006b), // TLS_DHE_RSA_WITH_AES_256_CBC_SHA256
    CipherSuite(0x0033), // TLS_DHE_RSA_WITH_AES_128_CBC_SHA
    CipherSuite(0x00a3), // TLS_DHE_DSS_WITH_AES_256_GCM_SHA384
    CipherSuite(0x00a2), // TLS_DHE_DSS_WITH_AES_128_GCM_SHA256
    CipherSuite(0x0038), // TLS_DHE_DSS_WITH_AES_256_CBC_SHA
    CipherSuite(0x0040), // TLS_DHE_DSS_WITH_AES_128_CBC_SHA256
    CipherSuite(0x006a), // TLS_DHE_DSS_WITH_AES_256_CBC_SHA256
    CipherSuite(0x0032), // TLS_DHE_DSS_WITH_AES_128_CBC_SHA
    CipherSuite(0x009d), // TLS_RSA_WITH_AES_256_GCM_SHA384
    CipherSuite(0x009c), // TLS_RSA_WITH_AES_128_GCM_SHA256
    CipherSuite(0xc09d), // TLS_RSA_WITH_AES_256_CCM
    CipherSuite(0xc0a1), // TLS_RSA_WITH_AES_256_CCM_8
    CipherSuite(0xc09c), // TLS_RSA_WITH_AES_128_CCM
    CipherSuite(0xc0a0), // TLS_RSA_WITH_AES_128_CCM_8
    CipherSuite(0x0035), // TLS_RSA_WITH_AES_256_CBC_SHA
    CipherSuite(0x003c), // TLS_RSA_WITH_AES_128_CBC_SHA256
    CipherSuite(0x003d), // TLS_RSA_WITH_AES_256_CBC_SHA256
    CipherSuite(0x002f), // TLS_RSA_WITH_AES_128_CBC_SHA
];

/// Up to TLS 1.2: what current clients no longer offer: 3DES, RC4, DES, export, no encryption, Camellia, SEED, IDEA,
/// ARIA, and servers without a name.
pub const LEGACY: &[CipherSuite] = &[
    CipherSuite(0xc05d), // TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384
    CipherSuite(0xc061), // TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384
    CipherSuite(0xc05c), // TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256
    CipherSuite(0xc060), // TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256
    CipherSuite(0xc073), // TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384
    CipherSuite(0xc077), // TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384
    CipherSuite(0xc072), // TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256
    CipherSuite(0xc076), // TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256
    CipherSuite(0xc006), // TLS_ECDHE_ECDSA_WITH_NULL_SHA
    CipherSuite(0xc007), // TLS_ECDHE_ECDSA_WITH_RC4_128_SHA
    CipherSuite(0xc008), // TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA
    CipherSuite(0xc010), // TLS_ECDHE_RSA_WITH_NULL_SHA
    CipherSuite(0xc011), // TLS_ECDHE_RSA_WITH_RC4_128_SHA
    CipherSuite(0xc012), // TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA
    CipherSuite(0xc053), // TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384
    CipherSuite(0xc052), // TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256
    CipherSuite(0x0088), // TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA
    CipherSuite(0x00be), // TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256
    CipherSuite(0x00c4), // TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256
    CipherSuite(0x0014), // TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA
    CipherSuite(0x0015), // TLS_DHE_RSA_WITH_DES_CBC_SHA
    CipherSuite(0x0016), // TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA
    CipherSuite(0x0045), // TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA
    CipherSuite(0x009a), // TLS_DHE_RSA_WITH_SEED_CBC_SHA
    CipherSuite(0xc057), // TLS_DHE_DSS_WITH_ARIA_256_GCM_SHA384
    CipherSuite(0xc056), // TLS_DHE_DSS_WITH_ARIA_128_GCM_SHA256
    CipherSuite(0x0087), // TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA
    CipherSuite(0x00bd), // TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA256
    CipherSuite(0x00c3), // TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA256
    CipherSuite(0x0011), // TLS_DHE_DSS_EXPORT_WITH_DES40_CBC_SHA
    CipherSuite(0x0012), // TLS_DHE_DSS_WITH_DES_CBC_SHA
    CipherSuite(0x0013), // TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA
    CipherSuite(0x0044), // TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA
    CipherSuite(0x0063), // TLS_DHE_DSS_EXPORT1024_WITH_DES_CBC_SHA
    CipherSuite(0x0065), // TLS_DHE_DSS_EXPORT1024_WITH_RC4_56_SHA
    CipherSuite(0x0066), // TLS_DHE_DSS_WITH_RC4_128_SHA
    CipherSuite(0x0099), // TLS_DHE_DSS_WITH_SEED_CBC_SHA
    CipherSuite(0xc051), // TLS_RSA_WITH_ARIA_256_GCM_SHA384
    CipherSuite(0xc050), // TLS_RSA_WITH_ARIA_128_GCM_SHA256
    CipherSuite(0x003b), // TLS_RSA_WITH_NULL_SHA256
    CipherSuite(0x0084), // TLS_RSA_WITH_CAMELLIA_256_CBC_SHA
    CipherSuite(0x00ba), // TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256
    CipherSuite(0x00c0), // TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256
    CipherSuite(0x0001), // TLS_RSA_WITH_NULL_MD5
    CipherSuite(0x0002), // TLS_RSA_WITH_NULL_SHA
    CipherSuite(0x0003), // TLS_RSA_EXPORT_WITH_RC4_40_MD5
    CipherSuite(0x0004), // TLS_RSA_WITH_RC4_128_MD5
    CipherSuite(0x0005), // TLS_RSA_WITH_RC4_128_SHA
    CipherSuite(0x0006), // TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5
    CipherSuite(0x0007), // TLS_RSA_WITH_IDEA_CBC_SHA
    CipherSuite(0x0008), // TLS_RSA_EXPORT_WITH_DES40_CBC_SHA
    CipherSuite(0x0009), // TLS_RSA_WITH_DES_CBC_SHA
    CipherSuite(0x000a), // TLS_RSA_WITH_3DES_EDE_CBC_SHA
    CipherSuite(0x0041), // TLS_RSA_WITH_CAMELLIA_128_CBC_SHA
    CipherSuite(0x0062), // TLS_RSA_EXPORT1024_WITH_DES_CBC_SHA
    CipherSuite(0x0064), // TLS_RSA_EXPORT1024_WITH_RC4_56_SHA
    CipherSuite(0x0096), // TLS_RSA_WITH_SEED_CBC_SHA
    CipherSuite(0x00a7), // TLS_DH_anon_WITH_AES_256_GCM_SHA384
    CipherSuite(0x00a6), // TLS_DH_anon_WITH_AES_128_GCM_SHA256
    CipherSuite(0x003a), // TLS_DH_anon_WITH_AES_256_CBC_SHA
    CipherSuite(0x006c), // TLS_DH_anon_WITH_AES_128_CBC_SHA256
    CipherSuite(0x006d), // TLS_DH_anon_WITH_AES_256_CBC_SHA256
    CipherSuite(0x0089), // TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA
    CipherSuite(0x00bf), // TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA256
    CipherSuite(0x00c5), // TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256
    CipherSuite(0xc019), // TLS_ECDH_anon_WITH_AES_256_CBC_SHA
    CipherSuite(0x0017), // TLS_DH_anon_EXPORT_WITH_RC4_40_MD5
    CipherSuite(0x0018), // TLS_DH_anon_WITH_RC4_128_MD5
    CipherSuite(0x0019), // TLS_DH_anon_EXPORT_WITH_DES40_CBC_SHA
    CipherSuite(0x001a), // TLS_DH_anon_WITH_DES_CBC_SHA
    CipherSuite(0x001b), // TLS_DH_anon_WITH_3DES_EDE_CBC_SHA
    CipherSuite(0x0034), // TLS_DH_anon_WITH_AES_128_CBC_SHA
    CipherSuite(0x0046), // TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA
    CipherSuite(0x009b), // TLS_DH_anon_WITH_SEED_CBC_SHA
    CipherSuite(0xc015), // TLS_ECDH_anon_WITH_NULL_SHA
    CipherSuite(0xc016), // TLS_ECDH_anon_WITH_RC4_128_SHA
    CipherSuite(0xc017), // TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA
    CipherSuite(0xc018), // TLS_ECDH_anon_WITH_AES_128_CBC_SHA
];
