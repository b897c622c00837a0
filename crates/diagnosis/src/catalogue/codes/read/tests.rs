use super::*;

/// `text@family=value` of each code.
fn said(text: &str) -> String {
    let codes = read(text).codes;
    let line = |code: &ToldCode| {
        let family = code.family.as_deref().unwrap_or("?");
        if family == EVENT { format!("{}@event", code.text) } else { format!("0x{:X}@{family}", code.value) }
    };
    codes.iter().map(line).collect::<Vec<_>>().join(" ")
}

const PAIR: &str = "0x904@client-disconnect 0x7@client-extended";

#[test]
fn a_pair_in_every_form() {
    for text in [
        "0x904 0x7",
        "0x904/0x7",
        "0x904-0x7",
        "0x904, 0x07",
        "2308/7",
        "2308 7",
        "Error code: 0x904 Extended error code: 0x7",
        "Error code: 0x904\r\nExtended error code: 0x7\r\nTimestamp (UTC): 11/21/26 10:22:33 AM\r\nPress Ctrl+C to copy.",
        "Fehlercode: 0x904\nErweiterter Fehlercode: 0x7\nZeitstempel (UTC): 21.11.2026 10:22:33",
        "Code d'erreur : 0x904\nCode d'erreur étendu : 0x7",
        "Código de error: 0x904\nCódigo de error extendido: 0x7",
        "Codice errore: 0x904 Codice errore esteso: 0x7",
        "Код ошибки: 0x904\nРасширенный код ошибки: 0x7",
        "エラー コード: 0x904\n拡張エラー コード: 0x7",
        "错误代码: 0x904\n扩展错误代码: 0x7",
        "Kode kesalahan: 0x904 Kode kesalahan diperluas: 0x7",
    ] {
        assert_eq!(said(text), PAIR, "{text}");
    }
    assert_eq!(said("0x3000064 0x0"), "0x3000064@gateway-client 0x0@client-extended");
    assert_eq!(said("0x2B07/0x0"), "0x2B07@client-disconnect 0x0@client-extended");
}

#[test]
fn one_number_says_no_family() {
    assert_eq!(said("0x904"), "0x904@?");
    assert_eq!(said("2308"), "0x904@?");
    assert_eq!(said("-2146893007"), "0x80090331@?");
    assert_eq!(said("80090331"), "0x80090331@?");
    assert_eq!(said("C000006D"), "0xC000006D@?");
    assert_eq!(said("36874"), "0x900A@?");
    assert_eq!(said("0x204 0x904"), "0x204@? 0x904@?");
}

#[test]
fn names_bring_their_family() {
    assert_eq!(said("ERRCONNECT_TLS_CONNECT_FAILED"), "0x20008@freerdp");
    assert_eq!(said("handshake_failure"), "0x28@tls-alert");
    assert_eq!(said("HandshakeFailure"), "0x28@tls-alert");
    assert_eq!(said("SEC_E_ALGORITHM_MISMATCH"), "0x80090331@hresult");
    assert_eq!(said("STATUS_LOGON_FAILURE"), "0xC000006D@ntstatus");
    assert_eq!(said("disconnectReasonSocketConnectFailed"), "0x204@client-disconnect");
    assert_eq!(said("ERRINFO_REMOTEAPPSNOTENABLED"), "0x10F3@error-info");
    assert_eq!(said("SSL_CERT_NOT_ON_SERVER"), "0x3@negotiation-failure");
    assert_eq!(said("[ERROR] freerdp_set_last_error_ex ERRCONNECT_TLS_CONNECT_FAILED [0x00020008]"), "0x20008@freerdp");
    assert_eq!(said("CredSSP encryption oracle remediation"), "0x1@message");
    assert_eq!(said("An internal error has occurred."), "0x2@message");
}

#[test]
fn events_with_and_without_provider() {
    assert_eq!(said("Schannel/36874"), "Schannel/36874@event");
    assert_eq!(said("Schannel 36874"), "Schannel/36874@event");
    assert_eq!(said("schannel event 36874"), "Schannel/36874@event");
    assert_eq!(said("event 1057"), "1057@event");
    assert_eq!(said("Event ID 1057"), "1057@event");
    assert_eq!(said("Ereignis-ID: 1057"), "1057@event");
    assert_eq!(said("Event ID: 56 Source: TermDD"), "TermDD/56@event");
    assert_eq!(said("RdpCoreTS 139"), "RdpCoreTS/139@event");
    assert_eq!(said("LSM 40"), "LocalSessionManager/40@event");
    assert_eq!(
        said("Microsoft-Windows-TerminalServices-RemoteConnectionManager 1057"),
        "RemoteConnectionManager/1057@event"
    );
    assert_eq!(said("Schannel/99999"), "Schannel/99999@event");
}

#[test]
fn lines_of_logs() {
    assert_eq!(
        said(
            "A fatal alert was generated and sent to the remote endpoint. The TLS protocol defined fatal alert code is 40. The Windows SChannel error state is 1205."
        ),
        "0x28@tls-alert 0x4B5@schannel-state"
    );
    assert_eq!(said("RDP ClientActiveX has been disconnected (Reason= 2308)"), "0x904@client-disconnect");
    assert_eq!(said("Session 3 has been disconnected, reason code 5"), "0x5@event40-reason");
    assert_eq!(
        said(
            "error:0A000410:SSL routines::sslv3 alert handshake failure:ssl/record/rec_layer_s3.c:1605:SSL alert number 40"
        ),
        "0x28@tls-alert"
    );
    assert_eq!(said("2026-11-21 10:22:33 10.0.0.5:3389 STATUS_LOGON_FAILURE (0xC000006D)"), "0xC000006D@ntstatus");
    assert_eq!(said("alert 40"), "0x28@tls-alert");
}

#[test]
fn prose_without_a_code_has_none() {
    for text in [
        "",
        "hello",
        "my 2 servers with 16 GB do not answer",
        "10.0.0.5",
        "ts01",
        "ts01.corp.example:3389",
        "Windows 11",
    ] {
        assert_eq!(said(text), "", "{text}");
    }
    assert_eq!(read("gibberish 0x123456789").unread, ["gibberish", "0x123456789"]);
    assert_eq!(said("die Verbindung bricht ab mit 2308 ab"), "0x904@?");
}

#[test]
fn hostile_text_is_bounded() {
    let long = "0x904 ".repeat(100_000) + &"0x1 0x2 0x3 ".repeat(100_000);
    assert!(read(&long).codes.len() <= MOST_CODES);
    assert!(read(&"é".repeat(100_000)).unread.len() <= MOST_UNREAD);
    let read = read("BAD_\u{1b}[31mNAME_\u{7}X");
    assert!(read.unread.iter().all(|text| !text.chars().any(char::is_control)), "{read:?}");
}

#[test]
fn an_alert_out_of_range_is_no_other_code() {
    assert_eq!(said("alert 40"), "0x28@tls-alert");
    assert_eq!(said("alert 300"), "0x12C@tls-alert");
    assert_eq!(said("alert 36888"), "0x9018@?");
}
