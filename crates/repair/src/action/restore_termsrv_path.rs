use rdpdoctor_diagnosis::causes::is_own_termsrv;
use rdpdoctor_machine::registry::Data;

use super::registry::set;
use super::{Action, Ground, Restart};
use crate::step::Step;

pub(super) const ACTION: Action = Action {
    id: "restore-termsrv-path",
    causes: &["termsrv-patched"],
    title: "Have the service load Windows' own termsrv.dll",
    interrupts: "restarting TermService cuts off every Remote Desktop session",
    risk: "sessions that only the other library allowed are gone",
    restart: Restart::Services,
    page: include_str!("restore-termsrv-path.md"),
    steps,
};

const PARAMETERS: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\TermService\Parameters";
const OWN: &str = r"%SystemRoot%\System32\termsrv.dll";

fn steps(ground: &Ground<'_>) -> Result<Vec<Step>, String> {
    let service = ground.host.service("TermService").flatten().ok_or("the machine has no service TermService")?;
    let library = service.library.as_deref().ok_or("which library the service loads was not read")?;
    let file = ground.machine.file(r"Windows\System32\termsrv.dll").map_err(|why| format!("{OWN}: {why}"))?;
    if is_own_termsrv(library) || file.is_none() {
        return Err(format!(
            "the file {OWN} is another or gone: sfc /scanfile=C:\\Windows\\System32\\termsrv.dll brings Windows' own back, \
             and a program must not guess it"
        ));
    }
    Ok(set(ground.machine, PARAMETERS, "ServiceDll", Data::of_expandable(OWN)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, steps_on};

    const FILE: &str = r"Windows\System32\termsrv.dll";

    #[test]
    fn a_wrapper_gives_way_to_windows_own() {
        let wrapped =
            World::server().file(FILE, 1).text(PARAMETERS, "ServiceDll", r"C:\Program Files\RDP Wrapper\rdpwrap.dll");
        assert_eq!(steps_on(&wrapped, &ACTION).unwrap(), [format!("set {PARAMETERS}, value ServiceDll, to \"{OWN}\"")]);
    }

    #[test]
    fn near_miss_a_file_that_is_patched_in_its_place_or_gone() {
        let patched = World::server().file(FILE, 1).text(PARAMETERS, "ServiceDll", r"C:\Windows\System32\termsrv.dll");
        assert!(steps_on(&patched, &ACTION).unwrap_err().contains("sfc"));
        let gone = World::server().text(PARAMETERS, "ServiceDll", r"C:\x.dll");
        assert!(steps_on(&gone, &ACTION).unwrap_err().contains("gone"));
    }
}
