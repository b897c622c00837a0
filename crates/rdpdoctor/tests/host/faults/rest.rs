//! Certificates and their keys, who may log on, updates.

use super::{are_named, are_not_named, blocks, degrades, findings};
use crate::base::{BARE, EXPIRED, FIT, KEYLESS, OVER};

const LISTENER: &str = r"SYSTEM\ControlSet002\Control\Terminal Server\WinStations\RDP-Tcp";
const STATIONS: &str = r"SYSTEM\ControlSet002\Control\Terminal Server\WinStations";
const SERVER: &str = r"SYSTEM\ControlSet002\Control\Terminal Server";
const WINLOGON: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon";
const CURRENT: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
const EVERYONE: &str = r"SECURITY\Policy\Accounts\S-1-1-0\ActSysAc";

/// A value of 20 bytes that names the certificate of this number.
fn thumbprint(value: &str, number: u8) -> &'static str {
    format!("\"{value}\"=hex:{}{number:02x}", "00,".repeat(19)).leak()
}

#[test]
fn the_chosen_certificate() {
    const CAUSE: &str = "configured-certificate-missing";
    const PIN: &str = "SSLCertificateSHA1Hash";
    // Windows serves one that is over all the same.
    for (number, root) in [(99, CAUSE), (BARE, CAUSE), (OVER, "certificate-expired")] {
        let Some((found, _)) = findings(&[(LISTENER, thumbprint(PIN, number))]) else { return };
        let has = |cause: &str| found.contains(&(cause.to_owned(), "degrades".to_owned()));
        assert!(found[0].0 == root && has(root) && has(CAUSE), "{number}: {found:?}");
    }
    are_named(&[degrades(CAUSE, &[(LISTENER, r#""SSLCertificateSHA1Hash"=hex:01,02,03"#)])]);
    are_not_named(&[
        (CAUSE, &[(LISTENER, thumbprint(PIN, FIT))]),
        (CAUSE, &[(LISTENER, r#""SSLCertificateSHA1Hash"=hex:"#)]),
    ]);
}

#[test]
fn the_certificate_that_windows_makes() {
    const NOTED: &str = "SelfSignedCertificate";
    for (number, cause) in [(EXPIRED, "certificate-not-renewed"), (KEYLESS, "machine-keys-missing")] {
        let Some((found, code)) = findings(&[(STATIONS, thumbprint(NOTED, number))]) else { return };
        assert_eq!(found.first().map(|(cause, severity)| (cause.as_str(), severity.as_str())), Some((cause, "blocks")));
        assert_eq!(code, 1);
    }
    are_named(&[
        // Keys are named after the machine that they were made on.
        blocks(
            "cloned-machine-keys",
            &[(r"SOFTWARE\Microsoft\Cryptography", r#""MachineGuid"="11111111-2222-4333-8444-555555555555""#)],
        ),
    ]);
    are_not_named(&[("certificate-not-renewed", &[(STATIONS, thumbprint(NOTED, 1))])]);
}

#[test]
fn the_store_of_the_certificate_that_windows_makes() {
    const CAUSE: &str = "certificate-not-renewed";
    const STORE: &str = r"SOFTWARE\Microsoft\SystemCertificates\Remote Desktop";
    const BELOW: &str = r"SOFTWARE\Microsoft\SystemCertificates\Remote Desktop\Certificates";
    const DENIED: &str = "permissions O:BAG:SYD:AI(D;CI;KW;;;SY)(A;CIID;KA;;;BA)(A;CIID;KA;;;SY)";
    const INHERITED: &str = "permissions O:BAG:SYD:AI(D;CIID;KA;;;SY)(A;CIID;KA;;;BA)(A;CIID;KA;;;SY)";
    are_named(&[
        degrades(CAUSE, &[(STORE, DENIED)]),
        degrades(CAUSE, &[(BELOW, DENIED)]),
        degrades(CAUSE, &[(STORE, DENIED), (BELOW, INHERITED)]),
        degrades(CAUSE, &[(BELOW, "permissions O:BAG:SYD:P(A;CI;KA;;;S-1-5-21-1-2-3-500)")]),
        // Left to a person.
        degrades(CAUSE, &[(STORE, INHERITED)]),
        degrades(CAUSE, &[(BELOW, "permissions O:BAG:SYD:P(D;CI;KW;;;WD)(A;CI;KA;;;SY)")]),
    ]);
    are_not_named(&[
        (CAUSE, &[(STORE, "permissions O:BAG:SYD:AI(D;CI;KA;;;BG)(A;CIID;KA;;;BA)(A;CIID;KA;;;SY)")]),
        // Administrators, and SYSTEM is one.
        (CAUSE, &[(STORE, "permissions O:SYG:SYD:PAI(A;CI;KA;;;BA)")]),
        (CAUSE, &[(r"SOFTWARE\Microsoft\SystemCertificates\My", DENIED)]),
    ]);
}

#[test]
fn who_may_log_on() {
    are_named(&[
        blocks("drain-mode", &[(SERVER, r#""TSServerDrainMode"=dword:00000001"#)]),
        blocks("drain-mode", &[(SERVER, r#""TSServerDrainMode"=dword:00000002"#)]),
        blocks("drain-mode", &[(WINLOGON, r#""WinStationsDisabled"="1""#)]),
        blocks("server-denied", &[(LISTENER, r#""fLogonDisabled"=dword:00000001"#)]),
        // SeDenyRemoteInteractiveLogonRight, SeDenyNetworkLogonRight.
        blocks("logon-right-missing", &[(EVERYONE, "@=hex(0):02,08,00,00")]),
        blocks("logon-right-missing", &[(EVERYONE, "@=hex(0):80,00,00,00")]),
        blocks(
            "logon-right-missing",
            &[
                (r"SECURITY\Policy\Accounts\S-1-5-32-544\ActSysAc", "@=hex(0):02,00,00,00"),
                (r"-SECURITY\Policy\Accounts\S-1-5-32-555", ""),
            ],
        ),
        degrades("logon-right-missing", &[(r"SECURITY\Policy\Accounts\S-1-5-32-555\ActSysAc", "@=hex(0):00,08,00,00")]),
    ]);
    are_not_named(&[
        ("drain-mode", &[(SERVER, r#""TSServerDrainMode"=dword:00000000"#)]),
        ("drain-mode", &[(WINLOGON, r#""WinStationsDisabled"="0""#)]),
        // No session host.
        (
            "drain-mode",
            &[(SERVER, r#""TSServerDrainMode"=dword:00000001"#), (CURRENT, r#""InstallationType"="Client""#)],
        ),
        ("server-denied", &[(LISTENER, r#""fLogonDisabled"=dword:00000000"#)]),
        // Guests.
        ("logon-right-missing", &[(r"SECURITY\Policy\Accounts\S-1-5-32-546\ActSysAc", "@=hex(0):80,08,00,00")]),
    ]);
}

#[test]
fn updates() {
    const UPDATED: &str = "\"CurrentBuildNumber\"=\"26100\"\n\"UBR\"=dword:00000c7a";
    const MENDED: &str = "\"CurrentBuildNumber\"=\"26100\"\n\"UBR\"=dword:00000ebf";
    are_named(&[degrades("update-regression", &[(CURRENT, UPDATED)])]);
    are_not_named(&[("update-regression", &[(CURRENT, MENDED)])]);
}
