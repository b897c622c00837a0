//! The same on a running Windows, which is changed: only where it is said to be one to throw away.

use std::env;
use std::time::Duration;

use rdpdoctor_machine::change::{Change as _, Start};
use rdpdoctor_machine::live::Live;
use rdpdoctor_machine::registry::{Data, Key};
use rdpdoctor_machine::security::Descriptor;
use rdpdoctor_machine::{Machine as _, hex};

use super::{cut_repairs, cut_undos};
use crate::State;
use crate::plan::{Measure, Plan, Planned};
use crate::step::Step;

const SERVER: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Terminal Server";
const POLICIES: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services";
const STORE: &str = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop\Certificates";
const SERVICE: &str = "TermService";
const KEY_FILE: &str = r"ProgramData\Microsoft\Crypto\RSA\MachineKeys\f686aace6942fb7f7ceb231212eef4a4_test";
const RULE: &str = "v2.10|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=3389|EmbedCtxt=RdpDoctorTest|";
const PATIENCE: Duration = Duration::from_secs(20);

/// Permissions of the store, before and after; Wine keeps those of keys as long as it runs.
const SHUT: &str = "O:BAG:SYD:(D;CI;KW;;;SY)(A;CI;KA;;;BA)(A;CI;KA;;;SY)";
const OPEN: &str = "O:BAG:SYD:(A;CI;KA;;;BA)(A;CI;KA;;;SY)";

/// The machine that we run on, where it may be changed.
fn throwaway() -> Option<Live> {
    if env::var_os("RDPDOCTOR_THROWAWAY_WINDOWS").is_none() {
        println!("skipped: RDPDOCTOR_THROWAWAY_WINDOWS is not set");
        return None;
    }
    Some(Live::open().unwrap())
}

fn keys(live: &Live, path: &str) {
    let ends = path.match_indices('\\').map(|(end, _)| end).chain([path.len()]).skip(1);
    for key in ends.filter_map(|end| path.get(..end)) {
        live.create_key(key).unwrap();
    }
}

/// One of everything that a plan may do, on keys, a store, a service and a file.
fn steps() -> Vec<Step> {
    let (key, entry) = (POLICIES.to_owned(), format!("{STORE}\\{}", "AB".repeat(20)));
    vec![
        Step::StopService { service: SERVICE.to_owned() },
        Step::SetStart { service: SERVICE.to_owned(), start: Start::Automatic },
        Step::SetAccount { service: SERVICE.to_owned(), account: r"NT AUTHORITY\NetworkService".to_owned() },
        Step::SetKeyDescriptor { key: STORE.to_owned(), descriptor: rights(OPEN) },
        Step::SetValue { key: SERVER.to_owned(), name: "fDenyTSConnections".to_owned(), data: Data::of_dword(0) },
        Step::CreateKey { key: format!("{key}\\Made") },
        Step::SetValue { key: format!("{key}\\Made"), name: String::new(), data: Data::of_text("Straße") },
        Step::DeleteValue { key, name: "Set".to_owned() },
        Step::WatchKeys { key: STORE.to_owned() },
        Step::DeleteValue { key: entry.clone(), name: "Blob".to_owned() },
        Step::DeleteKey { key: entry },
        Step::MoveFile { from: KEY_FILE.to_owned(), to: format!("{KEY_FILE}.aside") },
        // Wine's firewall gives no answer, and a real one has no such rule.
        Step::SwitchRule { name: "RdpDoctorTest".to_owned(), rule: RULE.to_owned(), on: true },
        Step::StartService { service: SERVICE.to_owned() },
    ]
}

fn rights(sddl: &str) -> Vec<u8> {
    sddl.parse::<Descriptor>().unwrap().to_bytes().unwrap()
}

fn broken() -> Live {
    let live = Live::open().unwrap();
    for path in [SERVER, POLICIES, STORE] {
        keys(&live, path);
    }
    live.set_key_descriptor(STORE, &rights(SHUT)).unwrap();
    live.set_value(SERVER, "fDenyTSConnections", &Data::of_dword(1)).unwrap();
    live.set_value(POLICIES, "Set", &Data { kind: 0x1234, bytes: vec![1, 2, 3] }).unwrap();
    let entry = format!("{STORE}\\{}", "AB".repeat(20));
    live.create_key(&entry).unwrap();
    live.set_value(&entry, "Blob", &Data::of_bytes(vec![7; 3000])).unwrap();
    let file = std::path::Path::new("C:\\").join(KEY_FILE);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, b"key").unwrap();
    live.start_service(SERVICE, PATIENCE).unwrap();
    live
}

fn plan(live: &Live) -> Plan {
    let steps = steps_with_states(live);
    let action = crate::action::ACTIONS[0];
    let measure = Measure { action, causes: Vec::new(), steps };
    Plan { stops: Vec::new(), measures: vec![measure], starts: Vec::new(), refused: Vec::new() }
}

fn steps_with_states(live: &Live) -> Vec<Planned> {
    let made = format!("{POLICIES}\\Made");
    let planned = |step: Step| {
        // What an earlier step makes is not there yet.
        let before = match &step {
            Step::SetValue { key, .. } if *key == made => State::Value(None),
            step => State::read(live, step).unwrap(),
        };
        Planned { step, before, note: None }
    };
    steps().into_iter().map(planned).collect()
}

/// Everything that the steps touch, byte for byte.
fn bytes(live: &Live) -> String {
    let values = |key: Option<Key>| {
        let key = key.map(|key| (key.values, key.keys));
        key.map(|(mut values, mut keys)| {
            values.sort_by(|one, two| one.name.cmp(&two.name));
            keys.sort_unstable();
            let values: Vec<_> = values.iter().map(|it| (&it.name, it.data.kind, hex::of(&it.data.bytes))).collect();
            format!("{values:?} {keys:?}")
        })
    };
    let service = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{SERVICE}");
    let entry = format!("{STORE}\\{}", "AB".repeat(20));
    let paths = [SERVER, POLICIES, STORE, &service, &entry];
    let registry: Vec<_> = paths.iter().map(|path| values(live.key(path).unwrap())).collect();
    let files = [KEY_FILE.to_owned(), format!("{KEY_FILE}.aside")].map(|path| {
        let found = live.file(&path).unwrap();
        found.map(|file| {
            (file.size, file.descriptor.ok().and_then(|it| Descriptor::read(&it).ok()).map(|it| it.to_string()))
        })
    });
    let state = live.service_status(SERVICE).unwrap().map(|status| status.state);
    let store = Descriptor::read(&live.key_descriptor(STORE).unwrap().unwrap()).unwrap().to_string();
    format!("{registry:#?} {files:?} {state:?} {store}")
}

#[test]
fn a_running_windows_is_as_it_was() {
    let Some(_) = throwaway() else { return };
    let plan = plan(&broken());
    let repairs = cut_repairs(&plan, broken, bytes);
    let undos = cut_undos(&plan, broken, bytes);
    println!("{repairs} cuts of a repair, {undos} of its undo");
    assert!(repairs > 25 && undos > 25, "{repairs} and {undos} cuts");
}
