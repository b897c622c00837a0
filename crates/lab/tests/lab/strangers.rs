//! Other protocols on the port, as the reader of strangers' banners names them.

use crate::client::{Ending, MSTSC, fault, read_to_end};
use rdpdoctor_lab::find;
use rdpdoctor_protocol::stranger::{Stranger, identify};
use tokio::io::AsyncWriteExt;

const SPEAK_FIRST: &[(&str, Stranger)] = &[
    ("ftp", Stranger::Ftp),
    ("imap", Stranger::Imap),
    ("mysql", Stranger::Mysql),
    ("pop3", Stranger::Pop3),
    ("smtp", Stranger::Smtp),
    ("ssh", Stranger::Ssh),
    ("telnet", Stranger::Telnet),
    ("vnc", Stranger::Vnc),
];
const WAIT: &[(&str, Stranger)] =
    &[("http", Stranger::Http), ("https", Stranger::Http), ("redis", Stranger::Redis), ("tls-first", Stranger::Tls)];

#[test]
fn every_stranger_is_tested() {
    let mut tested: Vec<_> = SPEAK_FIRST.iter().chain(WAIT).map(|(name, _)| *name).collect();
    let mut served: Vec<_> = find("not-rdp").unwrap().variants.iter().map(|variant| variant.name).collect();
    tested.sort_unstable();
    served.sort_unstable();
    assert_eq!(tested, served);
}

#[tokio::test]
async fn those_who_speak_first_are_known_by_their_greeting() {
    for (name, stranger) in SPEAK_FIRST {
        let served = fault("not-rdp", name).await;
        let mut stream = served.connect().await;
        let mut greeting = Vec::new();
        assert_eq!(read_to_end(&mut stream, &mut greeting).await, Ending::StillOpen, "{name}");
        assert_eq!(identify(&greeting).stranger, *stranger, "{name}");
        stream.write_all(MSTSC).await.unwrap();
        let mut all = greeting.clone();
        read_to_end(&mut stream, &mut all).await;
        assert!(*name == "telnet" || all.len() > greeting.len(), "{name} answers to rubbish");
    }
}

#[tokio::test]
async fn those_who_wait_are_known_by_their_answer_to_rdp() {
    for (name, stranger) in WAIT {
        let served = fault("not-rdp", name).await;
        let (silence, ending) = served.talk(&[]).await;
        assert_eq!((silence, ending), (Vec::new(), Ending::StillOpen), "{name}");
        let (answer, _) = served.talk(&[MSTSC]).await;
        assert_eq!(identify(&answer).stranger, *stranger, "{name}");
    }
}

#[tokio::test]
async fn what_is_not_tls_gets_an_alert() {
    let served = fault("not-rdp", "tls-first").await;
    assert_eq!(served.talk(&[MSTSC]).await, (b"\x15\x03\x01\x00\x02\x02\x0a".to_vec(), Ending::Fin));
}

#[tokio::test]
async fn web_proxies_say_that_they_are_proxies() {
    for (name, status) in [("denied", 403), ("login-required", 407)] {
        let served = fault("web-proxy-blocks", name).await;
        let (answer, ending) = served.talk(&[MSTSC]).await;
        let http = identify(&answer).http.unwrap();
        assert_eq!((http.status, http.is_from_proxy(), ending), (status, true, Ending::Fin), "{name}");
    }
}
