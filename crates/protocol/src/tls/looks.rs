//! The hellos of known clients as they were recorded: suites, groups, schemes and extensions in their order.

use super::{CipherSuite, ExtensionType, HelloSpec, NamedGroup, ProtocolVersion, SignatureScheme};

/// A client whose `ClientHello` can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Look {
    /// mstsc on Windows 7 without updates: TLS 1.0 only. Recorded in 2011.
    Windows7,
    /// mstsc on Windows 10 1607 or Server 2016. Recorded in 2024.
    Windows10V1607,
    /// mstsc on Windows 10 1709 to 21H2 or Server 2019. Recorded in 2025.
    Windows10V1709,
    /// mstsc on Windows 11 22H2 or later: inferred from a recording of another Schannel client, without what belongs to
    /// HTTPS there. The length of its session id was not recorded.
    Windows11,
    /// Microsoft Remote Desktop on macOS. Recorded in 2019.
    Mac2019,
    /// FreeRDP up to 3.26 with OpenSSL 1.1.1.
    Openssl111,
    /// FreeRDP with OpenSSL 3.0.
    Openssl30,
    /// IronRDP with rustls 0.23, which shuffles its extensions: this is one order of many.
    Rustls023,
}

impl Look {
    /// Every look.
    pub const ALL: [Self; 8] = [
        Self::Windows7,
        Self::Windows10V1607,
        Self::Windows10V1709,
        Self::Windows11,
        Self::Mac2019,
        Self::Openssl111,
        Self::Openssl30,
        Self::Rustls023,
    ];

    /// Its hello; with a name it is sent where such a client sends it.
    pub fn spec(self, server_name: Option<&str>) -> HelloSpec {
        self.template().spec(server_name)
    }

    fn template(self) -> &'static Template {
        match self {
            Self::Windows7 => &WINDOWS_7,
            Self::Windows10V1607 => &WINDOWS_10_1607,
            Self::Windows10V1709 => &WINDOWS_10_1709,
            Self::Windows11 => &WINDOWS_11,
            Self::Mac2019 => &MAC_2019,
            Self::Openssl111 => &OPENSSL_1_1_1,
            Self::Openssl30 => &OPENSSL_3_0,
            Self::Rustls023 => &RUSTLS_0_23,
        }
    }
}

struct Template {
    versions: &'static [u16],
    record_version: u16,
    suites: &'static [u16],
    groups: &'static [u16],
    key_shares: &'static [u16],
    schemes: &'static [u16],
    point_formats: &'static [u8],
    session_id_length: u8,
    extensions: &'static [u16],
    length: Option<u16>,
}

impl Template {
    fn spec(&self, server_name: Option<&str>) -> HelloSpec {
        HelloSpec {
            versions: self.versions.iter().copied().map(ProtocolVersion).collect(),
            record_version: ProtocolVersion(self.record_version),
            suites: self.suites.iter().copied().map(CipherSuite).collect(),
            groups: self.groups.iter().copied().map(NamedGroup).collect(),
            key_shares: self.key_shares.iter().copied().map(NamedGroup).collect(),
            schemes: self.schemes.iter().copied().map(SignatureScheme).collect(),
            point_formats: self.point_formats.to_vec(),
            server_name: server_name.map(str::to_owned),
            session_id_length: self.session_id_length,
            extensions: self.extensions.iter().copied().map(ExtensionType).collect(),
            length: self.length,
        }
    }
}

static WINDOWS_7: Template = Template {
    versions: &[0x0301],
    record_version: 0x0301,
    suites: &[0x002f, 0x0035, 0x0005, 0x000a, 0xc013, 0xc014, 0xc009, 0xc00a, 0x0032, 0x0038, 0x0013, 0x0004],
    groups: &[0x0017, 0x0018],
    key_shares: &[],
    schemes: &[],
    point_formats: &[0],
    session_id_length: 0,
    extensions: &[0, 5, 10, 11],
    length: None,
};

static WINDOWS_10_1607: Template = Template {
    versions: &[0x0303, 0x0302, 0x0301],
    record_version: 0x0303,
    suites: &[
        0xc02c, 0xc02b, 0xc030, 0xc02f, 0x009f, 0x009e, 0xc024, 0xc023, 0xc028, 0xc027, 0xc00a, 0xc009, 0xc014, 0xc013,
        0x0039, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x000a, 0x006a, 0x0040, 0x0038, 0x0032, 0x0013,
    ],
    groups: &[0x001d, 0x0017, 0x0018],
    key_shares: &[],
    schemes: &[0x0401, 0x0501, 0x0201, 0x0403, 0x0503, 0x0203, 0x0202, 0x0601, 0x0603],
    point_formats: &[0],
    session_id_length: 0,
    extensions: &[0, 10, 11, 13, 35, 23, 65281],
    length: None,
};

static WINDOWS_10_1709: Template = Template {
    versions: &[0x0303, 0x0302, 0x0301],
    record_version: 0x0303,
    suites: &[
        0xc02c, 0xc02b, 0xc030, 0xc02f, 0x009f, 0x009e, 0xc024, 0xc023, 0xc028, 0xc027, 0xc00a, 0xc009, 0xc014, 0xc013,
        0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x000a,
    ],
    groups: &[0x001d, 0x0017, 0x0018],
    key_shares: &[],
    schemes: &[0x0401, 0x0501, 0x0201, 0x0403, 0x0503, 0x0203, 0x0202, 0x0601, 0x0603],
    point_formats: &[0],
    session_id_length: 0,
    extensions: &[0, 10, 11, 13, 35, 23, 65281],
    length: None,
};

static WINDOWS_11: Template = Template {
    versions: &[0x0304, 0x0303],
    record_version: 0x0303,
    suites: &[
        0x1302, 0x1301, 0xc02c, 0xc02b, 0xc030, 0xc02f, 0xc024, 0xc023, 0xc028, 0xc027, 0xc00a, 0xc009, 0xc014, 0xc013,
        0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f,
    ],
    groups: &[0x001d, 0x0017, 0x0018],
    key_shares: &[0x001d, 0x0017, 0x0018],
    schemes: &[0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0201, 0x0403, 0x0503, 0x0203, 0x0202, 0x0601, 0x0603],
    point_formats: &[0],
    session_id_length: 32,
    extensions: &[0, 43, 13, 35, 10, 11, 51, 49, 23, 65281, 45],
    length: None,
};

static MAC_2019: Template = Template {
    versions: &[0x0303, 0x0302, 0x0301],
    record_version: 0x0301,
    suites: &[
        0x00ff, 0xc02c, 0xc02b, 0xc024, 0xc023, 0xc00a, 0xc009, 0xc008, 0xc030, 0xc02f, 0xc028, 0xc027, 0xc014, 0xc013,
        0xc012, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x000a,
    ],
    groups: &[0x0017, 0x0018, 0x0019],
    key_shares: &[],
    schemes: &[0x0401, 0x0201, 0x0501, 0x0601, 0x0403, 0x0203, 0x0503, 0x0603],
    point_formats: &[0],
    session_id_length: 0,
    extensions: &[0, 10, 11, 13, 5, 18, 23],
    length: None,
};

static OPENSSL_1_1_1: Template = Template {
    versions: &[0x0304, 0x0303, 0x0302, 0x0301],
    record_version: 0x0301,
    suites: &[
        0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x009e, 0xc024, 0xc028,
        0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c,
        0x0035, 0x002f, 0x00ff,
    ],
    groups: &[0x001d, 0x0017, 0x001e, 0x0019, 0x0018],
    key_shares: &[0x001d],
    schemes: &[
        0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
        0x0303, 0x0203, 0x0301, 0x0201, 0x0302, 0x0202, 0x0402, 0x0502, 0x0602,
    ],
    point_formats: &[0, 1, 2],
    session_id_length: 32,
    extensions: &[0, 11, 10, 35, 22, 23, 13, 43, 45, 51],
    length: None,
};

static OPENSSL_3_0: Template = Template {
    versions: &[0x0304, 0x0303, 0x0302, 0x0301],
    record_version: 0x0301,
    suites: &[
        0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x009e, 0xc024, 0xc028,
        0x006b, 0xc023, 0xc027, 0x0067, 0xc00a, 0xc014, 0x0039, 0xc009, 0xc013, 0x0033, 0x009d, 0x009c, 0x003d, 0x003c,
        0x0035, 0x002f, 0x00ff,
    ],
    groups: &[0x001d, 0x0017, 0x001e, 0x0019, 0x0018, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104],
    key_shares: &[0x001d],
    schemes: &[
        0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
        0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602,
    ],
    point_formats: &[0, 1, 2],
    session_id_length: 32,
    extensions: &[0, 11, 10, 35, 22, 23, 13, 43, 45, 51, 21],
    length: Some(512),
};

static RUSTLS_0_23: Template = Template {
    versions: &[0x0304, 0x0303],
    record_version: 0x0301,
    suites: &[0x1302, 0x1301, 0x1303, 0xc02c, 0xc02b, 0xcca9, 0xc030, 0xc02f, 0xcca8, 0x00ff],
    groups: &[0x001d, 0x0017, 0x0018],
    key_shares: &[0x001d],
    schemes: &[0x0503, 0x0403, 0x0807, 0x0806, 0x0805, 0x0804, 0x0601, 0x0501, 0x0401],
    point_formats: &[0],
    session_id_length: 32,
    extensions: &[43, 51, 10, 13, 45, 5, 0, 23, 11, 35],
    length: None,
};
