//! S3's protocol, against moto's server.
//!
//! moto is in a Python environment that `cargo xtask test` makes and names in `STEPWELL_MOTO`;
//! without it the tests of it say that they skip.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::asking::{ACCOUNT, block_on, buckets, list, object, read};
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
        let lines = read(&buckets, object("bucket", "in.jsonl")).await.unwrap();
        assert_eq!(lines.len(), 500_000);
        assert_eq!(lines.last(), Some(&json!({"n": "0123456789"})));
        let listed = read(&buckets, list("bucket", "k/", json!({})))
            .await
            .unwrap();
        assert_eq!(listed.len(), 1005);
        assert_eq!(listed[1004]["Key"], "k/1004");
        let load = json!({"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"});
        let loaded = read(&buckets, list("bucket", "k/00", load)).await;
        assert_eq!(loaded, Ok(vec![json!(1); 100]));
        let gone = read(&buckets, object("bucket", "none")).await;
        assert_eq!(
            gone,
            Err("s3://bucket/none: The specified key does not exist.".into())
        );
        let gone = read(&buckets, list("nowhere", "", json!({}))).await;
        assert_eq!(
            gone,
            Err("s3://nowhere/: The specified bucket does not exist".into())
        );
        // In parts, since it is long.
        let owner = Some(ACCOUNT);
        let mut writer = buckets.create("bucket", owner, "out.jsonl").await.unwrap();
        for _ in 0..20 {
            writer.write(b"[1]\n".repeat(262_144)).await.unwrap();
        }
        writer.finish().await.unwrap();
        let written = read(&buckets, object("bucket", "out.jsonl")).await;
        assert_eq!(written, Ok(vec![json!([1]); 20 * 262_144]));
        let mut writer = buckets.create("nowhere", None, "x").await.unwrap();
        writer.write(b"1".to_vec()).await.unwrap();
        let refused = writer.finish().await.unwrap_err();
        assert_eq!(refused.error_name(), ErrorName::RESULT_WRITER_FAILED);
        let cause = refused.cause.unwrap_or_default();
        assert!(cause.starts_with("s3://nowhere/x: "), "{cause}");
    });
}

/// Keys that are no paths, as a client of AWS puts them.
const ODD_KEYS: [&str; 9] = [
    "/first",
    "a b/\u{e4}+&%2F.csv",
    "a//b",
    "folder/",
    "folder/in",
    "folder//",
    "processed/image1",
    " x ",
    "<&>",
];

#[test]
fn every_key_is_listed_and_read_as_it_is() {
    let Some(moto) = Moto::start() else { return };
    let keys = serde_json::to_string(&ODD_KEYS).unwrap();
    moto.python(&format!(
        "s3.create_bucket(Bucket='bucket')\n\
         for key in {keys}: s3.put_object(Bucket='bucket', Key=key, StorageClass='STANDARD_IA', \
         Body=b'' if key.endswith('r/') else b'[\"' + key.encode() + b'\"]\\n')\n"
    ));
    block_on(async {
        let buckets = buckets(&moto.url);
        // A prefix is a beginning of keys, not a folder.
        for prefix in [
            "",
            "fo",
            "folder",
            "folder/",
            "processed/im",
            "a",
            "/",
            " ",
            "none",
        ] {
            let listed = read(&buckets, list("bucket", prefix, json!({})))
                .await
                .unwrap();
            let listed: Vec<&str> = listed
                .iter()
                .filter_map(|item| item["Key"].as_str())
                .collect();
            let mut expected: Vec<&str> = ODD_KEYS.to_vec();
            expected.retain(|key| key.starts_with(prefix));
            expected.sort_unstable();
            assert_eq!(listed, expected, "{prefix:?}");
        }
        let marker = &read(&buckets, list("bucket", "folder/", json!({})))
            .await
            .unwrap()[0];
        assert_eq!(marker["Size"], 0);
        assert_eq!(marker["StorageClass"], "STANDARD_IA");
        // That of nothing at all.
        assert_eq!(marker["Etag"], "\"d41d8cd98f00b204e9800998ecf8427e\"");
        assert!(
            marker["LastModified"].as_i64() > Some(1_700_000_000),
            "{marker}"
        );
        for key in ODD_KEYS.into_iter().filter(|key| *key != "folder/") {
            let lines = read(&buckets, object("bucket", key)).await;
            assert_eq!(lines, Ok(vec![json!([key])]), "{key:?}");
        }
        let load = json!({"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"});
        let loaded = read(&buckets, list("bucket", "folder", load)).await;
        assert_eq!(loaded, Ok(vec![json!(["folder//"]), json!(["folder/in"])]));
    });
}
