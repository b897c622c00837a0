//! Steps that several causes of this stage share.

use crate::Place;
use crate::causes::step::{READ, Step};

/// The server's own word on the failure.
pub(super) const READ_FAILURES: Step = Step {
    title: "On the server, or by its console: read event 4625, whose Status and SubStatus name the reason; with NLA its logon type is 3",
    commands: &[
        "Get-WinEvent -FilterHashtable @{LogName='Security'; Id=4625} -MaxEvents 10 | Format-List TimeCreated, Message",
    ],
    cmd: &[r#"wevtutil qe Security /q:"*[System[(EventID=4625)]]" /c:10 /rd:true /f:text"#],
    ..READ
};

/// Everything that can keep one account out.
pub(super) const READ_ACCOUNT: Step = Step {
    title: "On a domain controller, for an account of the domain: see whether it is locked, disabled or expired, when its password expires, and when and from where it may log on",
    place: Place::DomainController,
    commands: &[
        "Get-ADUser USER -Properties LockedOut, Enabled, AccountExpirationDate, PasswordExpired, PasswordLastSet, LogonWorkstations, LogonHours, SmartcardLogonRequired, MemberOf | Format-List",
    ],
    cmd: &["net user USER /domain"],
    ..READ
};

/// The same for an account of the server itself.
pub(super) const READ_LOCAL_ACCOUNT: Step = Step {
    title: "On the server, for an account of its own: the same",
    commands: &["Get-LocalUser USER | Format-List", "net user USER"],
    cmd: &["net user USER"],
    ..READ
};

/// Whether the server and its domain still talk.
pub(super) const READ_CHANNEL: Step = Step {
    title: "On the server, with a local account: see whether it finds a domain controller, and whether its secure channel holds",
    commands: &[
        "nltest /dsgetdc:DOMAIN /force",
        "nltest /sc_verify:DOMAIN",
        "Resolve-DnsName -Type SRV _ldap._tcp.dc._msdcs.DOMAIN",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='NETLOGON'} -MaxEvents 10 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        "nltest /dsgetdc:DOMAIN /force",
        "nltest /sc_verify:DOMAIN",
        "nslookup -type=SRV _ldap._tcp.dc._msdcs.DOMAIN",
        r#"wevtutil qe System /q:"*[System[Provider[@Name='NETLOGON']]]" /c:10 /rd:true /f:text"#,
    ],
    ..READ
};

/// Whether the client gets a ticket.
pub(super) const READ_TICKET: Step = Step {
    title: "On the client: ask for the ticket by hand; the error says whether no domain controller was found, the name is unknown or no encryption is shared",
    place: Place::Client,
    commands: &["nltest /dsgetdc:DOMAIN /kdc", "klist get TERMSRV/SERVER.DOMAIN"],
    ..READ
};
