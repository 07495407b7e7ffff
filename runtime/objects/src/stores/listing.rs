//! `s3:listObjectsV2`: the objects of a bucket whose keys begin alike, in the order of their
//! keys, a page at a time.

use std::collections::VecDeque;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use asl::Timestamp;
use object_store::aws::AmazonS3;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::local::LocalFileSystem;
use object_store::{ObjectMeta, ObjectStoreExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use walkdir::WalkDir;

use super::object::within;
use super::wire::Asked;
use super::{Bucket, keys};

/// Objects, one after the other. Blocks; not for a thread that runs tasks.
pub(super) struct Listing {
    runtime: Handle,
    prefix: String,
    patience: Duration,
    pages: Pages,
}

enum Pages {
    Folder {
        store: Arc<LocalFileSystem>,
        root: PathBuf,
        walk: walkdir::IntoIter,
    },
    S3 {
        store: Arc<AmazonS3>,
        page: VecDeque<Entry>,
        next: Next,
    },
}

/// Which page comes next.
enum Next {
    First,
    After(String),
    None,
}

/// A page, as S3 answers it. Source: Amazon S3 API reference, "ListObjectsV2".
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Page {
    contents: Vec<Entry>,
    next_continuation_token: Option<String>,
}

/// An object of a page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key: String,
    size: u64,
    last_modified: String,
    #[serde(rename = "ETag", default)]
    e_tag: String,
    /// Some that speak S3's protocol have no classes, and say none.
    storage_class: Option<String>,
}

/// An object that was listed.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) key: String,
    size: u64,
    /// Seconds since the Unix epoch.
    last_modified: i64,
    pub(super) e_tag: String,
    storage_class: String,
}

impl Listed {
    /// As an item, in the order of AWS's fields.
    pub(super) fn item(&self) -> Value {
        let tag = &self.e_tag;
        let tag = match tag.starts_with('"') {
            true => tag.clone(),
            false => format!("\"{tag}\""),
        };
        json!({
            "Etag": tag,
            "LastModified": self.last_modified,
            "Key": self.key,
            "Size": self.size,
            "StorageClass": self.storage_class,
        })
    }
}

/// The class of a file, and of what says none: it can be read at once.
const STANDARD: &str = "STANDARD";

impl From<ObjectMeta> for Listed {
    fn from(meta: ObjectMeta) -> Self {
        Self {
            key: meta.location.to_string(),
            size: meta.size,
            last_modified: meta.last_modified.timestamp(),
            e_tag: meta.e_tag.unwrap_or_default(),
            storage_class: STANDARD.to_owned(),
        }
    }
}

impl TryFrom<Entry> for Listed {
    type Error = String;

    fn try_from(entry: Entry) -> Result<Self, String> {
        let Entry {
            key, last_modified, ..
        } = entry;
        let moment = Timestamp::parse(&last_modified);
        let moment = moment.ok_or_else(|| {
            format!("the listing says of '{key}' that it was modified at '{last_modified}'")
        })?;
        Ok(Self {
            key,
            size: entry.size,
            last_modified: moment.0.div_euclid(1000),
            e_tag: entry.e_tag,
            storage_class: entry.storage_class.unwrap_or_else(|| STANDARD.to_owned()),
        })
    }
}

impl Listing {
    pub(super) fn new(bucket: Bucket, prefix: String, runtime: Handle) -> Self {
        let patience = bucket.patience();
        let pages = match bucket {
            Bucket::Folder(root, store) => Pages::Folder {
                store,
                walk: walk(&root),
                root,
            },
            Bucket::S3(store, _) => Pages::S3 {
                store,
                page: VecDeque::new(),
                next: Next::First,
            },
        };
        Self {
            runtime,
            prefix,
            patience,
            pages,
        }
    }

    /// The next object.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn next(&mut self) -> Result<Option<Listed>, String> {
        match &mut self.pages {
            Pages::Folder { store, root, walk } => loop {
                let Some(entry) = walk.next() else {
                    return Ok(None);
                };
                let entry = entry.map_err(|error| error.to_string())?;
                let key = key_of(root, entry.path())?;
                // A folder that cannot have any such key is not walked through.
                if entry.file_type().is_dir() {
                    let folder = format!("{key}/");
                    let may_have = folder.starts_with(&self.prefix)
                        || self.prefix.starts_with(&folder)
                        || key.is_empty();
                    if !may_have {
                        walk.skip_current_dir();
                    }
                    continue;
                }
                let is_object = entry.file_type().is_file() && !keys::is_unfinished(&key);
                if !is_object || !key.starts_with(&self.prefix) {
                    continue;
                }
                let path = keys::in_folder(&key)?.path;
                let asked = Asked::default();
                let looked = within(self.patience, &asked, store.head(&path));
                return self.runtime.block_on(looked).map(|meta| Some(meta.into()));
            },
            Pages::S3 { store, page, next } => loop {
                if let Some(entry) = page.pop_front() {
                    return Listed::try_from(entry).map(Some);
                }
                let token = match std::mem::replace(next, Next::None) {
                    Next::First => None,
                    Next::After(token) => Some(token),
                    Next::None => return Ok(None),
                };
                let asked = Asked::page();
                let prefix = (!self.prefix.is_empty()).then_some(self.prefix.as_str());
                let options = PaginatedListOptions {
                    page_token: token.clone(),
                    extensions: asked.extensions(),
                    ..PaginatedListOptions::default()
                };
                let answer = store.list_paginated(prefix, options);
                self.runtime
                    .block_on(within(self.patience, &asked, answer))?;
                let listed = asked.take_page().unwrap_or_default();
                page.extend(listed.contents);
                *next = match listed.next_continuation_token {
                    None => Next::None,
                    Some(more) if Some(&more) == token.as_ref() => {
                        return Err("the listing leads from a page to the same page".into());
                    }
                    Some(more) => Next::After(more),
                };
            },
        }
    }
}

/// All below a folder, in the order of keys: a folder sorts with the slash that follows its
/// name.
fn walk(root: &FilePath) -> walkdir::IntoIter {
    let name = |entry: &walkdir::DirEntry| {
        let mut name = entry.file_name().as_encoded_bytes().to_vec();
        if entry.file_type().is_dir() {
            name.push(b'/');
        }
        name
    };
    WalkDir::new(root)
        .sort_by(move |one, other| name(one).cmp(&name(other)))
        .into_iter()
}

fn key_of(root: &FilePath, path: &FilePath) -> Result<String, String> {
    let below = path.strip_prefix(root).unwrap_or(path);
    let key = below.to_str().map(str::to_owned);
    key.ok_or_else(|| format!("the name of {} is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_keys() {
        let root = tempfile::tempdir().unwrap();
        for key in ["a/b", "a.txt", "a0", "b", "a/a/z", "a/unfinished#1"] {
            let path = root.path().join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, key).unwrap();
        }
        let list = |prefix: &str| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let store = LocalFileSystem::new_with_prefix(root.path()).unwrap();
            let bucket = Bucket::Folder(root.path().to_owned(), Arc::new(store));
            let mut listing = Listing::new(bucket, prefix.into(), runtime.handle().clone());
            let mut keys = Vec::new();
            while let Some(listed) = listing.next().unwrap() {
                keys.push(listed.key);
            }
            keys.join(" ")
        };
        assert_eq!(list(""), "a.txt a/a/z a/b a0 b");
        assert_eq!(list("a/"), "a/a/z a/b");
        assert_eq!(list("a/a"), "a/a/z");
        assert_eq!(list("a"), "a.txt a/a/z a/b a0");
        assert_eq!(list("x"), "");
    }
}
