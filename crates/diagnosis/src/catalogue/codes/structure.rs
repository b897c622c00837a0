/// Facilities of HRESULT (MS-ERREF 2.1.1) that errors of Remote Desktop come from.
const HRESULT_FACILITIES: &[(u32, &str)] = &[
    (0, "FACILITY_NULL: general"),
    (1, "FACILITY_RPC: remote procedure calls"),
    (2, "FACILITY_DISPATCH: automation"),
    (3, "FACILITY_STORAGE: structured storage"),
    (4, "FACILITY_ITF: the interface that was called"),
    (7, "FACILITY_WIN32: a Win32 error"),
    (8, "FACILITY_WINDOWS: COM"),
    (9, "FACILITY_SECURITY: SSPI, certificates and keys"),
    (11, "FACILITY_CERT: certificates"),
    (16, "FACILITY_SCARD: smart cards"),
];

/// Facilities of NTSTATUS (MS-ERREF 2.3).
const NTSTATUS_FACILITIES: &[(u32, &str)] = &[
    (0, "general"),
    (1, "the kernel debugger"),
    (2, "RPC"),
    (3, "RPC stubs"),
    (7, "a Win32 error"),
    (10, "Terminal Services"),
];

/// The layer that a client disconnect code names in its low byte.
const LAYERS: &[(u32, &str)] = &[
    (4, "the network"),
    (6, "standard RDP security"),
    (7, "TLS and CredSSP"),
    (8, "the client's session and its windows"),
    (9, "NLA and the client's policy"),
    (10, "smart cards"),
];

/// How a number decodes by its form alone, one sentence for each form that it may have.
pub fn structure(value: u32) -> Vec<String> {
    let high = value >> 16;
    let mut said = Vec::new();
    match value >> 28 {
        0x8 => said.push(hresult(value)),
        0xC => said.push(ntstatus(value)),
        0xD => said.push(format!("an NTSTATUS wrapped as HRESULT: read it as 0x{:08X}", value & !0x1000_0000)),
        _ => {}
    }
    if high == 0 {
        said.extend(disconnect(value));
    }
    match high {
        1 => said.push(format!("FreeRDP's class 1: errorInfo code 0x{:X}", value & 0xFFFF)),
        2 => said.push(format!("FreeRDP's class 2: its connection error number {}", value & 0xFFFF)),
        0x300 => said.push(format!("a code of the client behind an RD Gateway, number {}", value & 0xFFFF)),
        _ => {}
    }
    said
}

fn hresult(value: u32) -> String {
    let facility = value >> 16 & 0x7FF;
    let low = value & 0xFFFF;
    let name = named(HRESULT_FACILITIES, facility).unwrap_or("a facility that we do not know");
    let inner =
        if facility == 7 { format!(" {low} (\"net helpmsg {low}\" on Windows gives its text)") } else { String::new() };
    format!("an HRESULT: failure, facility {facility} ({name}), code 0x{low:04X}{inner}")
}

fn ntstatus(value: u32) -> String {
    let facility = value >> 16 & 0xFFF;
    let name = named(NTSTATUS_FACILITIES, facility).unwrap_or("a facility that we do not know");
    format!("an NTSTATUS: severity error, facility {facility} ({name}), code 0x{:04X}", value & 0xFFFF)
}

/// Documented codes put the layer into the low byte and the place in the code into the high one.
fn disconnect(value: u32) -> Option<String> {
    let layer = named(LAYERS, value & 0xFF)?;
    let place = value >> 8;
    (place != 0).then(|| {
        format!("a client disconnect code would come from {layer} (low byte {:X}), place {place:X} in it", value & 0xFF)
    })
}

fn named(table: &[(u32, &'static str)], number: u32) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_numbers_fall_into_their_parts() {
        assert_eq!(
            structure(0x8009_9999),
            ["an HRESULT: failure, facility 9 (FACILITY_SECURITY: SSPI, certificates and keys), code 0x9999"]
        );
        assert!(structure(0x8007_274C).concat().contains("code 0x274C 10060 (\"net helpmsg 10060\""));
        assert_eq!(
            structure(0xC00A_0032),
            ["an NTSTATUS: severity error, facility 10 (Terminal Services), code 0x0032"]
        );
        assert_eq!(structure(0xD000_0184), ["an NTSTATUS wrapped as HRESULT: read it as 0xC0000184"]);
    }

    #[test]
    fn client_codes_name_their_layer() {
        assert_eq!(
            structure(0x2A07),
            ["a client disconnect code would come from TLS and CredSSP (low byte 7), place 2A in it"]
        );
        assert_eq!(structure(0x0300_0099), ["a code of the client behind an RD Gateway, number 153"]);
        assert_eq!(structure(0x0001_0007), ["FreeRDP's class 1: errorInfo code 0x7"]);
        assert_eq!(structure(0x0002_0099), ["FreeRDP's class 2: its connection error number 153"]);
    }

    #[test]
    fn what_has_no_form_says_nothing() {
        assert!(structure(0x1234_5678).is_empty());
        assert!(structure(7).is_empty());
    }
}
