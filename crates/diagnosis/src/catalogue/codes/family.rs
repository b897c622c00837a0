/// A numbering: the same number means different things in different ones.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Kebab-case, stable: `client-disconnect`, `tls-alert`, ….
    pub id: &'static str,
    /// What its numbers are called, for people.
    pub title: &'static str,
    /// Where one meets them.
    pub met: &'static str,
    /// Whether people write its numbers in decimal.
    pub decimal: bool,
    /// Whether its numbers mean something to people; rows of the others are found by their wording only.
    pub numbered: bool,
}

/// The family of event ids, which are no [`Code`](super::Code)s.
pub const EVENT: &str = "event";

/// Every family, those first in which a bare number is most often meant.
pub static FAMILIES: &[Family] = &[
    hex(
        "client-disconnect",
        "client disconnect code (mstsc, RDP ActiveX)",
        "\"Error code\" in mstsc, event 1026 on the client",
    ),
    hex("client-extended", "client extended disconnect code", "\"Extended error code\" in mstsc"),
    hex(
        "gateway-client",
        "RD Gateway code of the client",
        "\"Error code\" of mstsc and of the Apple clients behind a gateway",
    ),
    hex("gateway-proxy", "RD Gateway status (E_PROXY)", "event logs of the gateway and traces of clients"),
    hex("hresult", "Windows status (HRESULT, SSPI)", "dialogs, Schannel events, RdpCoreTS 139 and 226"),
    hex("ntstatus", "Windows status (NTSTATUS)", "events 4625 and 4776, TermDD 56"),
    hex("freerdp", "FreeRDP connection error", "logs of xfreerdp, Remmina and other programs that use FreeRDP"),
    hex(
        "freerdp-errinfo",
        "FreeRDP's form of the errorInfo codes",
        "logs of xfreerdp, Splashtop and other programs that use FreeRDP",
    ),
    hex("error-info", "errorInfo code (Set Error Info PDU)", "captures, logs of other clients"),
    hex(
        "windows-app",
        "code of Windows App and the clients for Apple and Android",
        "\"Error code\" on a Mac, iPhone, iPad or Android device",
    ),
    decimal("tls-alert", "TLS alert", "Schannel events 36887 and 36888, captures, logs of OpenSSL"),
    decimal("schannel-state", "Schannel's internal error state", "Schannel events 36870, 36871 and 36888"),
    decimal("event40-reason", "reason code of LocalSessionManager event 40", "event 40 on the server"),
    hex("negotiation-failure", "RDP negotiation failure (RDP_NEG_FAILURE)", "captures, logs of other clients"),
    hex("logon-notice", "logon notification", "logon dialogs, OnLogonError of the ActiveX control"),
    hex("logon-failure", "reason of a failed logon (logon info PDU)", "captures, OnLogonError of the ActiveX control"),
    hex("broker-status", "connection broker status (server redirection)", "captures, while a broker searches"),
    hex("licensing-error", "licensing error (LICENSE_ERROR_MESSAGE)", "captures of licensing"),
    hex("rdstls-result", "result of RDSTLS", "captures behind a broker"),
    hex("early-authorization", "Early User Authorization Result", "captures, after CredSSP"),
    hex("mcs-disconnect", "reason of an MCS Disconnect Provider Ultimatum", "captures"),
    hex("mcs-result", "result of an MCS Connect Response", "captures"),
    hex("x224-disconnect", "reason of an X.224 Disconnect Request", "captures"),
    hex("licensing-transition", "licensing state transition", "captures of licensing"),
    hex("licensing-message", "type of a licensing message", "captures of licensing"),
    hex("negotiation-protocol", "requested or selected security protocol", "captures of negotiation"),
    hex("negotiation-request-flag", "flag of an RDP negotiation request", "captures of negotiation"),
    hex("negotiation-response-flag", "flag of an RDP negotiation response", "captures of negotiation"),
    hex("control-fatal", "fatal error of the RDP ActiveX control", "programs that embed the control"),
    wording("message", "wording of a message", "dialogs and event texts"),
    wording("other-client", "message of another client", "logs of IronRDP, Remmina, rdesktop"),
];

/// The family with this id.
pub fn family(id: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.id == id)
}

const fn hex(id: &'static str, title: &'static str, met: &'static str) -> Family {
    Family { id, title, met, decimal: false, numbered: true }
}

const fn decimal(id: &'static str, title: &'static str, met: &'static str) -> Family {
    Family { id, title, met, decimal: true, numbered: true }
}

const fn wording(id: &'static str, title: &'static str, met: &'static str) -> Family {
    Family { id, title, met, decimal: true, numbered: false }
}
