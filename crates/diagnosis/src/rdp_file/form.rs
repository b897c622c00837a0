use super::{File, Remark, quoted};
use crate::catalogue::rdp_file_setting;
use crate::evidence::Target;
use crate::evidence::snapshot::{SavedConnection, SavedSetting, SettingKind};

pub(super) fn of(file: File<'_>) -> impl Iterator<Item = Remark> {
    let about_all =
        [address(file), alternate(file), gateway(file), gateway_name(file), kdc_proxy(file), cut(file.saved)];
    let in_force = file.saved.settings.iter().filter(move |setting| file.line(&setting.name) == Some(setting.line));
    about_all.into_iter().flatten().chain(in_force.filter_map(value)).chain(overridden(file)).chain(damage(file.saved))
}

fn address(file: File<'_>) -> Option<Remark> {
    let line = file.line("full address");
    let Some(address) = file.text("full address") else {
        let is_default = file.saved.place.to_ascii_lowercase().ends_with("default.rdp");
        return (!is_default).then(|| Remark::grave(line, "it names no computer (full address)"));
    };
    let error = address.parse::<Target>().err()?;
    Some(Remark::grave(line, format!("full address cannot be connected to: {error}")))
}

/// Clients do not agree which of the two they take.
fn alternate(file: File<'_>) -> Option<Remark> {
    let (address, alternate) = (file.text("full address")?, file.text("alternate full address")?);
    let host = |text: &str| text.parse::<Target>().ok().map(|target| target.host.to_ascii_lowercase());
    let text = format!("alternate full address names {}, and full address {}", quoted(alternate), quoted(address));
    (host(address) != host(alternate)).then(|| Remark::note(file.line("alternate full address"), text))
}

fn gateway(file: File<'_>) -> Option<Remark> {
    let used = file.number("gatewayusagemethod").filter(|method| [1, 2].contains(method))?;
    let line = file.line("gatewayusagemethod");
    match file.text("gatewayhostname") {
        // The administrator's gateway needs no name here.
        None if file.number("gatewayprofileusagemethod") != Some(1) => None,
        None => Some(Remark::grave(line, "a gateway is to be used, and gatewayhostname names none")),
        Some(name) if used == 1 => {
            let text = format!(
                "everything goes through the gateway {}: a direct connection shows nothing of that way",
                quoted(name)
            );
            Some(Remark::note(line, text))
        }
        Some(_) => None,
    }
}

fn gateway_name(file: File<'_>) -> Option<Remark> {
    let error = file.text("gatewayhostname")?.parse::<Target>().err()?;
    Some(Remark::grave(file.line("gatewayhostname"), format!("gatewayhostname names no gateway: {error}")))
}

fn kdc_proxy(file: File<'_>) -> Option<Remark> {
    let alone = file.number("rdgiskdcproxy") == Some(1) && file.text("gatewayhostname").is_none();
    let text = "rdgiskdcproxy is 1, and there is no gateway to ask for Kerberos tickets";
    alone.then(|| Remark::note(file.line("rdgiskdcproxy"), text))
}

fn cut(saved: &SavedConnection) -> Option<Remark> {
    saved.cut.then(|| Remark::grave(None, "it is too long for a connection file: the rest of it was not read"))
}

/// A value of the wrong type or outside what the setting takes.
fn value(setting: &SavedSetting) -> Option<Remark> {
    let known = rdp_file_setting(&setting.name)?;
    let kind = match setting.kind {
        SettingKind::Integer => 'i',
        SettingKind::Text => 's',
        SettingKind::Binary => 'b',
        SettingKind::Secret => return None,
    };
    if kind != known.kind {
        let text = format!("{} has type {kind}; clients that look for type {} pass it over", known.name, known.kind);
        return Some(Remark::note(Some(setting.line), text));
    }
    let number = setting.value.parse::<i64>().ok().filter(|_| kind == 'i')?;
    if known.values.is_empty() || known.values.contains(&number) {
        return None;
    }
    let takes: Vec<String> = known.values.iter().map(ToString::to_string).collect();
    Some(Remark::note(Some(setting.line), format!("{} is {number}; it takes {}", known.name, takes.join(", "))))
}

/// Of lines with one name the last counts.
fn overridden(file: File<'_>) -> impl Iterator<Item = Remark> {
    file.saved.settings.iter().filter_map(move |setting| {
        let last = file.saved.get(&setting.name).filter(|last| last.line != setting.line)?;
        let name = quoted(&setting.name);
        Some(Remark::note(Some(setting.line), format!("{name} is set again in line {}, which counts", last.line)))
    })
}

fn damage(saved: &SavedConnection) -> impl Iterator<Item = Remark> {
    saved
        .damage
        .iter()
        .map(|damaged| Remark::note(Some(damaged.line), format!("the line is no setting: {}", damaged.fault)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<(Option<usize>, bool)> {
        let saved = SavedConnection::read("C:\\a.rdp", text.as_bytes());
        of(File { index: 0, saved: &saved }).map(|remark| (remark.line, remark.grave)).collect()
    }

    fn said_of(rest: &str) -> Vec<(Option<usize>, bool)> {
        said(&format!("full address:s:ts01\n{rest}"))
    }

    #[test]
    fn an_address_is_there_and_can_be_connected_to() {
        assert_eq!(said("full address:s:ts01:3390"), []);
        assert_eq!(said("full address:s:rdp://ts01"), [(Some(1), true)]);
        assert_eq!(said("full address:s:ts01:99999"), [(Some(1), true)]);
        assert_eq!(said("full address:s:"), [(Some(1), true)]);
        let default = SavedConnection::read("C:\\Users\\a\\Documents\\Default.rdp", b"full address:s:");
        assert_eq!(of(File { index: 0, saved: &default }).count(), 0);
    }

    #[test]
    fn a_gateway_that_is_used_has_a_name() {
        assert_eq!(said_of("gatewayusagemethod:i:1\ngatewayprofileusagemethod:i:1"), [(Some(2), true)]);
        assert_eq!(said_of("gatewayusagemethod:i:1\ngatewayhostname:s:gw.example.com:443"), [(Some(2), false)]);
        assert_eq!(said_of("gatewayusagemethod:i:4\ngatewayhostname:s:"), []);
        assert_eq!(said_of("gatewayhostname:s:https://gw.example.com/"), [(Some(2), true)]);
        assert_eq!(said_of("rdgiskdcproxy:i:1"), [(Some(2), false)]);
    }

    #[test]
    fn two_addresses_agree() {
        assert_eq!(said_of("alternate full address:s:TS01:3389"), []);
        assert_eq!(said_of("alternate full address:s:ts02"), [(Some(2), false)]);
    }

    #[test]
    fn values_are_of_their_type_and_among_those_that_are_known() {
        assert_eq!(said_of("authentication level:i:7"), [(Some(2), false)]);
        assert_eq!(said_of("authentication level:s:2"), [(Some(2), false)]);
        assert_eq!(said_of("authentication level:i:3\ndesktopwidth:i:123\nunknown:b:00"), []);
    }

    #[test]
    fn lines_that_count_for_nothing_are_named() {
        assert_eq!(
            said_of("audiomode:i:0\naudiomode:i:9\nbroken"),
            [(Some(3), false), (Some(2), false), (Some(4), false)]
        );
        let saved = SavedConnection { cut: true, ..SavedConnection::read("a", b"full address:s:ts01") };
        assert!(of(File { index: 0, saved: &saved }).all(|remark| remark.grave && remark.line.is_none()));
    }

    #[test]
    fn real_files_of_users_give_no_grave_remark() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/rdp");
        let Ok(entries) = std::fs::read_dir(&folder) else {
            eprintln!("skipped: no sample files at {}", folder.display());
            return;
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let saved = SavedConnection::read(path.display().to_string(), &std::fs::read(&path).unwrap());
            let grave = of(File { index: 0, saved: &saved }).filter(|remark| remark.grave);
            assert_eq!(grave.map(|remark| remark.text).collect::<Vec<_>>(), Vec::<String>::new(), "{}", path.display());
        }
    }
}
