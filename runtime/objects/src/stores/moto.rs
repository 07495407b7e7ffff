//! S3's protocol, against moto's server, and against a server that answers badly.
//!
//! moto is in a Python environment that `cargo xtask test` makes and names in `STEPWELL_MOTO`;
//! without it the tests of it say that they skip.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

/// A moto server that ends with the test.
struct Moto {
    bin: PathBuf,
    server: Child,
    url: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Moto {
    /// Says so when there is none, whether output is captured or not.
    fn start() -> Option<Self> {
        let Some(environment) = std::env::var_os("STEPWELL_MOTO") else {
            let told = "SKIPPED: S3 against moto: cargo xtask test installs it and sets \
                        STEPWELL_MOTO";
            writeln!(std::io::stderr(), "{told}").unwrap();
            return None;
        };
        let bin = PathBuf::from(environment).join("bin");
        let mut server = Command::new(bin.join("python"))
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().expect("moto says where it listens").unwrap();
            if let Some((_, url)) = line.split_once("Running on ") {
                break url.trim().to_owned();
            }
        };
        // What else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { bin, server, url })
    }

    /// Runs Python that has a client `s3`.
    fn python(&self, program: &str) {
        let begin = format!(
            "import boto3\ns3 = boto3.client('s3', endpoint_url='{}', region_name='us-east-1', \
             aws_access_key_id='k', aws_secret_access_key='s')\n",
            self.url
        );
        let ran = Command::new(self.bin.join("python"))
            .args(["-c", &(begin + program)])
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
    }
}

fn buckets(url: &str) -> Arc<Buckets> {
    let variables = [
        ("AWS_ENDPOINT_URL_S3", url),
        ("AWS_ACCESS_KEY_ID", "k"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("OTHER", "x"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let s3 = S3Settings::from_variables(variables.into_iter(), "us-east-1");
    Arc::new(Buckets::new([], s3).unwrap())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// How many items come, and the last of them.
async fn read(buckets: &Arc<Buckets>, reader: Value) -> Result<(usize, Value), String> {
    let told = |failure: Failure| failure.cause.unwrap_or_default();
    let reader = Payload::from_value(reader);
    let (mut items, _) = buckets.open(&reader, None).await.map_err(told)?;
    let (mut count, mut last) = (0, Value::Null);
    while let Some(item) = items.next().await.map_err(told)? {
        count += 1;
        last = item.value;
    }
    Ok((count, last))
}

fn object(bucket: &str, key: &str) -> Value {
    json!({
        "Resource": "arn:aws:states:::s3:getObject",
        "Parameters": {"Bucket": bucket, "Key": key},
        "ReaderConfig": {"InputType": "JSONL"},
    })
}

#[test]
fn objects_are_read_listed_and_written() {
    let Some(moto) = Moto::start() else { return };
    // Longer than two ranges; more keys than a page has.
    moto.python(
        "s3.create_bucket(Bucket='bucket')\n\
         s3.put_object(Bucket='bucket', Key='in.jsonl', Body=b'{\"n\": \"0123456789\"}\\n' * 500000)\n\
         for n in range(1005): s3.put_object(Bucket='bucket', Key=f'k/{n:04}', Body=b'1\\n')\n",
    );
    block_on(async {
        let buckets = buckets(&moto.url);
        let read_all = read(&buckets, object("bucket", "in.jsonl")).await;
        assert_eq!(read_all, Ok((500_000, json!({"n": "0123456789"}))));
        let list = |prefix: &str, config: Value| {
            json!({
                "Resource": "arn:aws:states:::s3:listObjectsV2",
                "Parameters": {"Bucket": "bucket", "Prefix": prefix},
                "ReaderConfig": config,
            })
        };
        let (count, last) = read(&buckets, list("k/", json!({}))).await.unwrap();
        assert_eq!(
            (count, &last["Key"], &last["Size"]),
            (1005, &json!("k/1004"), &json!(2))
        );
        // A prefix is a beginning of keys, not a folder.
        let (count, _) = read(&buckets, list("k/000", json!({}))).await.unwrap();
        assert_eq!(count, 10);
        let load = json!({"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"});
        assert_eq!(
            read(&buckets, list("k/00", load)).await,
            Ok((100, json!(1)))
        );
        let gone = read(&buckets, object("bucket", "none")).await;
        assert_eq!(
            gone,
            Err("s3://bucket/none: The specified key does not exist.".into())
        );
        // In parts, since it is long.
        let mut writer = buckets.create("bucket", "out.jsonl").await.unwrap();
        for _ in 0..20 {
            writer.write(b"[1]\n".repeat(262_144)).await.unwrap();
        }
        writer.finish().await.unwrap();
        let written = read(&buckets, object("bucket", "out.jsonl")).await;
        assert_eq!(written, Ok((20 * 262_144, json!([1]))));
        let mut writer = buckets.create("nowhere", "x").await.unwrap();
        writer.write(b"1".to_vec()).await.unwrap();
        let refused = writer.finish().await.unwrap_err();
        assert_eq!(refused.error_name(), ErrorName::RESULT_WRITER_FAILED);
        let cause = refused.cause.unwrap_or_default();
        assert!(cause.starts_with("s3://nowhere/x: "), "{cause}");
    });
}

/// Answers each request, one a connection, with the next of these.
fn answering(answers: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for answer in answers {
            let (mut peer, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut bytes = [0; 1024];
            while !request.ends_with(b"\r\n\r\n") {
                let count = peer.read(&mut bytes).unwrap();
                request.extend_from_slice(&bytes[..count]);
            }
            peer.write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

const BUSY: &str = "HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const LOOK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\netag: \"a\"\r\nlast-modified: Sat, 28 \
                    Nov 2026 08:00:00 GMT\r\nconnection: close\r\n\r\n";
const BYTES: &str = "HTTP/1.1 206 Partial Content\r\ncontent-length: 4\r\ncontent-range: bytes \
                     0-3/4\r\netag: \"a\"\r\nlast-modified: Sat, 28 Nov 2026 08:00:00 GMT\r\n\
                     connection: close\r\n\r\n1\n2\n";
const CHANGED: &str =
    "HTTP/1.1 412 Precondition Failed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

#[test]
fn who_says_try_again_is_asked_again() {
    let url = answering(&[BUSY, BUSY, LOOK, BUSY, BYTES]);
    let read = block_on(read(&buckets(&url), object("bucket", "k")));
    assert_eq!(read, Ok((2, json!(2))));
}

#[test]
fn what_cannot_be_read_is_told() {
    let url = answering(&[LOOK, CHANGED]);
    let changed = block_on(read(&buckets(&url), object("bucket", "k")));
    let told = "s3://bucket/k: the object was changed while it was read";
    assert_eq!(changed, Err(told.into()));
    let url = answering(&[FORBIDDEN]);
    let forbidden = block_on(read(&buckets(&url), object("bucket", "k"))).unwrap_err();
    assert!(
        forbidden.starts_with("s3://bucket/k: Access Denied: "),
        "{forbidden}"
    );
}
