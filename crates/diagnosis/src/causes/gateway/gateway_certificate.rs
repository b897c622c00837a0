use super::{READ_LOG, unmeasured};
use crate::causes::step::{READ, Step, remedies};
use crate::{Cause, Place, Safety, Severity, Stage};

/// The client ends the connection over the certificate that the gateway shows.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "gateway-certificate",
    stage: Stage::Gateway,
    severity: Severity::Blocks,
    title: "The client does not accept the certificate of the RD Gateway",
    prior: -3,
    explains: &[],
    page: include_str!("gateway-certificate.md"),
    detect: unmeasured,
    remedies: |_| remedies(&[&LOOK, &BIND, &READ_LOG]),
};

const LOOK: Step = Step {
    title: "On the gateway: see which certificate it shows, for which names, until when, and whether its revocation list can be fetched; the name must be the one that clients were given",
    place: Place::Gateway,
    commands: &[
        "Import-Module RemoteDesktopServices; Get-Item RDS:\\GatewayServer\\SSLCertificate\\Thumbprint",
        r"Get-ChildItem Cert:\LocalMachine\My | Format-List Subject, DnsNameList, Issuer, NotBefore, NotAfter, HasPrivateKey, Thumbprint",
        "netsh http show sslcert",
        "certutil -urlfetch -verify gateway.cer",
    ],
    cmd: &["netsh http show sslcert", "certutil -store My", "certutil -urlfetch -verify gateway.cer"],
    ..READ
};

const BIND: Step = Step {
    title: "On the gateway: import a certificate for the outer name, from an authority that every client trusts, with its key and intermediates, and bind it",
    place: Place::Gateway,
    safety: Safety::Disruptive,
    interrupts: "restarting TSGateway cuts off every connection through this gateway; the sessions go on and can be taken up again",
    commands: &[
        "Import-Module RemoteDesktopServices; Set-Item RDS:\\GatewayServer\\SSLCertificate\\Thumbprint -Value THUMBPRINT",
        "Restart-Service TSGateway -Force",
    ],
    undo: "set the thumbprint that was read before in the same way",
    ..READ
};
