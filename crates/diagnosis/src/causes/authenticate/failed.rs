//! Logons that failed, as the server's own log has them: each is about one account, never about everybody.

use crate::catalogue::codes::{Code, lookup};
use crate::causes::logged::moment;
use crate::causes::logons::{client_fact, people};
use crate::evidence::snapshot::{LoggedClient, LoggedLogon};
use crate::evidence::{Evidence, Snapshot};
use crate::{Detection, Proof, ProofItem, Severity};

/// Of the failures of one reason so many are told.
const TOLD: usize = 3;

/// What the log shows of this cause, where somebody read it and the wire does not refute it; else what the wire says.
pub(super) fn by_log(evidence: &Evidence, wire: Detection, cause: &str) -> Detection {
    let host = evidence.host.as_deref().filter(|_| wire != Detection::RuledOut);
    host.and_then(|host| met(host, cause)).map_or(wire, Detection::Likely)
}

/// People whose logons failed for this cause. Who got in otherwise, or merely mistyped, is worth knowing and no fault.
pub(super) fn met(host: &Snapshot, cause: &str) -> Option<Proof> {
    let mut failures: Vec<Failure<'_>> = failures(host, cause).collect();
    failures.sort_by_key(|failure| (failure.seems_remote_desktop(), failure.client.last));
    let newest = failures.last()?;
    let severity = if cause != "bad-credentials" && failures.iter().any(Failure::keeps_out) {
        Severity::Degrades
    } else {
        Severity::Informs
    };
    let remote = newest.seems_remote_desktop();
    let weigh = |place: usize| if place > 0 { 0 } else { 6 + 7 * i16::from(remote) };
    let last = failures.iter().rev().take(TOLD).enumerate();
    let items: Vec<ProofItem> = last.map(|(place, failure)| failure.item(weigh(place))).collect();
    let proof = Proof { items, ..Proof::default() }.severity(severity);
    Some(if remote { proof } else { proof.missing("whether they came by Remote Desktop: 4625 names the process") })
}

/// Logons of one client that failed for one reason.
struct Failure<'a> {
    index: usize,
    client: &'a LoggedClient,
    logon: &'a LoggedLogon,
    code: &'static Code,
}

impl Failure<'_> {
    /// Whether the same client also shows as one of Remote Desktop: other logons over the network fail in the same way.
    fn seems_remote_desktop(&self) -> bool {
        let client = self.client;
        [client.connections, client.established, client.broken, client.authenticated, client.sessions]
            .iter()
            .any(|n| *n > 0)
    }

    /// Whether the client never got any further.
    fn keeps_out(&self) -> bool {
        self.client.sessions == 0
    }

    fn item(&self, decibans: i16) -> ProofItem {
        let (times, address) = (self.logon.times, self.client.address);
        // Without NLA the log names no address.
        let from = if address.is_unspecified() { String::new() } else { format!(" from {address}") };
        let logons = if times == 1 { "one logon".to_owned() } else { format!("{times} logons") };
        let text = format!(
            "{logons}{from} until {} failed with {} ({})",
            moment(self.client.last),
            self.code.number(),
            self.code.name
        );
        ProofItem { text, facts: vec![client_fact(self.index)], decibans }
    }
}

fn failures<'a>(host: &'a Snapshot, cause: &str) -> impl Iterator<Item = Failure<'a>> {
    let all = people(host).flat_map(|(index, client)| client.failed.iter().map(move |logon| (index, client, logon)));
    all.filter_map(move |(index, client, logon)| {
        let code = lookup(logon.status).into_iter().find(|code| code.family.id == "ntstatus")?;
        let fits = code.causes.first() == Some(&cause);
        fits.then_some(Failure { index, client, logon, code })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::find;
    use crate::judge;
    use crate::testing::{Machine, logged_client};

    const STATUSES: [(u32, &str); 12] = [
        (0xC000_006A, "bad-credentials"),
        (0xC000_0064, "bad-credentials"),
        (0xC000_006D, "bad-credentials"),
        (0xC000_0234, "account-locked"),
        (0xC000_0072, "account-disabled"),
        (0xC000_0193, "account-expired"),
        (0xC000_006F, "account-restricted"),
        (0xC000_0071, "password-expired"),
        (0xC000_0224, "password-expired"),
        (0xC000_015B, "logon-right-missing"),
        (0xC000_018D, "domain-trust-broken"),
        (0xC000_005E, "domain-unreachable"),
    ];

    fn one(status: u32) -> LoggedClient {
        LoggedClient { connections: 2, ..logged_client("10.0.0.7", 30).fails(status, 2, 1) }
    }

    #[test]
    fn each_status_is_told_of_its_own_cause_and_of_no_other() {
        for (status, id) in STATUSES {
            let evidence = Machine::healthy().client(one(status)).evidence();
            let diagnosis = judge(&evidence);
            let found: Vec<&str> = diagnosis.findings.iter().map(|finding| finding.cause.id).collect();
            assert_eq!(found, [id], "{status:x}");
            assert!(diagnosis.findings.iter().all(|finding| finding.severity < Severity::Blocks));
            assert_eq!((find(id).unwrap().detect)(&Machine::unread().evidence()), Detection::Unknown(Vec::new()));
        }
    }

    #[test]
    fn an_account_that_never_got_in_degrades_and_one_that_did_informs() {
        let severity = |client| met(&Machine::healthy().client(client).snapshot(), "account-locked").unwrap().severity;
        assert_eq!(severity(one(0xC000_0234)), Some(Severity::Degrades));
        assert_eq!(severity(LoggedClient { sessions: 1, ..one(0xC000_0234) }), Some(Severity::Informs));
        let mistyped = Machine::healthy().client(one(0xC000_006A)).snapshot();
        assert_eq!(met(&mistyped, "bad-credentials").unwrap().severity, Some(Severity::Informs));
    }

    #[test]
    fn guesses_of_strangers_are_no_failure_of_anybody() {
        let stranger = logged_client("203.0.113.7", 60).fails(0xC000_006A, 600, 80).fails(0xC000_0234, 90, 3);
        assert_eq!(met(&Machine::healthy().client(stranger).snapshot(), "account-locked"), None);
    }

    #[test]
    fn a_network_logon_of_who_shows_no_remote_desktop_weighs_less() {
        let weight = |client| met(&Machine::healthy().client(client).snapshot(), "account-locked").unwrap().weight();
        let elsewhere = LoggedClient { connections: 0, ..one(0xC000_0234) };
        assert!(weight(elsewhere) < weight(one(0xC000_0234)));
    }

    #[test]
    fn the_words_name_who_when_and_why() {
        let proof = met(&Machine::healthy().client(one(0xC000_0072)).snapshot(), "account-disabled").unwrap();
        let text = "2 logons from 10.0.0.7 until 1970-01-01 00:00 UTC failed with 0xC0000072 (STATUS_ACCOUNT_DISABLED)";
        assert_eq!(proof.items[0].text, text);
        assert_eq!(proof.items[0].facts, ["/evidence/host/clients/0"]);
    }
}
