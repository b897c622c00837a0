use rdpdoctor_diagnosis::causes::listener_certificate;
use rdpdoctor_diagnosis::evidence::snapshot::{KeyFile, KeyFolder};
use rdpdoctor_machine::security::{
    Ace, AceKind, Acl, Descriptor, FILE_ALL_ACCESS, FILE_GENERIC_READ, GenericMapping, INHERITED, Sid,
    network_service_token, system_token,
};

use super::{Action, Ground, Restart};
use crate::step::Step;

/// From this build on the file is SessionEnv's too.
const SERVER_2019: u32 = 17763;

pub(super) const ACTION: Action = Action {
    id: "grant-key-read",
    causes: &["machine-keys-permissions"],
    title: "Let the service read its private key again: the rights that this Windows gives it, on that one file",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "none known: entries for other accounts stay as they are",
    restart: Restart::Services,
    page: include_str!("grant-key-read.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let certificate = listener_certificate(ground.host);
    let file = certificate.as_ref().and_then(|certificate| certificate.unreadable);
    let file = file.ok_or("the certificate's key file is not one that the service may not read")?;
    if certificate.is_some_and(|certificate| certificate.chosen) {
        return readable(ground, file).map(|step| vec![step]);
    }
    let build = ground.host.build.observed().map(|build| build.number);
    let step = granted(ground, file, |old| {
        let mut new = mended(old, &own_rights(build));
        new.owner = Some(Sid::SYSTEM);
        new
    })?;
    Ok(vec![step])
}

/// Lets NETWORK SERVICE read a key file, and changes nothing else of it.
pub(super) fn readable(ground: &Ground<'_>, file: &KeyFile) -> Result<Step, String> {
    granted(ground, file, |old| mended(old, &[service_right()]))
}

fn granted(ground: &Ground<'_>, file: &KeyFile, mend: impl FnOnce(&Descriptor) -> Descriptor) -> Result<Step, String> {
    let holds =
        |folder: &&KeyFolder| folder.files.observed().is_some_and(|files| files.iter().flatten().any(|it| it == file));
    let folder = ground.host.key_folders.iter().find(holds).ok_or("the folder of the key file was not read")?;
    let path = format!("{}\\{}", folder.path, file.name);
    let found = ground.machine.file(&path).map_err(|why| format!("{path}: {why}"))?;
    let bytes = found.ok_or_else(|| format!("{path} is gone"))?.descriptor.map_err(|why| format!("{path}: {why}"))?;
    let old = Descriptor::read(&bytes).map_err(|why| format!("{path}: {why}"))?;
    let descriptor = mend(&old).to_bytes().map_err(|why| format!("{path}: {why}"))?;
    Ok(Step::SetDescriptor { path, descriptor })
}

/// What somebody has to be granted, and everybody through whom it may be denied.
struct Right {
    sid: Sid,
    mask: u32,
    token: Vec<Sid>,
}

fn service_right() -> Right {
    Right { sid: Sid::NETWORK_SERVICE, mask: FILE_GENERIC_READ, token: network_service_token() }
}

/// What Windows itself gives the file of TSSecKeySet1. Where the build is not known, what all of them give.
fn own_rights(build: Option<u32>) -> Vec<Right> {
    let system = Right { sid: Sid::SYSTEM, mask: FILE_ALL_ACCESS, token: system_token() };
    let alone = |sid, mask| Right { sid, mask, token: vec![sid] };
    let further = match build {
        Some(build) if build >= SERVER_2019 => Some(alone(Sid::of_service("SessionEnv"), FILE_ALL_ACCESS)),
        Some(_) => Some(alone(Sid::ADMINISTRATORS, FILE_GENERIC_READ)),
        None => None,
    };
    [system, service_right()].into_iter().chain(further).collect()
}

/// Adds what is missing, and removes what denies it: a list without any is one that lets everybody in, and stays.
fn mended(old: &Descriptor, rights: &[Right]) -> Descriptor {
    let mut new = old.clone();
    let Some(dacl) = &old.dacl else { return new };
    let mut aces: Vec<Ace> = dacl.aces.iter().filter(|ace| !denies(ace, rights)).cloned().collect();
    for right in rights {
        if !aces.iter().any(|ace| grants(ace, right)) {
            // Entries of the file itself come before those that it inherited.
            let at = aces.iter().position(|ace| ace.entry().is_some_and(|entry| entry.flags & INHERITED != 0));
            aces.insert(at.unwrap_or(aces.len()), Ace::allow(right.mask, right.sid));
        }
    }
    new.dacl = Some(Acl::of(aces));
    new
}

fn denies(ace: &Ace, rights: &[Right]) -> bool {
    let Some(entry) = ace.entry().filter(|entry| entry.kind == AceKind::Deny && !entry.is_inherit_only()) else {
        return false;
    };
    let mask = GenericMapping::FILE.specific(entry.mask);
    rights.iter().any(|right| mask & right.mask != 0 && right.token.contains(&entry.sid))
}

fn grants(ace: &Ace, right: &Right) -> bool {
    let entry = ace.entry().filter(|entry| entry.kind == AceKind::Allow && !entry.is_inherit_only());
    let mask = |mask| GenericMapping::FILE.specific(mask) & right.mask;
    entry.is_some_and(|entry| entry.sid == right.sid && mask(entry.mask) == right.mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{KEY_FILE, World, on};

    fn after(sddl: &str, build: Option<u32>) -> String {
        mended(&sddl.parse().unwrap(), &own_rights(build)).to_string()
    }

    #[test]
    fn what_is_missing_is_added_for_the_build_and_nothing_else_is_touched() {
        let session_env = "S-1-5-80-4022436659-1090538466-1613889075-870485073-3428993833";
        assert_eq!(
            after("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;S-1-5-21-1-2-3-500)", Some(20348)),
            format!("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;S-1-5-21-1-2-3-500)(A;;FR;;;NS)(A;;FA;;;{session_env})")
        );
        assert_eq!(after("O:SYG:SYD:PAI(A;;FA;;;SY)", Some(9600)), "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)(A;;FR;;;BA)");
        assert_eq!(after("O:SYG:SYD:PAI(A;;GA;;;SY)", None), "O:SYG:SYD:PAI(A;;GA;;;SY)(A;;FR;;;NS)");
    }

    #[test]
    fn denials_that_reach_the_service_or_system_go_and_all_others_stay() {
        let others = "(D;;FA;;;BG)(D;;DC;;;WD)(D;IO;FA;;;NS)";
        let before = format!("O:SYG:SYD:PAI(D;;FR;;;NS)(D;;GR;;;BU)(D;;FA;;;BA){others}(A;;FA;;;SY)(A;;FR;;;NS)");
        let chosen = mended(&before.parse().unwrap(), &[service_right()]).to_string();
        assert_eq!(chosen, format!("O:SYG:SYD:PAI(D;;FA;;;BA){others}(A;;FA;;;SY)(A;;FR;;;NS)"));
        let others = others.replace("(D;;DC;;;WD)", "");
        assert_eq!(after(&before, None), format!("O:SYG:SYD:PAI{others}(A;;FA;;;SY)(A;;FR;;;NS)"));
    }

    #[test]
    fn the_owner_of_windows_own_key_is_system_again() {
        let world = World::server().key_rights("O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;BA)");
        let steps = on(&world, steps).unwrap();
        let [Step::SetDescriptor { path, descriptor }] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!((path.as_str(), Descriptor::read(descriptor).unwrap().owner), (KEY_FILE, Some(Sid::SYSTEM)));
        assert!(on(&World::server(), super::steps).is_err());
    }
}
