//! Every format and option, from a folder: what an ItemReader says, what lies there, and which
//! items come of it.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};

use super::asking::ACCOUNT;
use super::*;
use crate::Item;

fn lay(folder: &Path, key: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A reader of bucket `b`.
fn reader(resource: &str, config: &Value) -> Value {
    json!({
        "Resource": format!("arn:aws:states:::s3:{resource}"),
        "Parameters": {
            "Bucket": "b", "Key": config["Key"], "Prefix": config["Prefix"],
            "ExpectedBucketOwner": config["ExpectedBucketOwner"],
        },
        "ReaderConfig": config,
    })
}

/// The items that it gives, or why it does not.
fn read(objects: &Arc<Buckets>, resource: &str, config: Value) -> Result<Vec<Item>, String> {
    asking::block_on(async {
        let told = |failure: Failure| failure.cause.unwrap_or_default();
        let reader = Payload::from_value(reader(resource, &config));
        let (mut source, _) = objects
            .open(&reader, Known::default())
            .await
            .map_err(told)?;
        let mut items = Vec::new();
        while let Some(item) = source.next().await.map_err(told)? {
            items.push(item);
        }
        Ok(items)
    })
}

struct Shelves {
    folder: tempfile::TempDir,
    objects: Arc<Buckets>,
}

impl Shelves {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let buckets = Buckets::new([("b", folder.path())], ACCOUNT, None).unwrap();
        Self {
            folder,
            objects: Arc::new(buckets),
        }
    }

    fn lay(&self, key: &str, bytes: impl AsRef<[u8]>) {
        lay(self.folder.path(), key, bytes);
    }

    #[track_caller]
    fn check(&self, resource: &str, config: Value, expected: Value) {
        let told = read(&self.objects, resource, config.clone());
        let values = told.map(|items| items.into_iter().map(|item| item.value).collect::<Vec<_>>());
        assert_eq!(values, Ok(expected.as_array().unwrap().clone()), "{config}");
    }

    #[track_caller]
    fn refuse(&self, config: Value, expected: &str) {
        let told = read(&self.objects, "getObject", config.clone());
        let why = told.expect_err(&config.to_string());
        assert!(why.starts_with(expected), "{why}");
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

/// A Parquet file of numbers and their names, in groups of two rows.
fn parquet(rows: &[(i64, &str)], packed: parquet::basic::Compression) -> Vec<u8> {
    let schema = "message m { required int64 n; required binary name (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder().set_compression(packed).build();
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
    for rows in rows.chunks(2) {
        let mut group = writer.next_row_group().unwrap();
        let numbers: Vec<i64> = rows.iter().map(|row| row.0).collect();
        let names: Vec<ByteArray> = rows.iter().map(|row| row.1.into()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(&numbers, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&names, None, None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    bytes
}

#[test]
fn every_format_of_one_object() {
    let shelves = Shelves::new();
    shelves.lay("a.json", r#"[1, {"b": 2}]"#);
    shelves.check("getObject", json!({"Key": "a.json"}), json!([1, {"b": 2}]));
    shelves.lay("deep.json", r#"{"x": {"y": [3]}}"#);
    let deep = json!({"Key": "deep.json", "InputType": "JSON", "ItemsPointer": "/x/y"});
    shelves.check("getObject", deep, json!([3]));
    shelves.lay("a.jsonl", "{\"n\":1}\n{\"n\":2}\n");
    let lines = json!({"Key": "a.jsonl", "InputType": "JSONL"});
    shelves.check("getObject", lines, json!([{"n": 1}, {"n": 2}]));
    let csv = |key: &str, delimiter: &str| {
        json!({"Key": key, "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW",
               "CSVDelimiter": delimiter})
    };
    for (name, delimiter) in [
        ("COMMA", ','),
        ("PIPE", '|'),
        ("SEMICOLON", ';'),
        ("SPACE", ' '),
        ("TAB", '\t'),
    ] {
        shelves.lay("a.csv", format!("h{delimiter}i\n1{delimiter}2\n"));
        shelves.check(
            "getObject",
            csv("a.csv", name),
            json!([{"h": "1", "i": "2"}]),
        );
    }
    let given = json!({"Key": "a.csv", "InputType": "CSV", "CSVHeaderLocation": "GIVEN",
                       "CSVHeaders": ["x"], "CSVDelimiter": "TAB"});
    shelves.check("getObject", given, json!([{"x": "h"}, {"x": "1"}]));
}

#[test]
fn packed_objects_are_unpacked() {
    let shelves = Shelves::new();
    let zstd = zstd::stream::encode_all(&b"[1]"[..], 1).unwrap();
    shelves.lay("a", zstd);
    shelves.check("getObject", json!({"Key": "a"}), json!([1]));
    shelves.lay("b", gzip("h\n1\n"));
    let csv = json!({"Key": "b", "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"});
    shelves.check("getObject", csv, json!([{"h": "1"}]));
    let whole = gzip(&"1\n".repeat(10_000));
    shelves.lay("cut", &whole[..whole.len() / 2]);
    let cut = json!({"Key": "cut", "InputType": "JSONL"});
    shelves.refuse(cut, "s3://b/cut: line ");
}

#[test]
fn parquet_is_read_and_a_bad_file_refused() {
    use parquet::basic::Compression;
    let shelves = Shelves::new();
    let rows = [(1, "one"), (2, "two"), (3, "three")];
    let expected =
        json!([{"n": 1, "name": "one"}, {"n": 2, "name": "two"}, {"n": 3, "name": "three"}]);
    let config = json!({"Key": "a", "InputType": "PARQUET"});
    for packed in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
        Compression::LZ4_RAW,
    ] {
        shelves.lay("a", parquet(&rows, packed));
        shelves.check("getObject", config.clone(), expected.clone());
    }
    let whole = parquet(&rows, Compression::SNAPPY);
    shelves.lay("a", &whole[..whole.len() - 1]);
    shelves.refuse(config.clone(), "s3://b/a: not a Parquet file");
    shelves.lay("a", "PAR1");
    shelves.refuse(config.clone(), "s3://b/a: not a Parquet file");
    let mut long = vec![0; 100];
    long.extend(u32::MAX.to_le_bytes());
    long.extend(b"PAR1");
    shelves.lay("a", long);
    shelves.refuse(
        config.clone(),
        "s3://b/a: the footer has more than 5242880 bytes",
    );
    // Whatever byte is wrong, it is told, and nothing else goes wrong.
    for place in 0..whole.len() {
        let mut wrong = whole.clone();
        wrong[place] ^= 0xff;
        shelves.lay("a", wrong);
        let _ = read(&shelves.objects, "getObject", config.clone());
    }
}

#[test]
fn objects_are_listed_and_loaded() {
    let shelves = Shelves::new();
    shelves.lay("p/b.jsonl", "3\n");
    shelves.lay("p/a.jsonl", "1\n2\n");
    shelves.lay("p/empty.jsonl", "");
    shelves.lay("q.jsonl", "4\n");
    let listed = read(&shelves.objects, "listObjectsV2", json!({"Prefix": "p/"})).unwrap();
    let keys: Vec<&Value> = listed.iter().map(|item| &item.value["Key"]).collect();
    assert_eq!(keys, ["p/a.jsonl", "p/b.jsonl", "p/empty.jsonl"]);
    let names: Vec<&String> = listed[0].value.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["Etag", "LastModified", "Key", "Size", "StorageClass"]
    );
    assert_eq!(listed[0].value["Size"], 4);
    let load = json!({"Prefix": "p/", "Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"});
    shelves.check("listObjectsV2", load.clone(), json!([1, 2, 3]));
    let loaded = read(&shelves.objects, "listObjectsV2", load).unwrap();
    assert_eq!(&*loaded[2].source, "s3://b/p/b.jsonl");
}

/// Whatever is passed over, what follows is the same.
#[test]
fn items_can_be_passed_over() {
    let shelves = Shelves::new();
    shelves.lay("a.json", "[0, 1, 2, 3, 4]");
    shelves.lay("a.jsonl", "0\n\n1\n2\n\n3\n4\n");
    shelves.lay("a.csv", "n\n\"0\n\"\n1\n\n2\n3\n4\n");
    shelves.lay("l/1", "0\n1\n");
    shelves.lay("l/2", "");
    shelves.lay("l/3", "2\n");
    shelves.lay("l/4", "3\n4");
    let rows = [(0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e")];
    shelves.lay(
        "a.parquet",
        parquet(&rows, parquet::basic::Compression::UNCOMPRESSED),
    );
    let load = json!({"Prefix": "l/", "Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"});
    let cases = [
        ("getObject", json!({"Key": "a.json"}), 5),
        (
            "getObject",
            json!({"Key": "a.jsonl", "InputType": "JSONL"}),
            5,
        ),
        ("getObject", json!({"Key": "a.csv", "InputType": "CSV"}), 5),
        (
            "getObject",
            json!({"Key": "a.parquet", "InputType": "PARQUET"}),
            5,
        ),
        ("listObjectsV2", load, 5),
        ("listObjectsV2", json!({"Prefix": "l/"}), 4),
    ];
    for (resource, config, count) in cases {
        let all = read(&shelves.objects, resource, config.clone()).unwrap();
        assert_eq!(all.len(), count, "{config}");
        for skipped in 0..count + 2 {
            let reader = Payload::from_value(reader(resource, &config));
            let rest = asking::block_on(async {
                let (mut items, _) = shelves
                    .objects
                    .open(&reader, Known::default())
                    .await
                    .unwrap();
                let passed = items.skip(skipped as u64).await.unwrap();
                assert_eq!(passed, skipped.min(count) as u64);
                let mut rest = Vec::new();
                while let Some(item) = items.next().await.unwrap() {
                    rest.push(item);
                }
                rest
            });
            assert_eq!(rest, all[skipped.min(count)..], "{config}");
        }
    }
}

/// Read again, a list of objects gives the same as far as it was read, or nothing.
#[test]
fn objects_that_change_after_they_were_passed_are_told() {
    let load = json!({"Prefix": "l/", "Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"});
    let athena = json!({"Key": "m.csv", "ManifestType": "ATHENA_DATA", "InputType": "JSONL"});
    // Which objects were passed after two items.
    let cases = [
        ("listObjectsV2", json!({"Prefix": "l/"}), 2, "s3://b/l/"),
        ("listObjectsV2", load, 1, "s3://b/l/"),
        ("getObject", athena, 1, "s3://b/m.csv"),
    ];
    for (resource, config, passed, uri) in cases {
        let shelves = Shelves::new();
        shelves.lay("m.csv", "s3://b/l/1\ns3://b/l/2\n");
        for key in ["l/1", "l/2", "l/4"] {
            shelves.lay(key, "0\n1\n");
        }
        let reader = Payload::from_value(reader(resource, &config));
        let open = |known: Known| asking::block_on(shelves.objects.open(&reader, known));
        let known = asking::block_on(async {
            let opened = shelves.objects.open(&reader, Known::default()).await;
            let (mut items, pinned) = opened.unwrap();
            for _ in 0..2 {
                items.next().await.unwrap();
            }
            let passed = items.passed();
            Known { pinned, passed }
        });
        assert_eq!(known.passed.unwrap().objects, passed, "{config}");
        shelves.lay("l/3", "added after what was passed\n");
        assert!(open(known.clone()).is_ok(), "{config}");
        shelves.lay("l/1", "changed\n");
        let why = open(known).err().and_then(|failure| failure.cause);
        let told = format!("{uri}: the objects were changed since the Map Run began");
        assert_eq!(why, Some(told), "{config}");
    }
}

#[test]
fn manifests_lead_to_their_objects() {
    let shelves = Shelves::new();
    shelves.lay("data/1.csv.gz", gzip("\"b\",\"k1\",\"5\"\n"));
    shelves.lay("data/2.csv.gz", gzip("\"b\",\"k2\",\"6\"\n"));
    let inventory = json!({
        "sourceBucket": "x", "destinationBucket": "arn:aws:s3:::b", "version": "2016-11-30",
        "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size",
        "files": [{"key": "data/1.csv.gz", "size": 1}, {"key": "data/2.csv.gz", "size": 1}],
    });
    shelves.lay("manifest.json", inventory.to_string());
    let rows = json!([{"Bucket": "b", "Key": "k1", "Size": "5"},
                      {"Bucket": "b", "Key": "k2", "Size": "6"}]);
    let config = json!({"Key": "manifest.json", "InputType": "MANIFEST"});
    shelves.check("getObject", config, rows.clone());
    let config = json!({"Key": "manifest.json", "ManifestType": "S3_INVENTORY"});
    shelves.check("getObject", config, rows);
    shelves.lay("u/1", "1\n");
    shelves.lay("u/2", "2\n");
    shelves.lay("m.csv", "s3://b/u/1\ns3://b/u/2\n");
    let athena = json!({"Key": "m.csv", "ManifestType": "ATHENA_DATA", "InputType": "JSONL"});
    shelves.check("getObject", athena.clone(), json!([1, 2]));
    shelves.lay("m.csv", "s3://b/u/1\ns3://b/u/3\n");
    let gone = "s3://b/u/3: The specified key does not exist. (s3://b/m.csv names it)";
    shelves.refuse(athena.clone(), gone);
    shelves.lay("m.csv", "\nu/1\n");
    shelves.refuse(athena, "s3://b/m.csv: line 2: 'u/1' is no s3:// URI");
    shelves.lay(
        "manifest.json",
        r#"{"fileFormat": "ORC", "destinationBucket": "b"}"#,
    );
    let config = json!({"Key": "manifest.json", "InputType": "MANIFEST"});
    let orc = "s3://b/manifest.json: an inventory of format ORC cannot be read: let S3 make it as \
               CSV or as Parquet";
    shelves.refuse(config.clone(), orc);
    let gone = json!({
        "destinationBucket": "b", "fileFormat": "CSV", "fileSchema": "Key",
        "files": [{"key": "data/gone.csv.gz"}],
    });
    shelves.lay("manifest.json", gone.to_string());
    let gone = "s3://b/data/gone.csv.gz: The specified key does not exist. (s3://b/manifest.json \
                names it)";
    shelves.refuse(config, gone);
}

#[test]
fn a_source_that_is_not_there_is_told() {
    let shelves = Shelves::new();
    let missing = "s3://b/none: The specified key does not exist.";
    shelves.refuse(json!({"Key": "none"}), missing);
    shelves.refuse(
        json!({"Key": "../up"}),
        "s3://b/../up: the key '../up' cannot be used",
    );
    shelves.refuse(
        json!({"Key": "a//b"}),
        "s3://b/a//b: the key 'a//b' cannot be used",
    );
}

/// A gibibyte without a line's end, of which no more is read than an item may have.
#[test]
fn a_line_of_a_gibibyte_is_refused() {
    let shelves = Shelves::new();
    let file = std::fs::File::create(shelves.folder.path().join("long")).unwrap();
    // Zeros that take no room on the disk.
    file.set_len(1 << 30).unwrap();
    for input_type in ["JSONL", "CSV"] {
        let config = json!({"Key": "long", "InputType": input_type,
                            "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"]});
        let why = read(&shelves.objects, "getObject", config).unwrap_err();
        assert!(why.starts_with("s3://b/long: line 1: "), "{why}");
        assert!(why.ends_with("longer than 8388608 bytes"), "{why}");
    }
}

#[test]
fn a_folder_has_the_owner_that_it_is_said_to_have() {
    let shelves = Shelves::new();
    shelves.lay("a", "[1]");
    let cases = [
        (ACCOUNT, None),
        (
            "210987654321",
            Some(
                "s3://b/a: Access Denied: ExpectedBucketOwner is 210987654321, and the folder is of \
                 account 123456789012",
            ),
        ),
        (
            "me",
            Some("s3://b/a: ExpectedBucketOwner is 'me', and an account is twelve digits"),
        ),
    ];
    for (owner, refused) in cases {
        let config = json!({"Key": "a", "ExpectedBucketOwner": owner});
        let told = read(&shelves.objects, "getObject", config).map(drop);
        assert_eq!(told, refused.map_or(Ok(()), |why| Err(why.to_owned())));
    }
}

/// A bomb of a hundred thousand times its size: what is read ends at the item's bound.
#[test]
fn a_bomb_is_cut_off() {
    let shelves = Shelves::new();
    shelves.lay("bomb", gzip(&"[".repeat(64 * 1024 * 1024)));
    let config = json!({"Key": "bomb", "InputType": "JSONL"});
    let long = "s3://b/bomb: line 1: an item is longer than 8388608 bytes";
    shelves.refuse(config, long);
}
