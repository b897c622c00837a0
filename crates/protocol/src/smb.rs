//! The first message of SMB (MS-SMB2 2.2.3): enough to be answered by whoever speaks it.

const SMB2_HEADER: u16 = 64;
const NEGOTIATE_SIZE: u16 = 36;
const SIGNING_ENABLED: u16 = 1;
/// SMB 2.0.2 to 3.0.2: what comes after needs negotiate contexts.
const DIALECTS: [u16; 4] = [0x0202, 0x0210, 0x0300, 0x0302];

/// An SMB2 NEGOTIATE request in its direct TCP frame (MS-SMB2 2.1). It names nobody and leads to no logon.
pub fn negotiate_request() -> Vec<u8> {
    let count = u16::try_from(DIALECTS.len()).unwrap_or_default();
    let mut message = b"\xfeSMB".to_vec();
    message.extend(SMB2_HEADER.to_le_bytes());
    // CreditCharge, Status, Command NEGOTIATE, CreditRequest 1, and nothing else in the header.
    message.extend([0; 8]);
    message.extend(1_u16.to_le_bytes());
    message.resize(usize::from(SMB2_HEADER), 0);
    for field in [NEGOTIATE_SIZE, count, SIGNING_ENABLED, 0] {
        message.extend(field.to_le_bytes());
    }
    // Capabilities, ClientGuid, ClientStartTime.
    message.extend([0; 4 + 16 + 8]);
    message.extend(DIALECTS.iter().flat_map(|dialect| dialect.to_le_bytes()));
    let length = u32::try_from(message.len()).unwrap_or_default().to_be_bytes();
    [length.as_slice(), &message].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_has_the_layout_of_the_specification() {
        let request = negotiate_request();
        assert_eq!(request.len(), 4 + 64 + 36 + 8);
        assert_eq!(&request[..8], b"\0\0\0\x6c\xfeSMB");
        assert_eq!((&request[16..18], &request[18..20]), (&[0, 0][..], &[1, 0][..]), "NEGOTIATE, one credit");
        assert_eq!(&request[68..76], [36, 0, 4, 0, 1, 0, 0, 0]);
        assert_eq!(&request[104..], [2, 2, 0x10, 2, 0, 3, 2, 3]);
    }
}
