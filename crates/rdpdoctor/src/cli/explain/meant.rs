use rdpdoctor_diagnosis::catalogue::codes::{by_name, events, read};
use rdpdoctor_diagnosis::causes;

use super::{REMEDY, repairs};

/// Whether what stands where a host would is something to explain: a number, the name of a code, an event, a dialog.
pub(in crate::cli) fn is_meant(first: &str, second: Option<&str>) -> bool {
    causes::find(first).is_some()
        || repairs::find(first).is_some()
        || first.starts_with(REMEDY)
        || is_code(first)
        || is_symbol(first)
        || is_several(first)
        || second.is_some_and(|id| is_number(id) && is_provider(first))
        || (first.contains(char::is_whitespace) && !read(first).codes.is_empty())
}

/// A host is never a bare number.
fn is_code(text: &str) -> bool {
    text.starts_with("0x") || text.starts_with("0X") || is_number(text.strip_prefix('-').unwrap_or(text))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A common word may be the name of a host as well: `congestion`.
fn is_symbol(text: &str) -> bool {
    let is_marked = text.contains('_') || text.chars().skip(1).any(char::is_uppercase);
    is_marked && !by_name(text).is_empty()
}

/// `2308/7`, `Schannel/36874`; not `10.0.0.0/24`.
fn is_several(text: &str) -> bool {
    text.rsplit_once('/').is_some_and(|(who, id)| is_number(id) && (is_code(who) || is_provider(who)))
}

fn is_provider(word: &str) -> bool {
    word.eq_ignore_ascii_case("event") || events().iter().any(|event| event.is_from(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_no_hosts() {
        let numbers = ["0x904/0x7", "0x904", "2308", "-2146893007", "2308/7"];
        let names = [
            "handshake_failure",
            "ERRCONNECT_TLS_CONNECT_FAILED",
            "HandshakeFailure",
            "port-closed",
            "remedy:reboot",
            "grant-key-read",
        ];
        for code in numbers.into_iter().chain(names).chain(["Schannel/36874", "Error code: 0x904"]) {
            assert!(is_meant(code, None), "{code}");
        }
        assert!(is_meant("event", Some("1057")) && is_meant("Schannel", Some("36874")));
    }

    #[test]
    fn hosts_are_no_codes() {
        let names = ["ts01", "Ts01", "ts_01", "ts01.corp.example", "congestion", "event", "schannel"];
        let addresses = ["10.0.0.5", "10.0.0.0/24", "ts01:3390", "[::1]:3389", "fe80::1", ""];
        for host in names.into_iter().chain(addresses) {
            assert!(!is_meant(host, None), "{host}");
        }
        assert!(!is_meant("ts01", Some("2308")));
    }
}
