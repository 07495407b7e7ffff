//! A server that speaks S3's protocol, and does not always do as it should.
//!
//! It is real, on a socket; what it may take is injected, so that nothing waits.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use object_store::{BackoffConfig, RetryConfig};
use serde_json::{Value, json};

use super::asking::{block_on, buckets, list, object, patient, read};
use super::s3::Patience;

/// What a server does with a request.
#[derive(Clone, Copy)]
enum Answer {
    /// Answers, and closes.
    Whole(&'static str),
    /// Answers, and says nothing more while it is listened to.
    Stalled(&'static str),
}

use Answer::{Stalled, Whole};

/// Heads of requests.
type Heads = Arc<Mutex<Vec<String>>>;

/// Answers requests, one a connection, with these; and with the last of them for ever.
fn answering(answers: &'static [Answer]) -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heads = Heads::default();
    let seen = Arc::clone(&heads);
    std::thread::spawn(move || {
        let (last, before) = answers.split_last().unwrap();
        for answer in before.iter().chain(std::iter::repeat(last)) {
            let Ok((peer, _)) = listener.accept() else {
                return;
            };
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || serve(peer, *answer, &seen));
        }
    });
    (url, heads)
}

fn serve(mut peer: TcpStream, answer: Answer, seen: &Heads) {
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        match peer.read(&mut bytes) {
            Ok(count @ 1..) => head.extend_from_slice(&bytes[..count]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    seen.lock().unwrap().push(head);
    let (Whole(text) | Stalled(text)) = answer;
    let _ = peer.write_all(text.as_bytes());
    if let Stalled(_) = answer {
        // Until the other side has had enough.
        let _ = peer.read(&mut bytes);
    }
}

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(3_600);

/// What is refused is asked for twice more, at once. Where the server stalls it is given up after
/// 50 ms, and more often, since a machine that is busy looks the same.
fn hasty(answers: &[Answer]) -> Patience {
    let stalls = answers.iter().any(|answer| matches!(answer, Stalled(_)));
    Patience {
        read: if stalls {
            Duration::from_millis(50)
        } else {
            LONG
        },
        answer: LONG,
        retry: RetryConfig {
            max_retries: if stalls { 8 } else { 2 },
            retry_timeout: LONG,
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(1),
                max_backoff: Duration::from_millis(1),
                base: 2.0,
            },
        },
    }
}

const BUSY: Answer = Whole(
    "HTTP/1.1 503 Slow Down\r\ncontent-length: 90\r\nconnection: close\r\n\r\n<Error><Code>SlowDown\
     </Code><Message>Please reduce your request rate.</Message></Error>\n\n\n\n\n",
);
const LOOK: Answer = Whole(
    "HTTP/1.1 200 OK\r\ncontent-length: 4\r\netag: \"a\"\r\nlast-modified: Sat, 28 Nov 2026 08:00:00 \
     GMT\r\nconnection: close\r\n\r\n",
);
const BYTES: Answer = Whole(
    "HTTP/1.1 206 Partial Content\r\ncontent-length: 4\r\ncontent-range: bytes 0-3/4\r\netag: \
     \"a\"\r\nlast-modified: Sat, 28 Nov 2026 08:00:00 GMT\r\nconnection: close\r\n\r\n1\n2\n",
);
const HALF: Answer = Stalled(
    "HTTP/1.1 206 Partial Content\r\ncontent-length: 4\r\ncontent-range: bytes 0-3/4\r\netag: \
     \"a\"\r\nlast-modified: Sat, 28 Nov 2026 08:00:00 GMT\r\nconnection: close\r\n\r\n1\n",
);
const OTHER_HALF: Answer = Whole(
    "HTTP/1.1 206 Partial Content\r\ncontent-length: 2\r\ncontent-range: bytes 2-3/4\r\netag: \
     \"a\"\r\nlast-modified: Sat, 28 Nov 2026 08:00:00 GMT\r\nconnection: close\r\n\r\n2\n",
);
const SILENCE: Answer = Stalled("");
const CHANGED: Answer =
    Whole("HTTP/1.1 412 Precondition Failed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
const FORBIDDEN: Answer =
    Whole("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
const GONE: Answer = Whole(
    "HTTP/1.1 404 Not Found\r\ncontent-length: 97\r\nconnection: close\r\n\r\n<Error><Code>NoSuchBucket\
     </Code><Message>The specified bucket does not exist</Message></Error>\n\n\n\n\n\n",
);
/// A page that says that it is followed by itself.
const ROUND: Answer = Whole(
    "HTTP/1.1 200 OK\r\ncontent-length: 89\r\nconnection: close\r\n\r\n<ListBucketResult>\
     <NextContinuationToken>again</NextContinuationToken></ListBucketResult>",
);

/// What answers, and what comes of it: items, or what the cause says after `s3://bucket/`. `HOST`
/// stands for the server.
const CASES: [(&[Answer], Result<usize, &str>); 10] = [
    (&[BUSY, BUSY, LOOK, BUSY, BYTES], Ok(2)),
    (&[LOOK, HALF, OTHER_HALF], Ok(2)),
    (&[SILENCE, LOOK, SILENCE, BYTES], Ok(2)),
    (
        &[BUSY],
        Err("k: HOST answered 503 Service Unavailable (attempts: 3)"),
    ),
    (
        &[LOOK, BUSY],
        Err(
            "k: HOST answered 503 Service Unavailable, SlowDown: Please reduce your request \
             rate. (attempts: 3)",
        ),
    ),
    (&[SILENCE], Err("k: no answer from HOST: ")),
    (&[LOOK, HALF], Err("k: ")),
    (
        &[LOOK, CHANGED],
        Err("k: the object was changed while it was read"),
    ),
    (
        &[FORBIDDEN],
        Err("k: Access Denied: HOST answered 403 Forbidden"),
    ),
    (
        &[LOOK, FORBIDDEN],
        Err("k: Access Denied: HOST answered 403 Forbidden"),
    ),
];

#[test]
fn what_is_not_answered_well_is_asked_again_and_then_told() {
    for (number, (answers, expected)) in CASES.into_iter().enumerate() {
        let (url, _) = answering(answers);
        let host = url.trim_start_matches("http://");
        let told = block_on(read(&patient(&url, hasty(answers)), object("bucket", "k")));
        let told = told.map(|items| items.len());
        match expected {
            Ok(count) => assert_eq!(told, Ok(count), "case {number}"),
            Err(begins) => {
                let why = told.unwrap_err();
                let begins = format!("s3://bucket/{}", begins.replace("HOST", host));
                assert!(why.starts_with(&begins), "case {number}: {why}");
            }
        }
    }
}

#[test]
fn all_of_an_answer_has_a_bound_too() {
    let (url, _) = answering(&[LOOK, HALF]);
    let patience = Patience {
        answer: Duration::from_millis(50),
        ..hasty(&[LOOK])
    };
    let why = block_on(read(&patient(&url, patience), object("bucket", "k")));
    let told = "s3://bucket/k: no whole answer within 50ms (attempts: ";
    assert!(
        why.as_ref().is_err_and(|why| why.starts_with(told)),
        "{why:?}"
    );
}

#[test]
fn a_listing_that_cannot_be_had_is_told() {
    let cases: [(&'static [Answer], &str); 3] = [
        (&[GONE], "The specified bucket does not exist"),
        (&[ROUND], "the listing leads from a page to the same page"),
        (&[BUSY], "HOST answered 503 Service Unavailable, SlowDown: "),
    ];
    for (answers, expected) in cases {
        let (url, _) = answering(answers);
        let host = url.trim_start_matches("http://");
        let told = block_on(read(
            &patient(&url, hasty(answers)),
            list("bucket", "p/", json!({})),
        ));
        let why = told.unwrap_err();
        let begins = format!("s3://bucket/p/: {}", expected.replace("HOST", host));
        assert!(why.starts_with(&begins), "{why}");
    }
}

/// S3 refuses a header of its own that is not signed; so it must be among those that are.
#[test]
fn an_expected_owner_is_sent_and_signed() {
    let expecting = |mut reader: Value| {
        reader["Parameters"]["ExpectedBucketOwner"] = json!("210987654321");
        reader
    };
    let (url, heads) = answering(&[LOOK, BYTES]);
    let read_all = block_on(read(&buckets(&url), expecting(object("bucket", "k"))));
    assert_eq!(read_all, Ok(vec![json!(1), json!(2)]));
    let heads = std::mem::take(&mut *heads.lock().unwrap());
    assert_eq!(heads.len(), 2);
    for head in heads {
        let header = "\r\nx-amz-expected-bucket-owner: 210987654321\r\n";
        assert!(head.contains(header), "{head}");
        let signed = ";x-amz-expected-bucket-owner, Signature=";
        assert!(head.contains(signed), "{head}");
    }
    let (url, _) = answering(&[FORBIDDEN]);
    let host = url.trim_start_matches("http://").to_owned();
    let why = block_on(read(&buckets(&url), expecting(object("bucket", "k"))));
    let told = format!(
        "s3://bucket/k: Access Denied: {host} answered 403 Forbidden (ExpectedBucketOwner is \
         210987654321)"
    );
    assert_eq!(why, Err(told));
}
