//! Guests that send requests: where they may, and where they may not.

use std::time::Duration;

use host::{Endpoint, Grants, Limits, Outcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::guests::{granted, limits, named};

/// The numbers of errors that guests are told, over 1000.
const IP_PROHIBITED: &str = "1004";
const LIMIT_REACHED: &str = "1011";
const DENIED: &str = "1015";
const URI_INVALID: &str = "1019";

/// A server that says the same to everyone; its port.
async fn serving(says: impl Into<String>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, says) = (listener.local_addr().unwrap().port(), says.into());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let says = says.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                // An answer without an end is said until nobody listens any more.
                while stream.write_all(says.as_bytes()).await.is_ok() && says.len() > 4096 {}
                if says.is_empty() {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    port
}

fn ok() -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()
}

fn http<const N: usize>(hosts: [&str; N]) -> Grants {
    Grants {
        http: hosts.map(|host| host.parse().unwrap()).into(),
        ..Grants::default()
    }
}

async fn dial(name: &str, grants: Grants, authority: &str) -> Outcome {
    let limits = Limits {
        http_bytes_max: 1 << 20,
        timeout: Duration::from_secs(60),
        ..limits()
    };
    granted(name, grants, limits, &format!("\"{authority}\"")).await
}

#[track_caller]
fn check(outcome: &Outcome, answer: &str) {
    let text = outcome.result.as_ref().map(|answer| answer.text());
    assert_eq!(text, Ok(answer), "{}", outcome.log_tail);
}

#[tokio::test]
async fn a_host_that_is_granted_answers() {
    let host = format!("127.0.0.1:{}", serving(ok()).await);
    let outcome = dial("http/dials_a_host", http([&host]), &host).await;
    check(&outcome, "200");
    assert_eq!(outcome.log_tail, "");
}

#[tokio::test]
async fn a_host_that_is_not_granted_is_denied_the_same_way_each_time() {
    let host = format!("127.0.0.1:{}", serving(ok()).await);
    let other = http(["127.0.0.1:1"]);
    let mut fuel = Vec::new();
    for grants in [Grants::default(), Grants::default(), other] {
        let outcome = dial("http/dials_a_host", grants, &host).await;
        check(&outcome, DENIED);
        let said = format!("denied: HTTP to {host}: grant it with --private-http {host}\n");
        assert_eq!(outcome.log_tail, said);
        fuel.push(outcome.usage.fuel);
    }
    assert_eq!(fuel[0], fuel[1]);
    assert_eq!(fuel[0], fuel[2]);
}

#[tokio::test]
async fn a_name_that_leads_to_loopback_is_refused_unless_that_is_named() {
    // Resolved without asking anybody, and no address as it is written.
    let host = format!("127.1:{}", serving(ok()).await);
    let outcome = dial("http/dials_a_host", http([&host]), &host).await;
    check(&outcome, IP_PROHIBITED);
    let said = format!("HTTP to {host}, which is 127.0.0.1 here, no public address");
    assert!(outcome.log_tail.contains(&said), "{}", outcome.log_tail);
    let private = Grants {
        private_http: vec![host.parse().unwrap()],
        ..Grants::default()
    };
    check(&dial("http/dials_a_host", private, &host).await, "200");
}

#[tokio::test]
async fn a_redirect_is_asked_about_again() {
    let to = format!("127.0.0.1:{}", serving(ok()).await);
    let redirect =
        format!("HTTP/1.1 302 Found\r\nLocation: http://{to}/\r\nContent-Length: 0\r\n\r\n");
    let from = format!("127.0.0.1:{}", serving(redirect).await);
    let outcome = dial("http/follows_a_redirect", http([&from]), &from).await;
    check(&outcome, DENIED);
    let both = http([&from, &to]);
    check(&dial("http/follows_a_redirect", both, &from).await, "200");
}

#[tokio::test]
async fn who_hides_a_host_behind_a_user_is_refused() {
    let host = format!("127.0.0.1:{}", serving(ok()).await);
    let outcome = dial("http/dials_a_host", http([&host]), &format!("api@{host}")).await;
    check(&outcome, URI_INVALID);
}

#[tokio::test]
async fn a_body_without_end_is_cut_off_at_the_limit() {
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(64 << 10));
    let host = format!("127.0.0.1:{}", serving(endless).await);
    let outcome = dial("http/downloads_for_ever", http([&host]), &host).await;
    check(&outcome, "1");
    let bytes = outcome.usage.http_bytes;
    assert!((1 << 20..2 << 20).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn connections_beyond_the_limit_are_refused() {
    let host = format!("127.0.0.1:{}", serving("").await);
    let outcome = dial("http/opens_many_connections", http([&host]), &host).await;
    check(&outcome, LIMIT_REACHED);
}

#[tokio::test]
async fn a_server_that_never_answers_costs_the_attempts_time_and_no_more() {
    let host = format!("127.0.0.1:{}", serving("").await);
    let limits = Limits {
        timeout: Duration::from_millis(50),
        ..limits()
    };
    let grants = http([&host]);
    let outcome = granted("http/dials_a_host", grants, limits, &format!("\"{host}\"")).await;
    assert_eq!(named(outcome.result.unwrap_err()).0, "States.Timeout");
}

#[tokio::test]
async fn nobody_listens_is_an_error_like_any_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host: Endpoint = listener.local_addr().unwrap().to_string().parse().unwrap();
    drop(listener);
    let grants = http([&host.to_string()]);
    let outcome = dial("http/dials_a_host", grants, &host.to_string()).await;
    // connection-refused
    check(&outcome, "1006");
}
