//! Connection files as programs leave them and as they end up.

use std::path::{Path, PathBuf};

use rdpdoctor_protocol::rdp_file::{Encoding, LineFault, MAX_BYTES, MAX_LINE, MAX_LINES, RdpFile, RdpValue};

const PLAIN: &str = "full address:s:ts01.corp.example:3390\r\nauthentication level:i:2\r\nwinposstr:s:0,1,641,89\r\n";

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn with_bom(bom: &[u8], text: &[u8]) -> Vec<u8> {
    [bom, text].concat()
}

fn faults(text: &str) -> Vec<(usize, LineFault)> {
    RdpFile::parse(text.as_bytes()).damage.iter().map(|damaged| (damaged.line, damaged.fault)).collect()
}

#[test]
fn every_encoding_gives_the_same_settings() {
    let little = || utf16(PLAIN, u16::to_le_bytes);
    let big = || utf16(PLAIN, u16::to_be_bytes);
    let rows = [
        (PLAIN.as_bytes().to_vec(), Encoding::Utf8 { bom: false }),
        (with_bom(b"\xef\xbb\xbf", PLAIN.as_bytes()), Encoding::Utf8 { bom: true }),
        (with_bom(b"\xff\xfe", &little()), Encoding::Utf16Le { bom: true }),
        (little(), Encoding::Utf16Le { bom: false }),
        (with_bom(b"\xfe\xff", &big()), Encoding::Utf16Be { bom: true }),
        (big(), Encoding::Utf16Be { bom: false }),
        (PLAIN.replace("\r\n", "\n").into(), Encoding::Utf8 { bom: false }),
    ];
    for (bytes, encoding) in rows {
        let file = RdpFile::parse(&bytes);
        assert_eq!(file.encoding, encoding);
        assert_eq!(file.text("full address"), Some("ts01.corp.example:3390"), "{encoding}");
        assert_eq!(file.number("Authentication Level"), Some(2));
        assert_eq!((file.settings.len(), file.damage.len(), file.cut), (3, 0, false));
        assert_eq!(file.to_text(), PLAIN);
    }
}

#[test]
fn a_code_page_of_8_bits_is_told_from_utf8() {
    let file = RdpFile::parse(b"username:s:CORP\\M\xfcller\r\n");
    assert_eq!((file.encoding, file.text("username")), (Encoding::EightBit, Some("CORP\\Müller")));
    let file = RdpFile::parse("username:s:CORP\\Müller".as_bytes());
    assert_eq!((file.encoding, file.text("username")), (Encoding::Utf8 { bom: false }, Some("CORP\\Müller")));
}

#[test]
fn each_type_is_read() {
    let file = RdpFile::parse(b"a:i: -1 \nb:s: x:y \nc:b:01fF\nd:i:4294967295\ne:s:\n");
    let values: Vec<&RdpValue> = file.settings.iter().map(|setting| &setting.value).collect();
    let text = |text: &str| RdpValue::Text(text.to_owned());
    let binary = RdpValue::Binary("01fF".to_owned());
    assert_eq!(values, [&RdpValue::Integer(-1), &text(" x:y "), &binary, &RdpValue::Integer(4_294_967_295), &text("")]);
    assert_eq!((file.text("b"), file.text("e"), file.text("a")), (Some("x:y"), None, None));
}

#[test]
fn a_damaged_line_is_kept_as_its_number_and_its_fault_and_costs_no_other() {
    let text =
        "\nfull address\nport:3389\n:i:1\nx:q:1\nx:i:one\nx:i:4294967296\nx:i:\nx:b:0\nx:b:zz\nx:s:a\u{7}b\nok:i:1\n";
    let expected = [
        (2, LineFault::NoSetting),
        (3, LineFault::NoSetting),
        (4, LineFault::NoName),
        (5, LineFault::UnknownType),
        (6, LineFault::NoNumber),
        (7, LineFault::NoNumber),
        (8, LineFault::NoNumber),
        (9, LineFault::NoHexadecimal),
        (10, LineFault::NoHexadecimal),
        (11, LineFault::Garbled),
    ];
    assert_eq!(faults(text), expected);
    assert_eq!(RdpFile::parse(text.as_bytes()).number("ok"), Some(1));
}

#[test]
fn half_characters_are_damage() {
    let mut bytes = with_bom(b"\xff\xfe", &utf16("a:s:x", u16::to_le_bytes));
    bytes.push(0x41);
    assert_eq!(RdpFile::parse(&bytes).damage[0].fault, LineFault::Garbled);
    let lone = with_bom(b"\xff\xfe", &[utf16("a:s:", u16::to_le_bytes), vec![0x00, 0xd8]].concat());
    assert_eq!(RdpFile::parse(&lone).damage[0].fault, LineFault::Garbled);
}

#[test]
fn secrets_do_not_leave_the_reader() {
    let text = "password 51:b:01000000D08C9DDF\r\nPassword:s:hunter2\r\ngatewayaccesstoken:s:eyJ0\r\n\
                prompt for credentials:i:1\r\npassword 51:b:hunter2\r\n";
    let file = RdpFile::parse(text.as_bytes());
    let secrets: Vec<usize> = file
        .settings
        .iter()
        .filter_map(|setting| match setting.value {
            RdpValue::Secret { length } => Some(length),
            _ => None,
        })
        .collect();
    assert_eq!(secrets, [16, 7, 4]);
    assert_eq!(file.to_text(), "prompt for credentials:i:1\r\n");
    let shown = format!("{file:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("D08C") && !shown.contains("eyJ0"), "{shown}");
    assert_eq!(file.damage[0].fault, LineFault::NoHexadecimal);
}

#[test]
fn of_repeated_settings_the_last_counts() {
    let file = RdpFile::parse(b"Server Port:i:3389\naudiomode:i:0\nserver port:i:3390\n");
    assert_eq!(file.number("server port"), Some(3390));
    let overridden: Vec<(usize, usize)> = file.overridden().map(|(setting, last)| (setting.line, last)).collect();
    assert_eq!(overridden, [(1, 3)]);
}

#[test]
fn a_signature_is_noticed_with_what_it_covers() {
    let text = "full address:s:ts01\nsignscope:s:Full Address, Server Port\nsignature:s:AQABAAEAAAB";
    let file = RdpFile::parse(text.as_bytes());
    assert!(file.is_signed());
    assert_eq!(file.signed_settings().collect::<Vec<_>>(), ["Full Address", "Server Port"]);
    let unsigned = RdpFile::parse(b"signature:s:\nsignscope:s:Full Address");
    assert!(!unsigned.is_signed() && unsigned.signed_settings().next().is_none());
}

#[test]
fn size_lines_and_their_length_are_bounded() {
    let many = RdpFile::parse("a:i:1\n".repeat(MAX_LINES + 1).as_bytes());
    assert!(many.cut && many.settings.len() == MAX_LINES);
    let exact = RdpFile::parse("a:i:1\n".repeat(MAX_LINES).as_bytes());
    assert!(!exact.cut && exact.settings.len() == MAX_LINES);
    let long = format!("a:s:{}", "x".repeat(MAX_LINE));
    assert_eq!(faults(&long), [(1, LineFault::TooLong)]);
    let huge = RdpFile::parse(&vec![b'x'; MAX_BYTES + 1]);
    assert!(huge.cut && huge.damage.len() == 1);
}

#[test]
fn real_files_are_read_without_damage() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/rdp");
    if !folder.is_dir() {
        eprintln!("skipped: no sample files at {}", folder.display());
        return;
    }
    let read = |name: &str| RdpFile::parse(&std::fs::read(PathBuf::from(&folder).join(name)).unwrap());
    let azure = read("freerdp-avd-1.rdp");
    assert_eq!(azure.text("gatewayhostname"), Some("afdfp-rdgateway-r1.wvd.microsoft.com:443"));
    assert_eq!(azure.number("targetisaadjoined"), Some(1));
    let mstsc = read("xonathe-Default.rdp");
    assert_eq!((mstsc.encoding, mstsc.text("full address")), (Encoding::Utf16Le { bom: true }, None));
    assert_eq!(read("pathduck-Default.rdp").number("negotiate security layer"), Some(1));
    for file in [azure, mstsc, read("pathduck-Default.rdp")] {
        assert_eq!((file.damage.len(), file.overridden().count(), file.cut), (0, 0, false));
        assert!(file.settings.len() > 30 && !file.is_signed());
    }
}
