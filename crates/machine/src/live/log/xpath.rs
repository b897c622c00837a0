//! What is wanted, in the event log's own subset of XPath.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::Wanted;

/// A query may compare little more than twenty times.
const MOST_COMPARISONS: usize = 20;
/// Those left beside the provider's name and the time.
const MOST_IDS: usize = MOST_COMPARISONS - 2;

/// Queries of which every wanted event matches exactly one.
pub(super) fn queries(wanted: &Wanted) -> Vec<String> {
    let mut queries = Vec::new();
    let (mut terms, mut comparisons) = (Vec::new(), 1);
    for (provider, ids) in by_provider(wanted) {
        let Some(provider) = quoted(provider) else { continue };
        for ids in ids.chunks(MOST_IDS) {
            if comparisons + 1 + ids.len() > MOST_COMPARISONS {
                queries.push(query(&std::mem::take(&mut terms), wanted.since));
                comparisons = 1;
            }
            comparisons += 1 + ids.len();
            terms.push(term(&provider, ids));
        }
    }
    if !terms.is_empty() {
        queries.push(query(&terms, wanted.since));
    }
    queries
}

fn by_provider(wanted: &Wanted) -> BTreeMap<&str, Vec<u16>> {
    let mut providers: BTreeMap<&str, Vec<u16>> = BTreeMap::new();
    for (provider, id) in &wanted.events {
        providers.entry(provider).or_default().push(*id);
    }
    providers
}

/// XPath has no escapes: a name with both kinds of quotation marks cannot be written, and no provider has one.
fn quoted(name: &str) -> Option<String> {
    match (name.contains('\''), name.contains('"')) {
        (false, _) => Some(format!("'{name}'")),
        (true, false) => Some(format!("\"{name}\"")),
        (true, true) => None,
    }
}

fn term(provider: &str, ids: &[u16]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("EventID={id}")).collect();
    format!("(Provider[@Name={provider}] and ({}))", ids.join(" or "))
}

fn query(terms: &[String], since: Option<Timestamp>) -> String {
    let since = since.filter(|since| *since > Timestamp::UNIX_EPOCH);
    let since = since.map(|since| format!(" and TimeCreated[@SystemTime>='{since:.3}']")).unwrap_or_default();
    format!("*[System[({}){since}]]", terms.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_share_a_query() {
        let mut wanted = Wanted::of([("Schannel", 36870), ("Schannel", 36888), ("O'Neill", 7)]);
        assert_eq!(
            queries(&wanted),
            ["*[System[((Provider[@Name=\"O'Neill\"] and (EventID=7)) or \
              (Provider[@Name='Schannel'] and (EventID=36870 or EventID=36888)))]]"]
        );
        wanted.events.retain(|(_, id)| *id == 7);
        wanted.since = Some("2026-01-02T03:04:05.678999Z".parse().unwrap());
        assert_eq!(
            queries(&wanted),
            ["*[System[((Provider[@Name=\"O'Neill\"] and (EventID=7))) and \
              TimeCreated[@SystemTime>='2026-01-02T03:04:05.678Z']]]"]
        );
    }

    #[test]
    fn no_query_compares_too_often_and_none_is_empty() {
        let wanted = Wanted::of((0..45).map(|id| ("A", id)).chain((0..30).map(|id| ("B", id))));
        let queries = queries(&wanted);
        let comparisons = |query: &String| query.matches(['=']).count() + 1;
        assert!(queries.iter().all(|query| (2..=MOST_COMPARISONS).contains(&comparisons(query))), "{queries:?}");
        assert_eq!(queries.iter().map(|query| query.matches("EventID=").count()).sum::<usize>(), 75);
        assert!(super::queries(&Wanted::default()).is_empty());
        assert!(super::queries(&Wanted::of([("'\"", 1)])).is_empty());
    }
}
