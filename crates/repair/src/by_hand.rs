//! A step as what a person would type in cmd.exe.

use rdpdoctor_machine::change::Start;
use rdpdoctor_machine::hex;
use rdpdoctor_machine::registry::{Data, REG_BINARY, REG_DWORD, REG_EXPAND_SZ, REG_MULTI_SZ, REG_QWORD, REG_SZ};

use crate::step::{Step, sddl};

impl Step {
    /// Lines for cmd.exe that do the same; none where nothing is done.
    pub fn by_hand(&self) -> Vec<String> {
        match self {
            Self::SetValue { key, name, data } => vec![add(key, name, data)],
            Self::DeleteValue { key, name } => vec![format!("reg delete {} {} /f", quoted(key), value(name))],
            Self::CreateKey { key } => vec![format!("reg add {} /f", quoted(key))],
            Self::DeleteKey { key } => vec![format!("reg delete {} /f", quoted(key))],
            Self::SetStart { service, start } => vec![format!("sc config {service} start= {}", word(*start))],
            Self::SetAccount { service, account } => vec![set_account(service, account)],
            Self::StopService { service } => vec![format!("net stop {service} /y")],
            Self::StartService { service } => vec![format!("net start {service}")],
            Self::SetDescriptor { path, descriptor } => vec![set_permissions(path, descriptor)],
            Self::SetKeyDescriptor { key, descriptor } => vec![set_key_permissions(key, descriptor)],
            Self::MoveAside { path } => {
                let name = path.rsplit('\\').next().unwrap_or(path);
                vec![format!("move {} {}", on_drive(path), on_drive(&format!("{name}.rdpdoctor-kept")))]
            }
            Self::MoveFile { from, to } => vec![format!("move {} {}", on_drive(from), on_drive(to))],
            Self::SwitchRule { name, on, .. } => switch(name, *on),
            Self::WatchValue { .. } | Self::WatchKeys { .. } | Self::WatchFile { .. } => Vec::new(),
        }
    }
}

fn add(key: &str, name: &str, data: &Data) -> String {
    let (kind, text) = match data.kind {
        REG_SZ => ("REG_SZ", data.text().unwrap_or_default()),
        REG_EXPAND_SZ => ("REG_EXPAND_SZ", data.text().unwrap_or_default()),
        REG_MULTI_SZ => ("REG_MULTI_SZ", data.list().unwrap_or_default().join("\\0")),
        REG_DWORD => ("REG_DWORD", data.dword().unwrap_or_default().to_string()),
        REG_QWORD => ("REG_QWORD", data.qword().unwrap_or_default().to_string()),
        REG_BINARY => ("REG_BINARY", hex::of(&data.bytes)),
        kind => return format!("rem {key}: {name} has type {kind}, which reg.exe cannot write"),
    };
    format!("reg add {} {} /t {kind} /d {} /f", quoted(key), value(name), quoted(&text))
}

fn value(name: &str) -> String {
    if name.is_empty() { "/ve".to_owned() } else { format!("/v {}", quoted(name)) }
}

fn word(start: Start) -> &'static str {
    match start {
        Start::Automatic => "auto",
        Start::Demand => "demand",
        Start::Disabled => "disabled",
    }
}

/// The line that gives a service an account without a password.
pub(crate) fn set_account(service: &str, account: &str) -> String {
    format!("sc config {service} obj= {} password= \"\"", quoted(account))
}

/// The access list alone, and of this key alone as far as it says so itself.
fn set_key_permissions(key: &str, descriptor: &[u8]) -> String {
    let key = key.replacen("HKLM", "HKEY_LOCAL_MACHINE", 1).replace('\'', "''");
    let sddl = sddl(descriptor).replace('\'', "''");
    format!(
        "powershell -NoProfile -Command \"$k = 'Registry::{key}'; $a = Get-Acl -LiteralPath $k; \
         $a.SetSecurityDescriptorSddlForm('{sddl}', 'Access'); Set-Acl -LiteralPath $k $a\""
    )
}

/// icacls cannot set a list as a whole.
fn set_permissions(path: &str, descriptor: &[u8]) -> String {
    let path = path.replace('\'', "''");
    let sddl = sddl(descriptor).replace('\'', "''");
    format!(
        "powershell -NoProfile -Command \"$f = Get-Item -Force -LiteralPath ($env:SystemDrive + '\\{path}'); \
         $a = $f.GetAccessControl(); $a.SetSecurityDescriptorSddlForm('{sddl}'); $f.SetAccessControl($a)\""
    )
}

/// The cmdlet knows rules by the names of their values. Windows 7 lacks it.
fn switch(name: &str, on: bool) -> Vec<String> {
    let (name, enabled) = (name.replace('\'', "''"), if on { "True" } else { "False" });
    vec![format!("powershell -NoProfile -Command \"Set-NetFirewallRule -Name '{name}' -Enabled {enabled}\"")]
}

fn on_drive(path: &str) -> String {
    format!("\"%SystemDrive%\\{path}\"")
}

/// In quotes; `%` would be read as a variable, and a quote ends the text.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\"").replace('%', "%%"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdpdoctor_machine::security::Descriptor;

    #[test]
    fn permissions_of_a_key_and_accounts_are_typed() {
        let descriptor = "O:BAG:SYD:PAI(A;CI;KA;;;SY)".parse::<Descriptor>().unwrap().to_bytes().unwrap();
        let key = Step::SetKeyDescriptor { key: r"HKLM\SOFTWARE\It's".to_owned(), descriptor };
        let [line] = &key.by_hand()[..] else { panic!("one line") };
        assert!(line.contains(r"$k = 'Registry::HKEY_LOCAL_MACHINE\SOFTWARE\It''s'; "), "{line}");
        assert!(line.contains("Form('O:BAG:SYD:PAI(A;CI;KA;;;SY)', 'Access'); Set-Acl -LiteralPath $k $a\""), "{line}");
        let account = Step::SetAccount { service: "TermService".to_owned(), account: r"NT AUTHORITY\X".to_owned() };
        assert_eq!(account.by_hand(), [r#"sc config TermService obj= "NT AUTHORITY\X" password= """#]);
    }
}
