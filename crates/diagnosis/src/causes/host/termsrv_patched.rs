use super::ahead::{TERM_SERVICE, by_host_ahead, service_fact, state_of};
use super::signs::{open_from_outside, unless_client_is_served};
use crate::causes::logged::{CRASHES, Logged, lately, moment, short};
use crate::causes::step::{READ, Step, remedies};
use crate::evidence::snapshot::{Reading, ServiceState, SystemFile};
use crate::evidence::{Evidence, Snapshot};
use crate::view::host_fact;
use crate::{Cause, Detection, Proof, Safety, Severity, Stage};

/// The service runs a patched or wrapped termsrv.dll.
pub(in crate::causes) const CAUSE: Cause = Cause {
    id: "termsrv-patched",
    stage: Stage::Host,
    severity: Severity::Blocks,
    title: "The service does not run Windows' own termsrv.dll",
    prior: -6,
    explains: &["connection-closed-early", "handshake-reset", "port-closed", "service-stopped"],
    page: include_str!("termsrv-patched.md"),
    detect: |evidence| by_host_ahead(evidence, open_from_outside(evidence), |host| look(host, evidence)),
    remedies: |_| remedies(&[&READ_DLL, &RESTORE]),
};

/// Windows' own library, under the system's folder.
const OWN: &str = r"\system32\termsrv.dll";

fn look(host: &Snapshot, evidence: &Evidence) -> Detection {
    let Some(service) = host.service(TERM_SERVICE).flatten() else { return Detection::Unknown(Vec::new()) };
    let Some(library) = service.library.as_deref() else { return Detection::Unknown(Vec::new()) };
    if !is_own_termsrv(library) {
        return Detection::Confirmed(replaced(host, evidence, library));
    }
    match own_file(host) {
        Some((path, None)) => {
            let text = "the service's library System32\\termsrv.dll is gone: the service cannot start";
            Detection::Confirmed(Proof::of(text, [host_fact(&["files", path])], 25))
        }
        Some((path, Some(file))) => foreign(host, path, file).map_or(Detection::RuledOut, Detection::Likely),
        None => Detection::RuledOut,
    }
}

/// Another library is proof of itself; that it breaks the service shows by crashes, or by a service that ended.
fn replaced(host: &Snapshot, evidence: &Evidence, library: &str) -> Proof {
    let text = format!("the service loads {} instead of %SystemRoot%\\System32\\termsrv.dll", short(library));
    let mut proof = Proof::of(text, [service_fact(TERM_SERVICE)], 25);
    let crashed = lately(host, CRASHES, &[1000], 24 * 7).into_iter().rfind(is_of_the_service);
    let ended = state_of(host, TERM_SERVICE) == Some(ServiceState::Stopped);
    let served = unless_client_is_served(evidence) == Detection::RuledOut;
    let breaks = (crashed.is_some() || ended) && !served;
    if let Some(last) = crashed {
        proof = proof.and(format!("the service crashed at {}", last.when()), [last.fact], 5);
    }
    if let Some(item) = updated_since(host, library) {
        proof = proof.and(item.0, [item.1], 3);
    }
    if breaks { proof } else { proof.severity(Severity::Degrades) }
}

fn is_of_the_service(logged: &Logged<'_>) -> bool {
    let ours = |value: &str| value.contains("_termservice") || value.contains("termsrv") || value.contains("rdpwrap");
    logged.event.data.iter().any(|(_, value)| ours(&value.to_ascii_lowercase()))
}

/// A wrapper knows the builds of its day: an update that came after it is what breaks it.
fn updated_since(host: &Snapshot, library: &str) -> Option<(String, String)> {
    let name = library.rsplit(['\\', '/']).next()?.to_ascii_lowercase();
    let written = files(host).find(|(path, _)| path.to_ascii_lowercase().ends_with(&name))?.1?.modified?;
    let (index, update) = host.updates.observed()?.iter().enumerate().find(|(_, one)| one.installed > Some(written))?;
    let when = moment(update.installed?);
    let text = format!("{} was installed at {when}, after that library was written", short(&update.id));
    Some((text, host_fact(&["updates", "observed", &index.to_string()])))
}

/// A library of another build than the system's: somebody put it there.
fn foreign(host: &Snapshot, path: &str, file: &SystemFile) -> Option<Proof> {
    let version = file.version.as_deref()?;
    let build: u32 = version.split('.').nth(2)?.parse().ok()?;
    let system = host.build.observed()?.number;
    (build != system && base_of(system) != build).then(|| {
        let text =
            format!("System32\\termsrv.dll is of build {build} ({}), and Windows of build {system}", short(version));
        let missing = "whether its signature is Microsoft's: sfc /verifyfile says";
        Proof::of(text, [host_fact(&["files", path]), host_fact(&["build"])], 18)
            .missing(missing)
            .severity(Severity::Degrades)
    })
}

/// The build whose files a release may have that is switched on by an enablement package, or is a service pack.
fn base_of(build: u32) -> u32 {
    match build {
        6003 => 6002,
        7601 => 7600,
        18363 => 18362,
        19042..=19045 => 19041,
        22631 => 22621,
        26200 | 26300 => 26100,
        other => other,
    }
}

fn own_file(host: &Snapshot) -> Option<(&str, Option<&SystemFile>)> {
    files(host).find(|(path, _)| path.to_ascii_lowercase().replace('/', "\\").ends_with(OWN))
}

fn files(host: &Snapshot) -> impl Iterator<Item = (&str, Option<&SystemFile>)> {
    let read = |reading: &'_ Reading<Option<SystemFile>>| reading.observed().is_some();
    let known = host.files.iter().filter(move |(_, reading)| read(reading));
    known.map(|(path, reading)| (path.as_str(), reading.observed().and_then(Option::as_ref)))
}

/// Whether a path is that of Windows' own library, however the system's folder is written.
pub fn is_own_termsrv(library: &str) -> bool {
    let plain = library.trim().trim_matches('"').to_ascii_lowercase().replace('/', "\\");
    let Some(folder) = plain.strip_suffix(OWN) else { return false };
    let absolute = folder.strip_suffix(r"\windows").is_some_and(|drive| drive.len() == 2 && drive.ends_with(':'));
    absolute || matches!(folder, "%systemroot%" | "%windir%" | r"\systemroot" | "%systemdrive%\\windows")
}

const READ_DLL: Step = Step {
    title: "See which file the service loads, whether it is Microsoft's own, and whether it crashes",
    commands: &[
        r"(Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\TermService\Parameters').ServiceDll",
        r"sfc /verifyfile=$env:SystemRoot\System32\termsrv.dll",
        r"Get-AuthenticodeSignature $env:SystemRoot\System32\termsrv.dll | Format-List Status, StatusMessage, SignerCertificate",
        "Get-WinEvent -FilterHashtable @{LogName='Application'; ProviderName='Application Error'; Id=1000} -MaxEvents 20 | Where-Object Message -match 'termsrv|rdp' | Format-List TimeCreated, Message",
    ],
    cmd: &[
        r"reg query HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters /v ServiceDll",
        r"sfc /verifyfile=%SystemRoot%\System32\termsrv.dll",
        "wevtutil qe Application /q:\"*[System[Provider[@Name='Application Error'] and EventID=1000]]\" /c:20 /rd:true /f:text",
    ],
    ..READ
};

const RESTORE: Step = Step {
    title: "Give Windows' own file back: remove the wrapper, point ServiceDll to System32, repair the file, restart",
    safety: Safety::Disruptive,
    interrupts: "restarting TermService cuts off every Remote Desktop session, and more sessions at a time than Windows allows are no longer to be had",
    commands: &[
        r"Set-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Services\TermService\Parameters' ServiceDll '%SystemRoot%\System32\termsrv.dll' -Type ExpandString",
        r"sfc /scanfile=$env:SystemRoot\System32\termsrv.dll",
        "Restart-Service TermService -Force",
    ],
    cmd: &[
        r"reg add HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters /v ServiceDll /t REG_EXPAND_SZ /d ^%SystemRoot^%\System32\termsrv.dll /f",
        r"sfc /scanfile=%SystemRoot%\System32\termsrv.dll",
        "net stop TermService /y",
        "net start TermService",
        "net start UmRdpService",
    ],
    undo: "set ServiceDll back to the value read before, and restart TermService",
    ..READ
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Machine, Scene};
    use crate::{Certainty, Verdict, judge};
    use rdpdoctor_protocol::negotiation::Protocols;

    const WRAPPER: &str = r"%ProgramFiles%\RDP Wrapper\rdpwrap.dll";

    fn wrapped() -> Machine {
        Machine::healthy().with(|host| {
            let Some(Reading::Observed(Some(service))) = host.services.get_mut(TERM_SERVICE) else { return };
            service.library = Some(WRAPPER.to_owned());
        })
    }

    fn file(machine: Machine, path: &str, version: &str) -> Machine {
        let file = SystemFile { size: 1, modified: None, version: Some(version.to_owned()), sha256: None };
        machine.with(|host| {
            host.files.insert(path.to_owned(), Reading::Observed(Some(file)));
        })
    }

    fn looked(machine: Machine) -> Detection {
        let evidence = machine.evidence();
        look(evidence.host.as_deref().unwrap(), &evidence)
    }

    #[test]
    fn a_wrapper_that_works_endangers_and_one_that_crashes_blocks() {
        for machine in [wrapped(), wrapped().on_disk()] {
            let diagnosis = judge(&machine.evidence());
            let root = diagnosis.root().unwrap();
            assert_eq!(
                (root.cause.id, root.certainty, root.severity),
                ("termsrv-patched", Certainty::Confirmed, Severity::Degrades)
            );
            assert_eq!(diagnosis.verdict, Verdict::Warning);
        }
        let data = [("AppName", "svchost.exe_TermService"), ("ModuleName", "rdpwrap.dll")];
        let crashing = wrapped().event("Application", CRASHES, 1000, 30, &data);
        let diagnosis = judge(&crashing.clone().evidence());
        assert_eq!((diagnosis.root().unwrap().cause.id, diagnosis.verdict), ("termsrv-patched", Verdict::Broken));
        let served = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls()).evidence();
        let served = Evidence { host: Some(Box::new(crashing.snapshot())), ..served };
        assert_eq!(judge(&served).verdict, Verdict::Warning);
    }

    #[test]
    fn a_library_that_is_gone_or_of_another_build() {
        const PATH: &str = r"C:\Windows\System32\termsrv.dll";
        assert!(matches!(looked(file(Machine::healthy(), PATH, "10.0.14393.0")), Detection::Likely(_)));
        let gone = Machine::healthy().with(|host| {
            host.files.insert(PATH.to_owned(), Reading::Observed(None));
        });
        assert!(matches!(looked(gone), Detection::Confirmed(_)));
        assert_eq!(looked(file(Machine::healthy(), PATH, "10.0.17763.1")), Detection::RuledOut);
        let enabled = Machine::healthy().build(19045, "Client");
        assert_eq!(looked(file(enabled, PATH, "10.0.19041.4170")), Detection::RuledOut);
    }

    #[test]
    fn an_update_after_the_wrapper_is_named() {
        let at = |hours: i64| jiff::Timestamp::UNIX_EPOCH.checked_sub(jiff::SignedDuration::from_hours(hours)).unwrap();
        let machine = file(wrapped(), r"C:\Program Files\RDP Wrapper\rdpwrap.dll", "1.6").with(|host| {
            if let Some(Reading::Observed(Some(file))) = host.files.values_mut().next() {
                file.modified = Some(at(100));
            }
            let update = crate::evidence::snapshot::Update { id: "KB5034123".to_owned(), installed: Some(at(10)) };
            host.updates = Reading::Observed(vec![update]);
        });
        let Detection::Confirmed(proof) = looked(machine) else { panic!() };
        assert!(proof.items[1].text.starts_with("KB5034123 was installed"));
    }

    #[test]
    fn near_miss_the_same_library_written_otherwise() {
        for path in
            [r"C:\Windows\system32\TERMSRV.DLL", r"%windir%\System32\termsrv.dll", "%SystemRoot%/System32/termsrv.dll"]
        {
            assert!(is_own_termsrv(path), "{path}");
        }
        for path in
            [r"C:\Temp\Windows\System32\termsrv.dll", r"D:\rdp\termsrv.dll", r"\System32\termsrv.dll", "termsrv.dll"]
        {
            assert!(!is_own_termsrv(path), "{path}");
        }
        assert_eq!(looked(Machine::healthy().on_disk()), Detection::RuledOut);
    }

    #[test]
    fn unknown_where_the_service_was_not_read() {
        assert_eq!(looked(Machine::unread()), Detection::Unknown(Vec::new()));
    }
}
