//! What a healthy Windows Server has in its hives.

use rdpdoctor_machine::key::{KeyProvider, Property, StoreEntry};
use rdpdoctor_testbed::Unavailable;
use rdpdoctor_testbed::certificate::Certificate;

pub(crate) const GUID: &str = "0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";
pub(crate) const KEYS: &str = "ProgramData/Microsoft/Crypto/RSA/MachineKeys";

pub(crate) const SYSTEM: &str = r#"[\Select]
"Current"=dword:00000002

[\ControlSet002\Control\Terminal Server]
"fDenyTSConnections"=dword:00000000

[\ControlSet002\Control\Terminal Server\WinStations]
"SelfSignedCertStore"="Remote Desktop"

[\ControlSet002\Control\Terminal Server\WinStations\RDP-Tcp]
"PortNumber"=dword:00000d3d
"fEnableWinStation"=dword:00000001
"SecurityLayer"=dword:00000002
"UserAuthentication"=dword:00000001
"MinEncryptionLevel"=dword:00000002
"WdName"="Microsoft RDP 8.0"
"LoadableProtocol_Object"="{5828227c-20cf-4408-b73f-73ab70b8849f}"

[\ControlSet002\Control\ComputerName\ComputerName]
"ComputerName"="TS01"

[\ControlSet002\Services\TermService]
"Start"=dword:00000003
"ObjectName"="NT Authority\\NetworkService"

[\ControlSet002\Services\TermService\Parameters]
"ServiceDll"="%SystemRoot%\\System32\\termsrv.dll"

[\ControlSet002\Services\SessionEnv]
"Start"=dword:00000003

[\ControlSet002\Services\UmRdpService]
"Start"=dword:00000003

[\ControlSet002\Services\MpsSvc]
"Start"=dword:00000002

[\ControlSet002\Services\BFE]
"Start"=dword:00000002

[\ControlSet002\Services\RpcSs]
"Start"=dword:00000002

[\ControlSet002\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules]
"RemoteDesktop-UserMode-In-TCP"="v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=%SystemRoot%\\system32\\svchost.exe|Svc=termservice|Name=@FirewallAPI.dll,-28775|"
"#;

pub(crate) const SOFTWARE: &str = r#"[\Microsoft\Windows NT\CurrentVersion]
"CurrentBuildNumber"="17763"
"ProductName"="Windows Server 2019 Standard"
"InstallationType"="Server"

[\Microsoft\Windows NT\CurrentVersion\ProfileList]
"ProgramData"="%SystemDrive%\\ProgramData"

[\Microsoft\Cryptography]
"MachineGuid"="0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0"
"#;

/// Accounts\<SID>\ActSysAc holds the logon rights: 2 over the network, 0x400 through Remote Desktop.
pub(crate) const SECURITY: &str = r"[\Policy\Accounts\S-1-5-32-544\ActSysAc]
@=hex(0):02,04,00,00

[\Policy\Accounts\S-1-5-32-555\ActSysAc]
@=hex(0):00,04,00,00

[\Policy\Accounts\S-1-1-0\ActSysAc]
@=hex(0):02,00,00,00
";

/// A certificate in a store of the machine. Its thumbprint is a number of our own: nothing compares it with the bytes.
pub(crate) struct Stored {
    pub(crate) store: &'static str,
    pub(crate) number: u8,
    /// Container and provider type of its key.
    pub(crate) key: Option<(&'static str, u32)>,
    pub(crate) days: (i64, i64),
}

/// What Windows made for Remote Desktop.
pub(crate) const OWN: Stored =
    Stored { store: "Remote Desktop", number: 1, key: Some(("TSSecKeySet1", 1)), days: (-30, 150) };

impl Stored {
    /// The lines of its entry.
    pub(crate) fn lines(&self) -> Result<String, Unavailable> {
        let certificate = Certificate { common_name: "TS01", days: self.days, ..Certificate::PLAIN };
        let key = self.key.map(|(container, provider_type)| KeyProvider {
            container: container.to_owned(),
            provider: "Microsoft Enhanced Cryptographic Provider v1.0".to_owned(),
            provider_type,
            flags: 0x20,
            key_spec: 1,
        });
        let own = key.iter().map(KeyProvider::to_property);
        let properties = own.chain([Property { id: 32, encoding: 1, data: certificate.to_der()? }]).collect();
        let bytes = StoreEntry::of(properties).to_bytes();
        let blob: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (store, number) = (self.store, self.number);
        let path = format!(r"\Microsoft\SystemCertificates\{store}\Certificates\{number:040}");
        Ok(format!("[{path}]\n\"Blob\"=hex:{}\n\n", blob.join(",")))
    }
}
