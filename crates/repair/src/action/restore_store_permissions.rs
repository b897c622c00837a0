use rdpdoctor_machine::Unreadable;
use rdpdoctor_machine::security::{
    Ace, AceKind, Acl, Descriptor, GenericMapping, INHERITED, KEY_ALL_ACCESS, Sid, system_token,
};

use super::own_certificate::STORE as CERTIFICATES;
use super::{Action, Ground, Restart};
use crate::step::Step;

/// The store itself; Windows ships it with what it inherits from the key above.
const STORE: &str = r"HKLM\SOFTWARE\Microsoft\SystemCertificates\Remote Desktop";
/// CONTAINER_INHERIT_ACE: keys that are made below have the entry too.
const FOR_KEYS_BELOW: u8 = 0x02;
/// The store holds one certificate, and a few that are over.
const MOST_CERTIFICATES: usize = 64;

pub(super) const ACTION: Action = Action {
    id: "restore-store-permissions",
    causes: &["certificate-not-renewed"],
    title: "Let SYSTEM write to the store of Windows' own certificate again",
    interrupts: "",
    risk: "none known: entries for other accounts stay as they are",
    restart: Restart::Nothing,
    page: include_str!("restore-store-permissions.md"),
    steps,
};

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let is_shut =
        ground.host.store_keys.values().filter_map(|key| key.observed()?.as_ref()).any(|key| !key.system_writes);
    if !is_shut {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    for key in [STORE, CERTIFICATES] {
        match ground.machine.key_descriptor(key) {
            Ok(Some(bytes)) => steps.extend(opened(key, &bytes)?),
            // Windows makes it anew.
            Ok(None) => {}
            Err(why) => return Err(format!("{key}: {why}")),
        }
    }
    for key in certificates(ground) {
        if let Ok(Some(bytes)) = ground.machine.key_descriptor(&key) {
            steps.extend(opened(&key, &bytes)?);
        }
    }
    Ok(steps)
}

/// The certificates that lie there: what denied SYSTEM the store may have been inherited by them.
fn certificates(ground: &Ground<'_>) -> Vec<String> {
    let names = ground.machine.key(CERTIFICATES).ok().flatten().unwrap_or_default().keys;
    names.into_iter().take(MOST_CERTIFICATES).map(|name| format!("{CERTIFICATES}\\{name}")).collect()
}

fn opened(key: &str, bytes: &[u8]) -> Result<Option<Step>, String> {
    let unread = |why: &dyn std::fmt::Display| format!("{key}: {}", Unreadable::Damaged(why.to_string()));
    let old = Descriptor::read(bytes).map_err(|why| unread(&why))?;
    let new = mended(key, &old)?;
    if new == old {
        return Ok(None);
    }
    let descriptor = new.to_bytes().map_err(|why| unread(&why))?;
    Ok(Some(Step::SetKeyDescriptor { key: key.to_owned(), descriptor }))
}

/// Without what denies SYSTEM something, and with full control for it where it has less. A key without any list is one
/// that lets everybody in, and stays.
fn mended(key: &str, old: &Descriptor) -> Result<Descriptor, String> {
    let Some(dacl) = &old.dacl else { return Ok(old.clone()) };
    if key == STORE && dacl.aces.iter().any(|ace| denies_system(ace) && is_inherited(ace)) {
        return Err(format!(
            "what denies SYSTEM the key {key} is inherited from a key above, which more than Remote Desktop uses: take it \
             away there (regedit, Permissions, Advanced names the key), and look again"
        ));
    }
    let mut new = old.clone();
    // What a key below has inherited came from the store, which is mended too.
    let mut aces: Vec<Ace> = dacl.aces.iter().filter(|ace| !denies_system(ace)).cloned().collect();
    new.dacl = Some(Acl::of(aces.clone()));
    if !is_open(&new) {
        let at = aces.iter().position(is_inherited);
        aces.insert(at.unwrap_or(aces.len()), full_control());
        new.dacl = Some(Acl::of(aces));
    }
    if is_open(&new) {
        return Ok(new);
    }
    Err(format!(
        "an entry of the key {key} denies it to a group that SYSTEM is in ({old}): whoever made it must see whom it was \
         meant for, and take it away"
    ))
}

fn is_open(descriptor: &Descriptor) -> bool {
    descriptor.access_to(&system_token(), &GenericMapping::KEY).granted & KEY_ALL_ACCESS == KEY_ALL_ACCESS
}

fn denies_system(ace: &Ace) -> bool {
    ace.entry().is_some_and(|entry| entry.kind == AceKind::Deny && entry.sid == Sid::SYSTEM)
}

fn is_inherited(ace: &Ace) -> bool {
    ace.entry().is_some_and(|entry| entry.flags & INHERITED != 0)
}

fn full_control() -> Ace {
    let mut ace = Ace::allow(KEY_ALL_ACCESS, Sid::SYSTEM);
    if let Ace::Entry(entry) = &mut ace {
        entry.flags = FOR_KEYS_BELOW;
    }
    ace
}

#[cfg(test)]
mod tests {
    use rdpdoctor_diagnosis::testing::CertificateMaker;
    use rdpdoctor_sources::host::snapshot;

    use super::*;
    use crate::action::Options;
    use crate::plan::Plan;
    use crate::testing::{World, entry_of, on, steps_on};

    const SHIPPED: &str = "O:BAG:SYD:AI(A;CIID;KR;;;BU)(A;CIID;KA;;;BA)(A;CIID;KA;;;SY)(A;CIIOID;KA;;;CO)";
    const DENIED: &str = "O:BAG:SYD:AI(D;CI;KW;;;SY)(A;CIID;KR;;;BU)(A;CIID;KA;;;BA)(A;CIID;KA;;;SY)";
    const BELOW: &str = "O:BAG:SYD:AI(D;CIID;KW;;;SY)(A;CIID;KR;;;BU)(A;CIID;KA;;;BA)(A;CIID;KA;;;SY)";
    const OPENED: &str = "O:BAG:SYD:AI(A;CIID;KR;;;BU)(A;CIID;KA;;;BA)(A;CIID;KA;;;SY)";

    fn after(key: &str, sddl: &str) -> Result<String, String> {
        mended(key, &sddl.parse().unwrap()).map(|new| new.to_string())
    }

    fn set(key: &str, sddl: &str) -> Step {
        Step::SetKeyDescriptor {
            key: key.to_owned(),
            descriptor: sddl.parse::<Descriptor>().unwrap().to_bytes().unwrap(),
        }
    }

    fn shut() -> World {
        World::server().rights_of_key(STORE, DENIED).rights_of_key(CERTIFICATES, BELOW)
    }

    #[test]
    fn denials_of_system_go_and_nothing_else() {
        assert_eq!(after(STORE, SHIPPED).as_deref(), Ok(SHIPPED));
        assert_eq!(after(STORE, DENIED).as_deref(), Ok(OPENED));
        assert_eq!(after(CERTIFICATES, BELOW).as_deref(), Ok(OPENED));
        let others = "O:BAG:SYD:PAI(D;;KA;;;BG)(D;CI;SD;;;S-1-5-21-1-2-3-500)";
        assert_eq!(
            after(STORE, &format!("{others}(D;CIIO;KA;;;SY)(A;CI;KA;;;BA)")),
            Ok(format!("{others}(A;CI;KA;;;BA)")),
            "what denies it only to keys below, too"
        );
    }

    #[test]
    fn full_control_is_added_where_it_is_missing_before_what_is_inherited() {
        assert_eq!(
            after(STORE, "O:BAG:SYD:(A;;KR;;;SY)(A;CIID;KR;;;BU)").as_deref(),
            Ok("O:BAG:SYD:(A;;KR;;;SY)(A;CI;KA;;;SY)(A;CIID;KR;;;BU)")
        );
        assert_eq!(after(STORE, "O:BAG:SYD:P").as_deref(), Ok("O:BAG:SYD:P(A;CI;KA;;;SY)"));
    }

    #[test]
    fn what_comes_from_above_or_is_meant_for_others_is_left_to_a_person() {
        assert!(after(STORE, BELOW).unwrap_err().contains("inherited from a key above"));
        assert!(
            after(STORE, "O:BAG:SYD:(D;CI;KW;;;WD)(A;CI;KA;;;SY)").unwrap_err().contains("a group that SYSTEM is in")
        );
    }

    #[test]
    fn the_store_and_what_inherited_from_it_are_opened() {
        let entry = entry_of(&CertificateMaker::windows("TS01"));
        let steps = on(&shut().rights_of_key(&entry, BELOW), steps);
        assert_eq!(steps, Ok(vec![set(STORE, OPENED), set(CERTIFICATES, OPENED), set(&entry, OPENED)]));
    }

    #[test]
    fn a_certificate_in_date_stays_and_one_that_ended_goes_with_the_permissions_that_it_has() {
        let plan = |world: &World| {
            let host = snapshot(world, jiff::Timestamp::UNIX_EPOCH);
            Plan::make(&["certificate-not-renewed"], world, &host, &Options::default()).unwrap()
        };
        let ahead = plan(&shut());
        assert_eq!((ahead.measures.len(), ahead.stops.len(), &ahead.refused[..]), (1, 0, &[][..]));
        let ended = CertificateMaker::windows("TS01").valid(-200, -17);
        let both = plan(&shut().holds(&ended).rights_of_key(&entry_of(&ended), BELOW));
        let done: Vec<&str> = both.measures.iter().map(|measure| measure.action.id).collect();
        assert_eq!(done, ["restore-store-permissions", "renew-certificate"]);
        assert_eq!(both.measures[0].steps.len(), 2);
    }

    #[test]
    fn near_misses() {
        assert_eq!(steps_on(&World::server(), &ACTION).unwrap(), [""; 0]);
        let open = World::server().rights_of_key(STORE, SHIPPED).rights_of_key(CERTIFICATES, OPENED);
        assert_eq!(steps_on(&open, &ACTION).unwrap(), [""; 0]);
    }
}
