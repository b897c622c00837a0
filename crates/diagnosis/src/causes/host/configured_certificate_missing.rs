use super::in_use::{InUse, PERSONAL, Pin, entries, pin, template};
use super::keys::{Key, key_of};
use super::signs::{by_host, key_works, setting_of, unless};
use crate::causes::logged::{MANAGER, logged, moment};
use crate::causes::policy::{Side, with_author};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::{Evidence, Snapshot};
use crate::server::served;
use crate::view::host_fact;
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// `SSLCertificateSHA1Hash` or a template names a certificate that is gone, expired, without a key or for another purpose.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "configured-certificate-missing",
    stage: Stage::Host,
    severity: Severity::Degrades,
    title: "The certificate that somebody chose for Remote Desktop cannot be used",
    prior: -6,
    explains: &["certificate-untrusted"],
    page: include_str!("configured-certificate-missing.md"),
    detect: |evidence| by_host(evidence, unless_chosen_is_served(evidence), look),
    remedies: |_| remedies(&[&READ_CHOICE, &CHOOSE, &FORGET_CHOICE]),
};

/// Windows makes only self-signed certificates by itself: any other one was chosen, and is served.
fn unless_chosen_is_served(evidence: &Evidence) -> Detection {
    let chosen = served(evidence).is_some_and(|served| !served.leaf.self_issued);
    unless(evidence, |address| key_works(address) && chosen)
}

fn look(host: &Snapshot) -> Detection {
    let chosen = match pin(host) {
        Pin::Unknown => return Detection::Unknown(Vec::new()),
        Pin::Absent => Vec::new(),
        Pin::Malformed(text) => {
            let short: String = text.chars().take(60).collect();
            vec![(format!("SSLCertificateSHA1Hash is no thumbprint of 20 bytes: {short}"), pin_fact(host))]
        }
        Pin::Thumbprint(_) if host.store(PERSONAL).is_none() => return Detection::Unknown(Vec::new()),
        Pin::Thumbprint(thumbprint) => faults(host, &thumbprint),
    };
    let template = template_failed(host);
    let by_template = template.is_some();
    let faults: Vec<(String, String)> = chosen.into_iter().chain(template).collect();
    if faults.is_empty() {
        return Detection::RuledOut;
    }
    let all = faults.into_iter().enumerate();
    let proof = all.fold(Proof::default(), |proof, (place, (text, fact))| {
        proof.and(text, [fact], if place == 0 { 30 } else { 0 })
    });
    let proof = if by_template { with_author(proof, host, Side::Server, "cert-template") } else { proof };
    Detection::Confirmed(noticed(host, proof))
}

fn pin_fact(host: &Snapshot) -> String {
    setting_of(host, "cert-pin").1
}

/// What keeps the listener from the certificate of this thumbprint, each with where it shows.
fn faults(host: &Snapshot, thumbprint: &str) -> Vec<(String, String)> {
    if let Some(chosen) = entries(host, PERSONAL).find(|entry| entry.stored.thumbprint == thumbprint) {
        let named = format!("the chosen certificate {thumbprint} of LocalMachine\\My");
        let all = of_certificate(host, &chosen).into_iter();
        return all.map(|text| (format!("{named} {text}"), chosen.fact.clone())).collect();
    }
    let text = format!("SSLCertificateSHA1Hash names {thumbprint}, and LocalMachine\\My holds no such certificate");
    vec![(text, pin_fact(host))]
}

/// What keeps the listener from a certificate.
pub(super) fn of_certificate(host: &Snapshot, chosen: &InUse<'_>) -> Vec<String> {
    let (leaf, now) = (&chosen.leaf, host.taken);
    let key = match key_of(host, chosen) {
        _ if chosen.stored.key.is_none() => Some("has no private key".to_owned()),
        Key::Missing { file, .. } => Some(format!("has lost its private key: the file {file} is not in MachineKeys")),
        Key::Empty(found) => Some(format!("has lost its private key: the file {} is empty", found.file.name)),
        // What may not be read is told by its own cause.
        Key::Unknown | Key::NotNeeded | Key::Readable | Key::Unreadable(_) => None,
    };
    let ended = (now > leaf.not_after).then(|| format!("was valid until {}", moment(leaf.not_after)));
    let early = (now < leaf.not_before).then(|| format!("is valid only from {}", moment(leaf.not_before)));
    let purpose = (!leaf.may_serve()).then(|| "is not meant for server authentication".to_owned());
    [key, ended, early, purpose].into_iter().flatten().collect()
}

/// A template that brought no certificate: the last word of the log on it.
fn template_failed(host: &Snapshot) -> Option<(String, String)> {
    let name = template(host)?;
    let last = logged(host, MANAGER, &[1062, 1063, 1064, 1065]).into_iter().next_back()?;
    let what = match last.event.id {
        1062 => "its subject is not the machine's name",
        1064 => "it could not be installed",
        1065 => "it has ended and could not be replaced",
        _ => return None,
    };
    let text = format!("policy has the certificate made from the template {name}, and event {}", last.event.id);
    Some((format!("{text} at {} says: {what}", last.when()), last.fact))
}

/// What the service itself said of its choice.
fn noticed(host: &Snapshot, proof: Proof) -> Proof {
    let last = logged(host, MANAGER, &[1051, 1053, 1054, 1055, 1059]).into_iter().next_back();
    let proof = last.into_iter().fold(proof, |proof, event| {
        let text = format!("event {} at {} says so too", event.event.id, event.when());
        proof.and(text, [event.fact], 0)
    });
    let renewed = entries(host, PERSONAL).find(|entry| is_fit(host, entry));
    renewed.into_iter().fold(proof, |proof, entry| {
        let (name, thumbprint) = (entry.leaf.common_name.unwrap_or_default(), &entry.stored.thumbprint);
        let text = format!("LocalMachine\\My holds one that could be chosen: {thumbprint} for {name}");
        proof.and(text, [host_fact(&["certificates", PERSONAL])], 0)
    })
}

fn is_fit(host: &Snapshot, entry: &InUse<'_>) -> bool {
    of_certificate(host, entry).is_empty() && is_named_for(host, entry)
}

/// Whether one of its names begins with the computer's.
pub(super) fn is_named_for(host: &Snapshot, entry: &InUse<'_>) -> bool {
    let computer = host.computer.observed().and_then(Option::as_deref).unwrap_or_default();
    let is_named = |name: &&str| name.split('.').next().is_some_and(|first| first.eq_ignore_ascii_case(computer));
    !computer.is_empty() && entry.leaf.names().iter().any(is_named)
}

const READ_CHOICE: Step = Step {
    title: "See which certificate was chosen, locally or by policy, and whether it is in the store with its key, in date and for server authentication",
    commands: &[
        r"Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' SSLCertificateSHA1Hash -ErrorAction SilentlyContinue | ForEach-Object { -join ($_.SSLCertificateSHA1Hash | ForEach-Object { '{0:X2}' -f $_ }) }",
        r"Get-ItemProperty 'HKLM:\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services' CertTemplateName -ErrorAction SilentlyContinue",
        r"Get-ChildItem Cert:\LocalMachine\My | Format-List Subject, NotAfter, HasPrivateKey, EnhancedKeyUsageList, Thumbprint",
        "Get-WinEvent -FilterHashtable @{LogName='System'; ProviderName='Microsoft-Windows-TerminalServices-RemoteConnectionManager'; Id=1051,1053,1054,1055,1059,1062,1064,1065} -MaxEvents 20 | Format-List TimeCreated, Id, Message",
    ],
    cmd: &[
        r#"reg query "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v SSLCertificateSHA1Hash"#,
        r#"reg query "HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services" /v CertTemplateName"#,
        "certutil -store My",
        "wevtutil qe System /q:\"*[System[Provider[@Name='Microsoft-Windows-TerminalServices-RemoteConnectionManager'] and (EventID >= 1051 and EventID <= 1065)]]\" /c:20 /rd:true /f:text",
    ],
    ..READ
};

const CHOOSE: Step = Step {
    title: "Choose a valid certificate of LocalMachine\\My whose key NETWORK SERVICE may read; in a deployment with a broker do it in the deployment's properties",
    safety: Safety::Manual,
    interrupts: "running sessions go on; new connections meet the new certificate",
    commands: &[
        r#"$setting = Get-CimInstance -Namespace root/cimv2/TerminalServices -ClassName Win32_TSGeneralSetting -Filter "TerminalName='RDP-Tcp'""#,
        "$setting.SSLCertificateSHA1Hash",
        "Set-CimInstance -InputObject $setting -Property @{SSLCertificateSHA1Hash='THUMBPRINT'}",
    ],
    cmd: &[
        // Newer Windows has no wmic, older no Get-CimInstance.
        r#"powershell -NoProfile -Command "Get-WmiObject -Namespace root\cimv2\TerminalServices -Class Win32_TSGeneralSetting -Filter 'TerminalName=''RDP-Tcp''' | Format-List SSLCertificateSHA1Hash, SSLCertificateSHA1HashType""#,
        r#"powershell -NoProfile -Command "Set-WmiInstance -Path (Get-WmiObject -Namespace root\cimv2\TerminalServices -Class Win32_TSGeneralSetting -Filter 'TerminalName=''RDP-Tcp''').__PATH -Arguments @{SSLCertificateSHA1Hash='THUMBPRINT'}""#,
    ],
    undo: "set the thumbprint that was shown before",
    ..READ
};

const FORGET_CHOICE: Step = Step {
    title: "Only where the chosen certificate is gone or broken, and none can take its place: forget the choice, so that Windows' self-signed one is used",
    safety: Safety::Disruptive,
    interrupts: "every Remote Desktop session is cut off; clients that trusted the authority warn from now on",
    commands: &[
        r"reg export 'HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' C:\rdp-tcp-before.reg",
        r"Remove-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp' SSLCertificateSHA1Hash",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r#"reg export "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" C:\rdp-tcp-before.reg"#,
        r#"reg delete "HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations\RDP-Tcp" /v SSLCertificateSHA1Hash /f"#,
        "net stop TermService /y & net start TermService & net start UmRdpService",
    ],
    undo: r"reg import C:\rdp-tcp-before.reg, and restart the service",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CertificateMaker, Machine};
    use crate::{Certainty, Verdict, judge};

    fn issued() -> CertificateMaker {
        CertificateMaker::issued("ts01.corp", "Corp CA")
    }

    fn chooses(maker: &CertificateMaker) -> Machine {
        Machine::healthy().certificate("My", maker, "tp-1").pins(maker)
    }

    fn texts(machine: Machine) -> Vec<String> {
        let diagnosis = judge(&machine.evidence());
        let root = diagnosis.root().unwrap();
        assert_eq!((root.cause.id, root.certainty), ("configured-certificate-missing", Certainty::Confirmed));
        assert_eq!(diagnosis.verdict, Verdict::Warning);
        root.proof.items.iter().map(|item| item.text.clone()).collect()
    }

    #[test]
    fn fires_where_it_is_gone_malformed_or_for_something_else() {
        assert!(texts(Machine::healthy().pins(&issued()))[0].contains("holds no such"));
        assert!(texts(Machine::healthy().text("cert-pin", "\u{200e}aabb"))[0].contains("20 bytes"));
        let client = issued().purposes(&[&[1, 3, 6, 1, 5, 5, 7, 3, 2]]);
        assert!(texts(chooses(&client))[0].contains("server authentication"));
    }

    #[test]
    fn one_that_could_be_chosen_instead_is_named() {
        let machine = Machine::healthy().pins(&issued().valid(-800, -100)).certificate("My", &issued(), "tp-2");
        let event = machine.event("System", MANAGER, 1051, 30, &[]);
        let texts = texts(event);
        assert!(texts[1].contains("1051") && texts[2].contains("ts01.corp"), "{texts:?}");
    }

    #[test]
    fn fires_on_a_template_that_brings_nothing() {
        let machine = || Machine::healthy().text("cert-template", "RemoteDesktop");
        let failed = machine().event("System", MANAGER, 1064, 30, &[]);
        assert!(texts(failed.clone())[0].contains("RemoteDesktop"));
        let mended = failed.event("System", MANAGER, 1063, 10, &[]);
        assert_eq!(look(&mended.snapshot()), Detection::RuledOut);
    }

    #[test]
    fn near_misses_no_choice_and_one_that_holds() {
        assert_eq!(look(&Machine::healthy().snapshot()), Detection::RuledOut);
        assert_eq!(look(&chooses(&issued()).snapshot()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_the_store_was_not_read() {
        let unread = chooses(&issued()).with(|host| drop(host.certificates.remove("My")));
        assert_eq!(look(&unread.snapshot()), Detection::Unknown(Vec::new()));
        assert_eq!(look(&Machine::unread().snapshot()), Detection::Unknown(Vec::new()));
    }
}
