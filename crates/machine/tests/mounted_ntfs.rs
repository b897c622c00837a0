//! Reads a real NTFS volume that ntfs-3g has mounted.
#![cfg(target_os = "linux")]

use std::fs::File;

use rdpdoctor_machine::Unreadable;
use rdpdoctor_machine::offline::files::Volume;
use rdpdoctor_machine::offline::{Hibernation, VolumeKind};
use rdpdoctor_machine::security::{Descriptor, FILE_GENERIC_READ, network_service_token};
use rdpdoctor_testbed::{NtfsImage, on_hand};

const KEYS: &str = "ProgramData/Microsoft/Crypto/RSA/MachineKeys";

#[test]
fn a_key_file_is_read_with_its_descriptor() {
    let Some(image) = on_hand(NtfsImage::make()) else { return };
    let name = "f686aace6942fb7f7ceb231212eef4a4_0b1c2d3e-4f50-4162-8374-95a6b7c8d9e0";
    let path = format!("{KEYS}/{name}");
    image.write(&path, b"key").unwrap();
    let folder: Descriptor = "O:SYG:SYD:PAI(A;;0x12019f;;;WD)(A;;FA;;;BA)".parse().unwrap();
    let key: Descriptor = "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;BA)(D;;FR;;;NS)".parse().unwrap();
    image.set_descriptor(KEYS, &folder.to_bytes().unwrap()).unwrap();
    image.set_descriptor(&path, &key.to_bytes().unwrap()).unwrap();

    let volume = Volume::open(&image.path()).unwrap();
    let upper = path.to_uppercase().replace('/', r"\");
    let info = volume.file(&upper).unwrap().unwrap();
    assert_eq!((info.name.as_str(), info.size, info.is_folder), (name, 3, false));
    let age = jiff::Timestamp::now().duration_since(info.modified.unwrap());
    assert!(age.as_secs().abs() < 600, "{age:?}");
    let read = Descriptor::read(&info.descriptor.unwrap()).unwrap();
    assert_eq!(read, key);
    assert_eq!(read.access(&network_service_token()).denied, FILE_GENERIC_READ);

    assert_eq!(Descriptor::read(&volume.file(KEYS).unwrap().unwrap().descriptor.unwrap()), Ok(folder));
    assert_eq!(volume.folder(KEYS).unwrap().unwrap().len(), 1);
    assert_eq!(volume.read(&upper, 3), Ok(Some(b"key".to_vec())));
    assert_eq!(volume.file(&format!("{KEYS}/none")), Ok(None));
    assert_eq!(volume.folder(&upper), Ok(None));
}

#[test]
fn a_reparse_point_is_named_and_not_followed() {
    let Some(mut image) = on_hand(NtfsImage::make()) else { return };
    let file = image.write("Windows/System32/termsrv.dll", b"").unwrap();
    // IO_REPARSE_TAG_WOF with its sixteen bytes, as `compact /exe` leaves it.
    let data = [&0x8000_0017_u32.to_le_bytes()[..], &[16, 0, 0, 0], &[1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]];
    xattr::set(&file, "system.ntfs_reparse_data", &data.concat()).unwrap();
    // The kernel knew it as a file a moment ago.
    image.remount().unwrap();
    let volume = Volume::open(&image.path()).unwrap();
    let refused = volume.read(r"windows\system32\TERMSRV.DLL", 1 << 20).unwrap_err();
    assert!(refused.to_string().starts_with("a file compressed by Windows"), "{refused}");
}

#[test]
fn the_state_of_a_volume_is_seen() {
    let Some(mut image) = on_hand(NtfsImage::make()) else { return };
    let state = Volume::open(&image.path()).unwrap().state();
    assert_eq!(state.hibernation, Ok(Hibernation::NoFile));
    assert_eq!((state.kind, state.dirty, state.read_only), (Ok(VolumeKind::Ntfs), Ok(false), Ok(false)));

    image.mark_dirty().unwrap();
    assert_eq!(Volume::open(&image.path()).unwrap().state().dirty, Ok(true));

    let asleep = [&b"HIBR"[..], &[0; 8192]].concat();
    image.write("hiberfil.sys", &asleep).unwrap();
    image.remount().unwrap();
    let state = Volume::open(&image.path()).unwrap().state();
    assert_eq!((state.hibernation, state.read_only), (Ok(Hibernation::Asleep), Ok(true)));
}

#[test]
fn an_image_tells_what_it_holds() {
    let Some(image) = on_hand(NtfsImage::make()) else { return };
    let mut file = File::open(image.image()).unwrap();
    assert_eq!(rdpdoctor_machine::offline::kind(&mut file), Ok(VolumeKind::Ntfs));
    assert_eq!(rdpdoctor_machine::offline::is_dirty(&mut file), Ok(false));
    let folder = Volume::open(&image.path().join("nothing"));
    assert!(matches!(folder, Err(Unreadable::System(_))));
}
