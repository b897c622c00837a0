use rdpdoctor_diagnosis::causes::listener_certificate;
use rdpdoctor_diagnosis::evidence::snapshot::KeyFolder;
use rdpdoctor_machine::security::{
    Ace, AceKind, Acl, Descriptor, FILE_ALL_ACCESS, FILE_GENERIC_READ, Sid, network_service_token,
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
    let holds =
        |folder: &&KeyFolder| folder.files.observed().is_some_and(|files| files.iter().flatten().any(|it| it == file));
    let folder = ground.host.key_folders.iter().find(holds).ok_or("the folder of the key file was not read")?;
    let path = format!("{}\\{}", folder.path, file.name);
    let found = ground.machine.file(&path).map_err(|why| format!("{path}: {why}"))?;
    let bytes = found.ok_or_else(|| format!("{path} is gone"))?.descriptor.map_err(|why| format!("{path}: {why}"))?;
    let old = Descriptor::read(&bytes).map_err(|why| format!("{path}: {why}"))?;
    let is_own = certificate.is_some_and(|certificate| !certificate.chosen);
    let build = ground.host.build.observed().map(|build| build.number);
    let new = mended(&old, if is_own { own_rights(build) } else { vec![(Sid::NETWORK_SERVICE, FILE_GENERIC_READ)] });
    let descriptor = new.to_bytes().map_err(|why| format!("{path}: {why}"))?;
    Ok(vec![Step::SetDescriptor { path, descriptor }])
}

/// What Windows itself gives the file of TSSecKeySet1. Where the build is not known, what all of them give.
fn own_rights(build: Option<u32>) -> Vec<(Sid, u32)> {
    let mut rights = vec![(Sid::SYSTEM, FILE_ALL_ACCESS), (Sid::NETWORK_SERVICE, FILE_GENERIC_READ)];
    match build {
        Some(build) if build >= SERVER_2019 => rights.push((Sid::of_service("SessionEnv"), FILE_ALL_ACCESS)),
        Some(_) => rights.push((Sid::ADMINISTRATORS, FILE_GENERIC_READ)),
        None => {}
    }
    rights
}

/// Adds what is missing, and removes what denies it: a list without any is one that lets everybody in, and stays.
fn mended(old: &Descriptor, rights: Vec<(Sid, u32)>) -> Descriptor {
    let mut new = old.clone();
    new.owner.get_or_insert(Sid::SYSTEM);
    let Some(dacl) = &old.dacl else { return new };
    let who: Vec<Sid> = rights.iter().map(|(sid, _)| *sid).chain(network_service_token()).collect();
    let denies = |ace: &Ace| ace.entry().is_some_and(|entry| entry.kind == AceKind::Deny && who.contains(&entry.sid));
    let mut aces: Vec<Ace> = dacl.aces.iter().filter(|ace| !denies(ace)).cloned().collect();
    for (sid, mask) in rights {
        let has = |ace: &Ace| {
            let entry = ace.entry().filter(|entry| entry.kind == AceKind::Allow && !entry.is_inherit_only());
            entry.is_some_and(|entry| entry.sid == sid && entry.mask & mask == mask)
        };
        if !aces.iter().any(has) {
            // Entries of the file itself come before those that it inherited.
            let at = aces.iter().position(|ace| ace.entry().is_some_and(|entry| entry.flags & 0x10 != 0));
            aces.insert(at.unwrap_or(aces.len()), Ace::allow(mask, sid));
        }
    }
    new.dacl = Some(Acl::of(aces));
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(sddl: &str, build: Option<u32>) -> String {
        mended(&sddl.parse().unwrap(), own_rights(build)).to_string()
    }

    #[test]
    fn what_is_missing_is_added_for_the_build_and_nothing_else_is_touched() {
        let session_env = "S-1-5-80-4022436659-1090538466-1613889075-870485073-3428993833";
        assert_eq!(
            after("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;S-1-5-21-1-2-3-500)", Some(20348)),
            format!("O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;S-1-5-21-1-2-3-500)(A;;FR;;;NS)(A;;FA;;;{session_env})")
        );
        assert_eq!(after("O:SYG:SYD:PAI(A;;FA;;;SY)", Some(9600)), "O:SYG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)(A;;FR;;;BA)");
        assert_eq!(after("O:BAG:SYD:PAI(A;;FA;;;SY)", None), "O:BAG:SYD:PAI(A;;FA;;;SY)(A;;FR;;;NS)");
    }

    #[test]
    fn denials_of_the_service_go_and_those_of_others_stay() {
        let guests = "(D;;FA;;;BG)";
        let before = format!("O:SYG:SYD:PAI(D;;FR;;;NS)(D;;FA;;;WD){guests}(A;;FA;;;SY)(A;;FR;;;NS)");
        assert_eq!(after(&before, None), format!("O:SYG:SYD:PAI{guests}(A;;FA;;;SY)(A;;FR;;;NS)"));
    }
}
