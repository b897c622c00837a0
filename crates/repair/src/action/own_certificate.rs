//! The certificate that Windows makes for Remote Desktop by itself, and the files of its key.

use rdpdoctor_diagnosis::causes::{Anew, anew, own_key_files};
use rdpdoctor_diagnosis::evidence::snapshot::{KeyStore, StoredCertificate};
use rdpdoctor_machine::key::{file_name, machine_guid};

use super::Ground;
use crate::step::Step;

/// Where Windows keeps it.
pub(crate) const STORE: &str = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop\Certificates";
/// Where Windows notes which certificate it made last.
pub(super) const STATIONS: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server\WinStations";
/// The container of its key.
const CONTAINER: &str = "TSSecKeySet1";

/// The one that has ended or lost its key; none where the store is empty. An error where nothing is to be made anew.
pub(super) fn broken<'a>(ground: &Ground<'a>) -> Result<Option<&'a StoredCertificate>, String> {
    Err(match anew(ground.host) {
        Anew::Needed(stored) => return Ok(stored),
        Anew::Unknown => "which certificate the listener uses was not read: run it as an administrator".to_owned(),
        Anew::NotNeeded => {
            "Windows' own certificate is in date and its key is not seen to be gone: read event 1057 or \
                            1058 of TerminalServices-RemoteConnectionManager for what fails"
                .to_owned()
        }
        Anew::Chosen => "SSLCertificateSHA1Hash names a certificate that is used, and Windows' own is not: renew the \
                         chosen one where it was issued, or give up the choice (unbind-certificate)"
            .to_owned(),
        Anew::Template(name) => format!(
            "policy has the certificate made from the template {name}: mend the enrolment there, events 1062, 1064 and \
             1065 say what fails"
        ),
        Anew::Store(name) => format!(
            "SelfSignedCertStore names the store {name} instead of Remote Desktop: set it back, and restart the services"
        ),
        Anew::Foreign(thumbprint) => format!(
            "the certificate {thumbprint} in the store Remote Desktop is not one that Windows made: whoever put it there \
             must replace it"
        ),
    })
}

/// Moves the files of its container aside, and no other; Windows then makes a new one, which is watched for.
pub(super) fn key_aside(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let folder = ground.host.key_folders.iter().find(|folder| folder.store == KeyStore::Capi);
    let files = own_key_files(ground.host).zip(folder);
    let (files, folder) = files.ok_or("the folder MachineKeys was not read, in which the old key would be kept")?;
    let own = machine_guid(ground.machine).map(|guid| file_name(CONTAINER, &guid));
    let own = own.filter(|own| !files.iter().any(|file| file.name.eq_ignore_ascii_case(own)));
    let path = |name: &str| format!("{}\\{name}", folder.path);
    let watched = own.map(|own| Step::WatchFile { path: path(&own), aside: None });
    let moved = files.iter().map(|file| Step::MoveAside { path: path(&file.name) });
    Ok(watched.into_iter().chain(moved).collect())
}
