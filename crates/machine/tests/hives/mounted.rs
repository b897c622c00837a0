//! A real NTFS volume that ntfs-3g has mounted, changed and changed back.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use rdpdoctor_machine::change::{Change as _, Unchanged};
use rdpdoctor_machine::offline::{Disk, NotWritable};
use rdpdoctor_machine::security::Descriptor;
use rdpdoctor_machine::{Machine as _, Unreadable};
use rdpdoctor_testbed::{NtfsImage, on_hand};

use crate::disk::{change_and_undo, made, on_disk, writer};

const CONFIG: &str = "Windows/System32/config";
const KEYS: &str = r"ProgramData\Microsoft\Crypto\RSA\MachineKeys";
const KEY: &str = "f686aace6942fb7f7ceb231212eef4a4_0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";

/// A volume with a SYSTEM hive, or none where there are no means for one.
fn volume() -> Option<NtfsImage> {
    let image = on_hand(NtfsImage::make())?;
    image.write(&format!("{CONFIG}/SYSTEM"), &made()).unwrap();
    image.write("Windows/System32/ntdll.dll", b"MZ").unwrap();
    Some(image)
}

fn descriptor(text: &str) -> Vec<u8> {
    text.parse::<Descriptor>().unwrap().to_bytes().unwrap()
}

#[test]
fn a_hive_is_changed_where_it_lies() {
    let Some(mut image) = volume() else { return };
    let kept = tempfile::tempdir().unwrap();
    let own = descriptor("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FA;;;BA)");
    let path = format!("{CONFIG}/SYSTEM");
    image.set_descriptor(&path, &own).unwrap();
    let hive = image.path().join(&path);
    let identity = |disk: &Disk| (hive.metadata().unwrap().ino(), disk.file(&path).unwrap().unwrap().descriptor);
    let before = identity(&Disk::open(&image.path()).unwrap());
    let disk = writer(&image.path(), kept.path());
    change_and_undo(&disk, &hive);
    assert_eq!(identity(disk.disk()), before, "the same file with the same descriptor");
    assert_eq!(before.1, Ok(own));
    assert!(fs::read(kept.path().join("SYSTEM")).unwrap() == made());
    let left = fs::read(&hive).unwrap();
    image.remount().unwrap();
    assert!(fs::read(&hive).unwrap() == left);
    on_disk(&hive);
}

#[test]
fn a_descriptor_is_set_and_set_back_byte_for_byte() {
    let Some(mut image) = volume() else { return };
    let kept = tempfile::tempdir().unwrap();
    let path = format!(r"{KEYS}\{KEY}");
    image.write(&path.replace('\\', "/"), b"key").unwrap();
    let audited = descriptor("O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;BA)S:(AU;SA;FA;;;WD)");
    image.set_descriptor(&path.replace('\\', "/"), &audited).unwrap();
    let folder = descriptor("O:SYG:SYD:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)");
    image.set_descriptor(&KEYS.replace('\\', "/"), &folder).unwrap();
    image.remount().unwrap();

    let disk = writer(&image.path(), kept.path());
    let of = |path: &str| disk.file(path).unwrap().unwrap().descriptor.unwrap();
    let before = of(&path.to_uppercase());
    disk.check_descriptor(&path).unwrap();
    let mended = descriptor("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)");
    disk.set_descriptor(&path.to_uppercase(), &mended).unwrap();
    let found = Descriptor::read(&of(&path)).unwrap();
    let wanted: Descriptor = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)S:(AU;SA;FA;;;WD)".parse().unwrap();
    assert_eq!(found, wanted, "what is audited stays");
    disk.set_descriptor(&path, &before).unwrap();
    assert_eq!(of(&path), before);
    assert_eq!(of(KEYS), folder, "nothing above it changes");
    assert_eq!(disk.set_descriptor(r"Windows\none", &before), Err(Unchanged::Absent));
    assert!(matches!(disk.set_descriptor(&path, b"nonsense"), Err(Unchanged::Refused(Unreadable::Damaged(_)))));
}

#[test]
fn a_key_file_is_moved_aside_and_back_with_its_descriptor() {
    let Some(mut image) = volume() else { return };
    let kept = tempfile::tempdir().unwrap();
    let (path, aside) = (format!(r"{KEYS}\{KEY}"), format!(r"{KEYS}\{KEY}.rdpdoctor"));
    image.write(&path.replace('\\', "/"), b"key").unwrap();
    image.write(&format!("{KEYS}/Other").replace('\\', "/"), b"other").unwrap();
    let own = descriptor("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)");
    image.set_descriptor(&path.replace('\\', "/"), &own).unwrap();
    let disk = writer(&image.path(), kept.path());
    assert_eq!(disk.move_file(&path, &format!(r"{KEYS}\OTHER")), Err(Unchanged::Exists));
    disk.move_file(&path.to_uppercase(), &aside).unwrap();
    assert_eq!(disk.file(&path), Ok(None));
    assert_eq!(disk.file(&aside).unwrap().unwrap().descriptor, Ok(own.clone()));
    drop(disk);
    image.remount().unwrap();
    let disk = writer(&image.path(), kept.path());
    disk.move_file(&aside, &path).unwrap();
    let back = disk.file(&path).unwrap().unwrap();
    assert_eq!((back.name.as_str(), back.descriptor, disk.read(&path, 10)), (KEY, Ok(own), Ok(Some(b"key".to_vec()))));
    assert_eq!(disk.file(&aside), Ok(None));
}

#[test]
fn a_volume_that_must_not_be_written_is_refused() {
    let Some(mut image) = volume() else { return };
    let kept = tempfile::tempdir().unwrap();
    let refused = |image: &NtfsImage| Disk::open(&image.path()).unwrap().for_writing(kept.path()).err();
    assert_eq!(refused(&image), None);
    image.write("hiberfil.sys", &[1; 8192]).unwrap();
    assert!(matches!(refused(&image), Some(NotWritable::PerhapsHibernated(_))));
    image.write("hiberfil.sys", &[0; 8192]).unwrap();
    assert_eq!(refused(&image), None);
    image.mark_dirty().unwrap();
    assert_eq!(refused(&image), Some(NotWritable::Dirty));
    image.write("hiberfil.sys", &[&b"HIBR"[..], &[0; 8192]].concat()).unwrap();
    image.remount().unwrap();
    assert_eq!(refused(&image), Some(NotWritable::Hibernated));
}

/// A tree of files on something else than NTFS: values, but no descriptors.
#[test]
fn another_file_system_keeps_no_descriptors() {
    let [folder, kept] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    fs::create_dir_all(folder.path().join(CONFIG)).unwrap();
    fs::write(folder.path().join(CONFIG).join("SYSTEM"), made()).unwrap();
    let disk = writer(folder.path(), kept.path());
    let set = disk.set_descriptor(r"Windows\System32", &descriptor("D:(A;;FA;;;SY)"));
    assert_eq!(set, Err(NotWritable::NoDescriptors.into()));
    assert_eq!(disk.check_descriptor(r"Windows\System32"), Err(NotWritable::NoDescriptors.into()));
    change_and_undo(&disk, &folder.path().join(CONFIG).join("SYSTEM"));
}
