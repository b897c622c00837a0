//! Registry.pol as a disk may hold it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rdpdoctor_machine::policy_file::PolicyFile;

fuzz_target!(|bytes: &[u8]| {
    let Ok(file) = PolicyFile::read(bytes) else { return };
    assert!(file.instructions.len() <= bytes.len() / 24, "an instruction has at least so many bytes");
    assert_eq!(PolicyFile::read(&file.to_bytes()).as_ref(), Ok(&file));
    for one in &file.instructions {
        let _ = file.says(&one.key, &one.value);
    }
    let _ = file.says(r"Software\Policies\Microsoft\Windows NT\Terminal Services", "fDenyTSConnections");
});
