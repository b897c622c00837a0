//! What a name looks like, whoever wrote it.

/// The container of the private key of Windows' own Remote Desktop certificate: the same on every machine.
const WELL_KNOWN: [&str; 1] = ["f686aace6942fb7f7ceb231212eef4a4"];
/// Shorter runs of hexadecimal digits are codes and sizes.
const SHORTEST_FINGERPRINT: usize = 16;
/// Words with a dot before these are files, not hosts.
const FILE_ENDINGS: [&str; 24] = [
    "bat", "cer", "cmd", "conf", "cpl", "dat", "dll", "evtx", "exe", "html", "inf", "ini", "json", "log", "md", "msc",
    "msi", "pcap", "pem", "pfx", "ps1", "rdp", "reg", "txt",
];
/// Words of ordinary sentences and commands. A host or a domain that is called so stands out in its own fields only,
/// and there it is replaced.
const COMMON: [&str; 88] = [
    "a",
    "access",
    "account",
    "address",
    "admin",
    "administrator",
    "all",
    "an",
    "and",
    "at",
    "authority",
    "by",
    "ca",
    "cert",
    "certificate",
    "client",
    "cmd",
    "com",
    "computer",
    "connection",
    "console",
    "control",
    "credssp",
    "desktop",
    "dns",
    "domain",
    "example",
    "for",
    "forest",
    "from",
    "gateway",
    "get",
    "group",
    "hklm",
    "host",
    "http",
    "https",
    "id",
    "in",
    "is",
    "it",
    "key",
    "local",
    "localhost",
    "lan",
    "machine",
    "microsoft",
    "name",
    "net",
    "network",
    "no",
    "not",
    "ntlm",
    "of",
    "on",
    "one",
    "or",
    "org",
    "path",
    "policy",
    "port",
    "rdp",
    "remote",
    "root",
    "rsa",
    "security",
    "server",
    "servers",
    "service",
    "services",
    "session",
    "set",
    "ssl",
    "system",
    "tcp",
    "terminal",
    "test",
    "the",
    "this",
    "time",
    "tls",
    "to",
    "user",
    "users",
    "vm",
    "windows",
    "with",
    "workgroup",
];

/// Whether the word would be replaced all over ordinary sentences.
pub(super) fn is_common(word: &str) -> bool {
    let word = word.to_lowercase();
    word.chars().all(|character| character.is_ascii_digit()) || COMMON.contains(&word.as_str())
}

/// Whether a word of a stranger's text is the DNS name of a host.
pub(super) fn is_dns_name(word: &str) -> bool {
    let word = word.trim_end_matches('.');
    let labels: Vec<&str> = word.split('.').collect();
    let is_label = |label: &&str| {
        let inner = |character: char| character.is_alphanumeric() || character == '-' || character == '_';
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(inner)
    };
    let Some(last) = labels.last() else { return false };
    labels.len() > 1
        && labels.iter().all(is_label)
        && last.chars().count() > 1
        && last.chars().all(char::is_alphabetic)
        && !FILE_ENDINGS.contains(&last.to_lowercase().as_str())
}

/// Whether these are the digits of a hash, a serial number or a key container.
pub(super) fn is_fingerprint(digits: &str) -> bool {
    digits.len() >= SHORTEST_FINGERPRINT && !WELL_KNOWN.contains(&digits.to_lowercase().as_str())
}

/// Whether it is a GUID without braces.
pub(super) fn is_guid(word: &str) -> bool {
    let groups: Vec<&str> = word.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether it is the SID of an account of a machine or a domain.
pub(super) fn is_account_sid(word: &str) -> bool {
    word.to_ascii_uppercase().starts_with("S-1-5-21-") || word.to_ascii_uppercase().starts_with("S-1-12-1-")
}

/// The words of a text as names are made of them.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character| !is_word(character))
        .map(|word| word.trim_matches(['.', '-']))
        .filter(|word| !word.is_empty())
}

pub(super) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names_are_told_from_files_and_numbers() {
        for name in ["mail.example.com", "ts01.corp", "xn--bcher-kva.example."] {
            assert!(is_dns_name(name), "{name}");
        }
        for other in ["cmd.exe", "OpenSSH_9.6", "1.2", "e.g", "ts01", "a..b", "certlm.msc"] {
            assert!(!is_dns_name(other), "{other}");
        }
    }

    #[test]
    fn what_every_machine_has_is_no_fingerprint() {
        assert!(is_fingerprint("0123456789abcdef"));
        assert!(!is_fingerprint("0x904") && !is_fingerprint("f686aace6942fb7f7ceb231212eef4a4"));
        assert!(is_guid("00112233-4455-6677-8899-aabbccddeeff") && !is_guid("00112233-4455-6677-8899"));
        assert!(is_account_sid("S-1-5-21-1-2-3-500") && !is_account_sid("S-1-5-18"));
    }
}
