//! How to reach the machine while Remote Desktop does not.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{Evidence, RemoteService, ServiceAnswer};
use crate::judge::Diagnosis;
use crate::{Stage, Verdict};

/// One way to the machine beside Remote Desktop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WayIn {
    /// Which.
    pub way: Way,
    /// Its name.
    pub title: String,
    /// What to type, capitals standing for what only the reader knows; empty where there is nothing to type.
    pub command: String,
    /// What to type once there.
    pub then: Vec<String>,
    /// What it takes.
    pub needs: String,
    /// Whether it is there.
    pub state: WayInState,
}

/// A way to a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// SSH.
    Ssh,
    /// PowerShell remoting over WinRM.
    Winrm,
    /// The same over HTTPS.
    WinrmHttps,
    /// A service started through SMB.
    Smb,
    /// PowerShell Direct and the window of Hyper-V.
    HyperV,
    /// The console of libvirt.
    Libvirt,
    /// Azure Run Command.
    AzureRunCommand,
    /// Azure Serial Console.
    AzureSerialConsole,
    /// AWS Systems Manager.
    AwsSessionManager,
    /// The serial console of Google Cloud.
    GoogleSerialConsole,
    /// Screen and keyboard, or a management controller.
    Console,
}

/// Whether a way is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WayInState {
    /// It answered.
    Open,
    /// Nobody asked, or it cannot be asked from here.
    NotAsked,
    /// Something took the connection and did not speak its language.
    Unclear,
    /// It was asked for and did not answer.
    Closed,
}

/// Every way, the open ones first: where the machine has to be mended and Remote Desktop does not lead there, or where
/// somebody asked for the services.
pub(super) fn of(evidence: &Evidence, diagnosis: &Diagnosis) -> Vec<WayIn> {
    if evidence.services.is_empty() && !is_locked_out(diagnosis) {
        return Vec::new();
    }
    let host = evidence.target.host.as_str();
    let services = RemoteService::ALL.map(|service| over_network(service, host, state(evidence, service)));
    let mut ways: Vec<WayIn> = services.into_iter().chain(AROUND.iter().map(WayInEntry::way_in)).collect();
    ways.sort_by_key(|way| way.state);
    ways
}

/// Where the fault lies before the machine or on the client's side, another way to the machine mends nothing.
fn is_locked_out(diagnosis: &Diagnosis) -> bool {
    let stage = diagnosis.root().map(|root| root.cause.stage);
    matches!(diagnosis.verdict, Verdict::Broken | Verdict::Unreachable)
        && !matches!(stage, Some(Stage::Resolve | Stage::Gateway | Stage::Client))
}

fn state(evidence: &Evidence, service: RemoteService) -> WayInState {
    let answers = evidence.services.iter().filter(|seen| seen.service == service).map(|seen| match seen.answer {
        ServiceAnswer::Speaks { .. } => WayInState::Open,
        ServiceAnswer::Stranger { .. } | ServiceAnswer::Mute => WayInState::Unclear,
        ServiceAnswer::Refused | ServiceAnswer::Silent => WayInState::Closed,
        ServiceAnswer::NotObtained { .. } => WayInState::NotAsked,
    });
    answers.min().unwrap_or(WayInState::NotAsked)
}

fn over_network(service: RemoteService, host: &str, state: WayInState) -> WayIn {
    let session = format!("Enter-PSSession -ComputerName {host} -Credential USER");
    let (way, title, command, needs) = match service {
        RemoteService::Ssh => (Way::Ssh, "SSH", format!("ssh USER@{host}"), "the OpenSSH server on the machine"),
        RemoteService::Winrm => (
            Way::Winrm,
            "WinRM",
            session,
            "an administrator; asked by address or outside a domain, the machine in TrustedHosts of this one",
        ),
        RemoteService::WinrmHttps => {
            (Way::WinrmHttps, "WinRM by HTTPS", format!("{session} -UseSSL"), "an administrator")
        }
        RemoteService::Smb => (
            Way::Smb,
            "SMB",
            format!("psexec \\\\{host} -s cmd"),
            "an administrator of the domain, and PsExec of Sysinternals; sc.exe reaches services without it",
        ),
    };
    WayIn { way, title: title.to_owned(), command, then: Vec::new(), needs: needs.to_owned(), state }
}

struct WayInEntry {
    way: Way,
    title: &'static str,
    command: &'static str,
    then: &'static [&'static str],
    needs: &'static str,
}

impl WayInEntry {
    fn way_in(&self) -> WayIn {
        WayIn {
            way: self.way,
            title: self.title.to_owned(),
            command: self.command.to_owned(),
            then: self.then.iter().map(|line| (*line).to_owned()).collect(),
            needs: self.needs.to_owned(),
            state: WayInState::NotAsked,
        }
    }
}

/// What the Special Administration Console takes: a channel with `cmd`, and the way to it.
const SAC: &[&str] = &["cmd", "ch -si 1"];

/// The ways around the machine's network.
const AROUND: [WayInEntry; 7] = [
    WayInEntry {
        way: Way::HyperV,
        title: "Hyper-V",
        command: "Enter-PSSession -VMName VM -Credential USER",
        then: &[],
        needs: "PowerShell as administrator on the Hyper-V host, and a guest of Windows 10, Server 2016 or later; \
                vmconnect.exe HOST VM shows the screen of any",
    },
    WayInEntry {
        way: Way::Libvirt,
        title: "libvirt",
        command: "virsh console VM",
        then: SAC,
        needs: "a shell on the host, a serial port in the guest and EMS switched on; virt-viewer VM shows the screen",
    },
    WayInEntry {
        way: Way::AzureRunCommand,
        title: "Azure command",
        command: "az vm run-command invoke -g GROUP -n VM --command-id RunPowerShellScript --scripts \
                  'COMMAND'",
        then: &[],
        needs: "Azure Run Command: the right to act on the machine, and its VM agent running",
    },
    WayInEntry {
        way: Way::AzureSerialConsole,
        title: "Azure serial",
        command: "az serial-console connect -g GROUP -n VM",
        then: SAC,
        needs: "Azure Serial Console: boot diagnostics, and EMS switched on in the guest",
    },
    WayInEntry {
        way: Way::AwsSessionManager,
        title: "AWS session",
        command: "aws ssm start-session --target INSTANCE-ID",
        then: &[],
        needs: "AWS Systems Manager: the SSM agent in the guest, and an instance profile that allows it",
    },
    WayInEntry {
        way: Way::GoogleSerialConsole,
        title: "Google serial",
        command: "gcloud compute connect-to-serial-port VM --port 2",
        then: SAC,
        needs: "Google Cloud: serial-port-enable=TRUE in the metadata of the machine",
    },
    WayInEntry {
        way: Way::Console,
        title: "Console",
        command: "",
        then: &[],
        needs: "the machine's own screen, or that of its iLO, iDRAC or hypervisor",
    },
];

#[cfg(test)]
mod tests {
    use rdpdoctor_protocol::negotiation::{FailureCode, Protocols};

    use super::*;
    use crate::evidence::{Ending, ServiceSeen, SystemAnswer};
    use crate::report::build;
    use crate::testing::{Scene, Script};

    fn ways(evidence: Evidence) -> Vec<WayIn> {
        build(evidence, 1.0).ways_in
    }

    fn broken() -> Scene {
        Scene::named("ts01", &["10.0.0.5"]).client(|a| a.fails(FailureCode::SSL_CERT_NOT_ON_SERVER))
    }

    fn seen(service: RemoteService, answer: ServiceAnswer) -> ServiceSeen {
        ServiceSeen { service, endpoint: ([10, 0, 0, 5], service.port()).into(), answer, after_ms: 1.0 }
    }

    #[test]
    fn whoever_is_locked_out_is_told_other_ways() {
        let ways = ways(broken().evidence());
        assert_eq!(ways.len(), 11);
        assert_eq!(ways[0].command, "ssh USER@ts01");
        assert!(ways.iter().all(|way| way.state == WayInState::NotAsked && !way.needs.is_empty()));
    }

    #[test]
    fn nobody_else_is() {
        let healthy = Scene::at("10.0.0.5").client(|a| a.selects(Protocols::SSL).completes_tls());
        assert_eq!(ways(healthy.evidence()), []);
        let no_name = Scene::unresolved("ts01").system(SystemAnswer::NoSuchName);
        assert_eq!(ways(no_name.evidence()), []);
    }

    #[test]
    fn what_answers_comes_first_and_what_does_not_last() {
        let mut evidence = broken().evidence();
        evidence.services = vec![
            seen(RemoteService::Ssh, ServiceAnswer::Refused),
            seen(RemoteService::Winrm, ServiceAnswer::Silent),
            seen(RemoteService::WinrmHttps, ServiceAnswer::Mute),
            seen(RemoteService::Smb, ServiceAnswer::Speaks { banner: String::new() }),
        ];
        let ways = ways(evidence);
        let state = |way| ways.iter().find(|entry| entry.way == way).unwrap().state;
        assert_eq!((ways[0].way, ways[0].state), (Way::Smb, WayInState::Open));
        assert_eq!(state(Way::WinrmHttps), WayInState::Unclear);
        assert_eq!(ways.iter().rev().take(2).map(|way| way.way).collect::<Vec<_>>(), [Way::Winrm, Way::Ssh]);
    }

    #[test]
    fn services_are_no_evidence_against_a_host() {
        let refused = |a: Script| a.ends(Ending::Refused);
        let scene = Scene::at("10.0.0.5").client(refused).client(refused);
        let mut with = scene.clone().evidence();
        with.services.push(seen(RemoteService::Ssh, ServiceAnswer::Silent));
        let (with, without) = (build(with, 1.0), build(scene.evidence(), 1.0));
        assert_eq!((with.verdict, with.findings), (without.verdict, without.findings));
    }
}
