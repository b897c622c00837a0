//! Services beside Remote Desktop.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use openssl::ssl::SslVersion;
use rdpdoctor_diagnosis::evidence::{RemoteService, ServiceAnswer};

use crate::server::{acceptor, flood, probe, serve, stay_silent};

async fn ask(service: RemoteService, script: impl Fn(TcpStream) + Send + Sync + 'static) -> ServiceAnswer {
    let endpoint = serve(script);
    let seen = probe().service(endpoint, service).await;
    assert_eq!((seen.service, seen.endpoint), (service, endpoint));
    seen.answer
}

fn speaks(banner: &str) -> ServiceAnswer {
    ServiceAnswer::Speaks { banner: banner.to_owned() }
}

/// The whole request, which fits into one segment.
fn request(stream: &mut impl Read) -> Vec<u8> {
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).unwrap();
    request.truncate(length);
    request
}

#[tokio::test]
async fn ssh_greets() {
    let banner =
        ask(RemoteService::Ssh, |mut stream| stream.write_all(b"SSH-2.0-OpenSSH_for_Windows_9.5\r\n").unwrap());
    assert_eq!(banner.await, speaks("SSH-2.0-OpenSSH_for_Windows_9.5"));
}

#[tokio::test]
async fn winrm_answers_without_a_logon() {
    let answer = ask(RemoteService::Winrm, |mut stream| {
        let request = String::from_utf8(request(&mut stream)).unwrap();
        assert!(request.starts_with("POST /wsman HTTP/1.1\r\n") && request.contains("WSMANIDENTIFY: unauthenticated"));
        assert!(!request.to_lowercase().contains("authorization"));
        stream.write_all(b"HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n").unwrap();
    });
    assert_eq!(answer.await, speaks("Microsoft-HTTPAPI/2.0"));
}

#[tokio::test]
async fn winrm_answers_within_tls() {
    let acceptor = acceptor(SslVersion::TLS1_2, SslVersion::TLS1_3).build();
    let answer = ask(RemoteService::WinrmHttps, move |stream| {
        let mut stream = acceptor.accept(stream).unwrap();
        assert!(request(&mut stream).starts_with(b"POST /wsman"));
        stream.write_all(b"HTTP/1.1 200 OK\r\nServer: Microsoft-HTTPAPI/2.0\r\n\r\n<x/>").unwrap();
        stream.flush().unwrap();
        let _closed = stream.shutdown();
    });
    assert_eq!(answer.await, speaks("Microsoft-HTTPAPI/2.0"));
}

#[tokio::test]
async fn smb_answers_a_negotiate_request() {
    let answer = ask(RemoteService::Smb, |mut stream| {
        assert_eq!(request(&mut stream)[4..8], *b"\xfeSMB");
        stream.write_all(b"\0\0\0\x44\xfeSMB\x40\0").unwrap();
    });
    assert_eq!(answer.await, speaks(""));
}

#[tokio::test]
async fn others_are_not_taken_for_the_service() {
    let http = |mut stream: TcpStream| {
        request(&mut stream);
        stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap();
    };
    for service in [RemoteService::Winrm, RemoteService::Smb] {
        let answer = ask(service, http).await;
        assert_eq!(answer, ServiceAnswer::Stranger { banner: "HTTP/1.1 404 Not Found".into() }, "{service:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(probe().service(endpoint, RemoteService::Ssh).await.answer, ServiceAnswer::Refused);
}

#[tokio::test]
async fn silence_and_floods_cost_one_wait() {
    for service in RemoteService::ALL {
        let begun = Instant::now();
        assert_eq!(ask(service, stay_silent).await, ServiceAnswer::Mute, "{service:?}");
        let flooded = ask(service, |stream| flood(stream, &[0xc3; 1000])).await;
        assert!(matches!(flooded, ServiceAnswer::Stranger { .. } | ServiceAnswer::Mute), "{service:?}: {flooded:?}");
        assert!(begun.elapsed() < Duration::from_secs(6), "{service:?}");
    }
}
