//! What lay in the buckets of recorded Map Runs. The recordings say what was read, not from
//! what: the objects here are made from that, with a little more where something is cut off.

use std::sync::Arc;

use objects::Buckets;
use serde_json::Value;

/// An object: its key and what is in it.
type Object = (&'static str, &'static str);

/// The resources of an ItemReader and a ResultWriter that cases may name.
pub(crate) const RESOURCES: [&str; 3] = ["s3:getObject", "s3:listObjectsV2", "s3:putObject"];

const CONTENTS: [(&str, &[Object]); 6] = [
    (
        "test_map_item_reader_base_json",
        &[(
            "file.json",
            r#"[{"verdict": "true", "statement_date": "6/11/2008", "statement_source": "speech"},
                {"verdict": "false", "statement_date": "6/7/2022", "statement_source": "television"},
                {"verdict": "mostly-true", "statement_date": "5/18/2016", "statement_source": "news"}]"#,
        )],
    ),
    (
        "test_map_item_reader_base_json_max_items",
        &[(
            "file.json",
            r#"[{"verdict": "true", "statement_date": "6/11/2008", "statement_source": "speech"},
                {"verdict": "true", "statement_date": "6/11/2008", "statement_source": "speech"},
                {"verdict": "true", "statement_date": "6/11/2008", "statement_source": "speech"}]"#,
        )],
    ),
    (
        "test_map_item_reader_json_no_json_list_object",
        &[("file.json", r#"{"Hello": "world"}"#)],
    ),
    (
        "test_map_item_reader_csv_first_row_extra_fields",
        &[(
            "file.csv",
            "H1,\nValue4,Value5,Value6\n,,,\ntrue,1,HelloWorld\nNull,None,\n   ,\n",
        )],
    ),
    (
        "test_map_item_reader_base_list_objects_v2",
        &[
            ("file_0.txt", "HelloWorld!\n"),
            ("file_1.txt", "HelloWorld!\n"),
            ("file_2.txt", "HelloWorld!\n"),
        ],
    ),
    ("test_map_state_result_writer", &[]),
];

/// What lay in a case's bucket, if that is known.
pub(super) fn contents(case: &str) -> Option<&'static [Object]> {
    let case = case.rsplit('/').next().unwrap_or_default();
    let known = CONTENTS.iter().find(|(name, _)| *name == case);
    known.map(|(_, objects)| *objects)
}

/// The buckets that these definitions or inputs name.
pub(crate) fn named<'v>(
    definitions: impl Iterator<Item = &'v Value>,
    inputs: impl Iterator<Item = &'v Value>,
) -> Vec<String> {
    let writers = definitions.flat_map(|machine| {
        let states = machine["States"].as_object().into_iter().flatten();
        states.map(|(_, state)| &state["ResultWriter"]["Parameters"]["Bucket"])
    });
    let read = inputs.map(|input| &input["Bucket"]);
    let named = writers.chain(read).filter_map(Value::as_str);
    named.map(str::to_owned).collect()
}

/// A case's buckets, by these names, all of them one folder that goes with this.
pub(crate) struct Shelf {
    /// What an engine reads and writes them through.
    pub(crate) buckets: Arc<Buckets>,
    /// Kept as long as it is used.
    _folder: tempfile::TempDir,
}

impl Shelf {
    pub(crate) fn of(case: &str, names: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (key, text) in contents(case).into_iter().flatten() {
            std::fs::write(folder.path().join(key), text).expect("a folder to write in");
        }
        let named = names.iter().map(|name| (name.as_str(), folder.path()));
        let buckets = Buckets::new(named, "111111111111", None).expect("a folder");
        Self {
            buckets: Arc::new(buckets),
            _folder: folder,
        }
    }
}
