//! The same name asked of each name server directly (RFC 1035): what `getaddrinfo` hides.

mod configured;
mod exchange;

use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData};
use rdpdoctor_diagnosis::evidence::{LookupOutcome, NameServerAnswer, RecordType, Target};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::clock::millis;

const MOST_SERVERS: usize = 4;
const MOST_NAMES: usize = 4;
const MOST_ADDRESSES: usize = 64;
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// Whom to ask, and how to complete a name without a dot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameServers {
    /// The servers in the system's order.
    pub servers: Vec<SocketAddr>,
    /// The search list.
    pub search: Vec<String>,
}

impl NameServers {
    /// What this system is configured with; the error says in a few words why that is unknown.
    pub(crate) fn of_this_system() -> Result<Self, String> {
        configured::read()
    }
}

/// Asks every server for the addresses of the target's name, all at once. Answers come in the order of the questions.
pub(crate) async fn ask(target: &Target, whom: &NameServers, wait: Duration) -> Result<Vec<NameServerAnswer>, String> {
    if whom.servers.is_empty() {
        return Err("this system has no name server configured".to_owned());
    }
    let wait = wait.min(LONGEST_WAIT);
    let mut questions = JoinSet::new();
    for &server in whom.servers.iter().take(MOST_SERVERS) {
        for name in names(target, &whom.search) {
            for record in [RecordType::A, RecordType::Aaaa] {
                let (place, name) = (questions.len(), name.clone());
                questions.spawn(async move { (place, question(server, name, record, wait).await) });
            }
        }
    }
    let mut answers = questions.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

/// The names that the resolver would try, without the dot of the root.
fn names(target: &Target, search: &[String]) -> Vec<String> {
    let bare = target.host.trim_end_matches('.');
    let mut names = Vec::new();
    if target.is_single_label() && !target.host.ends_with('.') {
        let suffixes = search.iter().map(|suffix| suffix.trim_matches('.')).filter(|suffix| !suffix.is_empty());
        names.extend(suffixes.take(MOST_NAMES - 1).map(|suffix| format!("{bare}.{suffix}")));
    }
    names.push(bare.to_owned());
    names
}

async fn question(server: SocketAddr, name: String, record: RecordType, wait: Duration) -> NameServerAnswer {
    let begun = Instant::now();
    let outcome = match Name::from_ascii(format!("{name}.")) {
        Ok(name) => match exchange::exchange(server, name, record, begun + wait).await {
            Ok(Some(answer)) => outcome(&answer, record),
            Ok(None) => LookupOutcome::Silent,
            Err(error) => LookupOutcome::NotObtained { why: error.to_string() },
        },
        Err(_) => LookupOutcome::NotObtained { why: "the name is too long for DNS".to_owned() },
    };
    NameServerAnswer { server, name, record, outcome, after_ms: millis(begun.elapsed()) }
}

fn outcome(answer: &Message, record: RecordType) -> LookupOutcome {
    match answer.metadata.response_code {
        ResponseCode::NXDomain => return LookupOutcome::NxDomain,
        ResponseCode::Refused => return LookupOutcome::Refused,
        ResponseCode::NoError => {}
        other => return LookupOutcome::Failed { code: format!("{other:?}") },
    }
    // A server that recurses puts the aliases on the way in front of the addresses.
    let addresses = answer.answers.iter().filter_map(|answer| match (&answer.data, record) {
        (RData::A(address), RecordType::A) => Some(address.0.into()),
        (RData::AAAA(address), RecordType::Aaaa) => Some(address.0.into()),
        _ => None,
    });
    let addresses: Vec<_> = addresses.take(MOST_ADDRESSES).collect();
    if addresses.is_empty() { LookupOutcome::NoData } else { LookupOutcome::Addresses { addresses } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(host: &str, search: &[&str]) -> Vec<String> {
        names(&host.parse().unwrap(), &search.iter().map(|suffix| (*suffix).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn only_a_single_label_is_completed() {
        assert_eq!(asked("ts01", &["corp.example", "example."]), ["ts01.corp.example", "ts01.example", "ts01"]);
        assert_eq!(asked("ts01.", &["corp.example"]), ["ts01"]);
        assert_eq!(asked("ts01.example.com", &["corp.example"]), ["ts01.example.com"]);
    }

    #[test]
    fn a_long_search_list_is_cut() {
        assert_eq!(asked("ts01", &["a", "b", "c", "d", "e"]), ["ts01.a", "ts01.b", "ts01.c", "ts01"]);
    }
}
