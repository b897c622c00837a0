//! Look-alikes against what was recorded, and hellos of real captures written again byte for byte. The recordings are
//! not part of the repository: without them these tests say so and pass.
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop where an expectation fails")]
#![expect(clippy::indexing_slicing, reason = "a test may stop where a recording is malformed")]
#![expect(clippy::print_stderr, reason = "a test that is skipped must say so")]

use std::path::PathBuf;

use rdpdoctor_protocol::tls::{ClientHello, ExtensionType, Look, NamedGroup, ProtocolVersion};

const RANDOM: [u8; 32] = [7; 32];
const LOOKS: [(Look, &str); 8] = [
    (Look::Windows7, "win7_rdc_2011"),
    (Look::Windows10V1607, "win_mstsc_2024"),
    (Look::Windows10V1709, "win_mstsc_2025"),
    (Look::Windows11, "schannel_tls13_2026"),
    (Look::Mac2019, "mac_mrd_2019"),
    (Look::Openssl111, "openssl_1_1_1n_seclevel1"),
    (Look::Openssl30, "openssl_3_0_seclevel1_or_2"),
    (Look::Rustls023, "rustls_0_23_ring"),
];

fn recordings(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    if !path.exists() {
        eprintln!("skipped: there are no recordings in {name}");
    }
    path.exists().then_some(path)
}

/// The values of one recorded hello, by their keys.
struct Recorded<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Recorded<'a> {
    fn find(text: &'a str, id: &str) -> Self {
        let block = text.split("[[hello]]").find(|block| block.contains(&format!("id = \"{id}\""))).unwrap();
        Self(block.lines().filter_map(|line| line.split_once(" = ")).collect())
    }

    fn codes(&self, key: &str) -> Option<Vec<u16>> {
        self.list(key, 16)
    }

    fn list(&self, key: &str, radix: u32) -> Option<Vec<u16>> {
        let (_, value) = self.0.iter().find(|(found, _)| *found == key)?;
        let items = value.trim_matches(['[', ']']).split(',').filter(|item| !item.is_empty());
        Some(items.map(|item| u16::from_str_radix(item.trim_matches('"'), radix).unwrap()).collect())
    }
}

fn u16s(bytes: &[u8]) -> Vec<u16> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    assert!(odd.is_empty());
    pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
}

fn u16_list(hello: &ClientHello, kind: ExtensionType, prefix: usize) -> Option<Vec<u16>> {
    hello.extension(kind).map(|data| u16s(&data[prefix..]))
}

fn shared_groups(hello: &ClientHello) -> Option<Vec<u16>> {
    let mut rest = &hello.extension(ExtensionType::KEY_SHARE)?[2..];
    let mut groups = Vec::new();
    while let [high, low, length_high, length_low, shares @ ..] = rest {
        groups.push(u16::from_be_bytes([*high, *low]));
        rest = &shares[usize::from(u16::from_be_bytes([*length_high, *length_low]))..];
    }
    Some(groups)
}

#[test]
fn looks_are_what_was_recorded() {
    let Some(path) = recordings("knowledge/tls_observed_clienthellos.toml") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    for (look, id) in LOOKS {
        let recorded = Recorded::find(&text, id);
        let hello = look.spec(None).build(RANDOM).unwrap();
        let suites: Vec<u16> = hello.suites.iter().map(|suite| suite.0).collect();
        assert_eq!(Some(suites), recorded.codes("suites"), "{id}");
        assert_eq!(u16_list(&hello, ExtensionType::SUPPORTED_GROUPS, 2), recorded.codes("groups"), "{id}");
        let schemes = u16_list(&hello, ExtensionType::SIGNATURE_ALGORITHMS, 2).unwrap_or_default();
        assert_eq!(Some(schemes), recorded.codes("sigalgs"), "{id}");
        assert_eq!(u16_list(&hello, ExtensionType::SUPPORTED_VERSIONS, 1), recorded.codes("versions"), "{id}");
        assert_eq!(shared_groups(&hello), recorded.codes("key_shares"), "{id}");
        let legacy = if look == Look::Windows7 { ProtocolVersion::TLS10 } else { ProtocolVersion::TLS12 };
        assert_eq!(hello.legacy_version, legacy, "{id}");
        check_extensions(look, &recorded);
    }
}

fn check_extensions(look: Look, recorded: &Recorded<'_>) {
    let Some(mut expected) = recorded.list("ext", 10) else { return };
    let named = expected.contains(&0);
    let hello = look.spec(named.then_some("server.test")).build(RANDOM).unwrap();
    if look == Look::Windows11 {
        expected.retain(|kind| ![5, 16].contains(kind));
    }
    let extensions: Vec<u16> = hello.extensions.iter().map(|extension| extension.extension_type.0).collect();
    assert_eq!(extensions, expected, "{look:?}");
}

#[test]
fn openssl_30_pads_to_512_bytes() {
    let hello = Look::Openssl30.spec(Some("server.test")).build(RANDOM).unwrap();
    assert_eq!(hello.encode().unwrap().len(), 512);
    let legacy = Look::Openssl111.spec(None);
    assert!(legacy.groups.contains(&NamedGroup::X448) && legacy.server_name.is_none());
}

/// Every record in the file that holds one `ClientHello` which no segment boundary cuts.
fn hellos(file: &[u8]) -> Vec<&[u8]> {
    let starts = (0..file.len()).filter(|at| matches!(file[*at..], [0x16, 3, 0..=4, _, _, 1, 0, _, _, 3, 0..=3, ..]));
    starts
        .filter_map(|at| {
            let length = usize::from(u16::from_be_bytes([file[at + 3], file[at + 4]]));
            file.get(at..at + 5 + length)
        })
        .collect()
}

#[test]
fn hellos_of_captures_are_written_as_they_were_read() {
    let Some(folder) = recordings("samples/pcap") else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = std::fs::read(&path).unwrap();
        for record in hellos(&file) {
            let hello = ClientHello::decode(&record[5..]).unwrap();
            let version = ProtocolVersion(u16::from_be_bytes([record[1], record[2]]));
            assert_eq!(hello.to_records(version).unwrap(), record, "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 18, "only {count} hellos found");
}

#[test]
fn mstsc_is_rebuilt_byte_for_byte() {
    let Some(folder) = recordings("samples/pcap") else { return };
    let rows = [
        ("zeek-rdp-nla-2008r2.pcap", Look::Windows7, Some("192.168.1.150")),
        ("sbousseaden-rdp-w10-nla.pcapng", Look::Windows10V1709, None),
        ("ndpi-rdp-mac-client-w10.pcap", Look::Mac2019, Some("192.168.2.142")),
    ];
    for (name, look, server_name) in rows {
        let file = std::fs::read(folder.join(name)).unwrap();
        let rebuilt = |record: &&[u8]| {
            let random = record[11..43].try_into().unwrap();
            look.spec(server_name).to_records(random).unwrap() == **record
        };
        assert!(hellos(&file).iter().any(rebuilt), "{name}");
    }
}
