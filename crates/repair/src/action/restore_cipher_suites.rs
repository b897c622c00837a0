use rdpdoctor_diagnosis::causes::suites_suffice;
use rdpdoctor_diagnosis::evidence::Snapshot;
use rdpdoctor_diagnosis::evidence::snapshot::{Reading, RegistryValue};
use rdpdoctor_diagnosis::host_tls::defaults;
use rdpdoctor_machine::registry::Data;

use super::registry::{delete, known};
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "restore-cipher-suites",
    causes: &["schannel-ciphers-restricted"],
    title: "Give the server cipher suites that clients have; Schannel reads them when Windows starts",
    interrupts: "",
    risk: "a list that somebody set is gone; no suite comes back that current Windows does not use",
    restart: Restart::Windows,
    page: include_str!("restore-cipher-suites.md"),
    steps,
};

const SCHANNEL: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL";
/// What TLS 1.2 with elliptic curves stands on. RC4, DES, MD5 and their like stay off.
const SWITCHES: [&str; 5] =
    [r"Ciphers\AES 128/128", r"Ciphers\AES 256/256", r"Hashes\SHA256", r"Hashes\SHA384", r"KeyExchangeAlgorithms\ECDH"];
/// The first build whose names of suites bear no curve.
const WITHOUT_CURVES: u32 = 10240;

/// The least that helps: one place where that is enough, or one after the other.
fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let places = [
        set_by_policy("suite-policy", ground)?,
        own_list(ground)?,
        switches(ground.host),
        set_by_policy("curve-policy", ground)?,
    ];
    let helps = |steps: &[Step]| suites_suffice(&with(ground.host, steps)) == Some(true);
    if let Some(place) = places.iter().find(|place| helps(place)) {
        return Ok(place.clone());
    }
    let mut all = Vec::new();
    for place in places {
        all.extend(place);
        if helps(&all) {
            return Ok(all);
        }
    }
    Err("what keeps the suites back is none of the lists and switches that can be taken back here: compare Get-TlsCipherSuite \
         and Get-TlsEccCurve with those of a machine of the same build"
        .to_owned())
}

fn set_by_policy(id: &str, ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let list = known(id)?;
    let is_set = ground.host.value(list.path, list.value).value().is_some();
    Ok(is_set.then(|| delete(list.path, list.value)).into_iter().collect())
}

/// The build's own list, where the names are known under which it has them; nothing older than AES comes back.
fn own_list(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let (list, host) = (known("suite-local")?, ground.host);
    let build = host.build.observed().map(|build| build.number).filter(|build| *build >= WITHOUT_CURVES);
    let own = defaults(host).filter(|own| build.is_some_and(|build| own.builds.contains(&build)));
    let (Some(own), true) = (own, host.value(list.path, list.value).value().is_some()) else { return Ok(Vec::new()) };
    let names: Vec<&str> =
        own.suites.iter().filter_map(|suite| suite.name()).filter(|name| name.contains("_AES_")).collect();
    let (key, name) = (list.path.to_owned(), list.value.to_owned());
    Ok(vec![Step::SetValue { key, name, data: Data::of_list(names) }])
}

fn switches(host: &Snapshot) -> Vec<Step> {
    let paths = SWITCHES.iter().map(|below| format!(r"{SCHANNEL}\{below}"));
    let is_off = |path: &String| host.value(path, "Enabled").value().and_then(RegistryValue::number) == Some(0);
    paths.filter(is_off).map(|path| delete(&path, "Enabled")).collect()
}

/// What the machine would show after these steps.
fn with(host: &Snapshot, steps: &[Step]) -> Snapshot {
    let mut after = host.clone();
    for step in steps {
        let (Step::DeleteValue { key, name } | Step::SetValue { key, name, .. }) = step else { continue };
        let Some(Reading::Observed(Some(found))) = after.registry.get_mut(key) else { continue };
        found.values.retain(|known, _| !known.eq_ignore_ascii_case(name));
        if let Step::SetValue { data, .. } = step {
            found.values.insert(name.clone(), RegistryValue::MultiSz(data.list().unwrap_or_default()));
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use rdpdoctor_machine::change::Change;

    use super::*;
    use crate::testing::{World, steps_on};

    const POLICY: &str = r"HKLM\SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002";
    const LOCAL: &str = r"HKLM\SYSTEM\CurrentControlSet\Control\Cryptography\Configuration\Local\SSL\00010002";
    const OLD: &str = "TLS_RSA_WITH_RC4_128_SHA";

    fn off(world: World, below: &str) -> World {
        let key = format!(r"{SCHANNEL}\{below}");
        world.with_key(&key).value(&key, "Enabled", 0)
    }

    fn local(world: World) -> World {
        let world = world.with_key(LOCAL);
        world.set_value(LOCAL, "Functions", &Data::of_list([OLD])).unwrap();
        world
    }

    #[test]
    fn a_list_of_policy_goes_and_with_it_nothing_that_does_no_harm() {
        let world = off(World::server().text(POLICY, "Functions", OLD), r"Ciphers\AES 128/128");
        assert_eq!(steps_on(&world, &ACTION).unwrap(), [format!("delete {POLICY}, value Functions")]);
    }

    #[test]
    fn a_local_list_becomes_that_of_the_build() {
        let steps = steps_on(&local(World::server()), &ACTION).unwrap();
        assert!(steps[0].starts_with(&format!("set {LOCAL}, value Functions, to TLS_ECDHE_ECDSA_WITH_AES_256_GCM")));
        assert_eq!(steps.len(), 1);
        let both = local(World::server().text(POLICY, "Functions", OLD));
        assert_eq!(steps_on(&both, &ACTION).unwrap().len(), 2);
    }

    #[test]
    fn switches_of_what_is_safe_go_and_rc4_stays_off() {
        let all = [r"Ciphers\AES 128/128", r"Ciphers\AES 256/256", r"Ciphers\RC4 128/128", r"Ciphers\Triple DES 168"];
        let world = all.into_iter().fold(World::server(), off);
        let gone = |below| format!(r"delete {SCHANNEL}\{below}, value Enabled");
        assert_eq!(steps_on(&world, &ACTION).unwrap(), [gone(all[0]), gone(all[1])]);
    }

    #[test]
    fn a_list_of_a_build_with_other_names_is_not_made_up() {
        assert!(steps_on(&local(World::server().build("9600")), &ACTION).unwrap_err().contains("same build"));
    }
}
