//! `s3:listObjectsV2`: the objects of a bucket whose keys begin alike, in the order of their
//! keys, a page at a time.

use std::collections::VecDeque;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use object_store::aws::AmazonS3;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::local::LocalFileSystem;
use object_store::{ObjectMeta, ObjectStoreExt};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use walkdir::WalkDir;

use super::{Bucket, object};

/// Objects, one after the other. Blocks; not for a thread that runs tasks.
pub(super) struct Listing {
    runtime: Handle,
    prefix: String,
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
        page: VecDeque<ObjectMeta>,
        /// The token of the next page; none at the end.
        next: Option<Option<String>>,
    },
}

impl Listing {
    pub(super) fn new(bucket: Bucket, prefix: String, runtime: Handle) -> Self {
        let pages = match bucket {
            Bucket::Folder(root, store) => Pages::Folder {
                store,
                walk: walk(&root),
                root,
            },
            Bucket::S3(store) => Pages::S3 {
                store,
                page: VecDeque::new(),
                next: Some(None),
            },
        };
        Self {
            runtime,
            prefix,
            pages,
        }
    }

    /// The next object.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn next(&mut self) -> Result<Option<ObjectMeta>, String> {
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
                if !entry.file_type().is_file() || !key.starts_with(&self.prefix) {
                    continue;
                }
                let path = super::path(&key)?;
                let looked = self.runtime.block_on(store.head(&path));
                return looked.map(Some).map_err(|error| object::of_store(&error));
            },
            Pages::S3 { store, page, next } => loop {
                if let Some(meta) = page.pop_front() {
                    return Ok(Some(meta));
                }
                let Some(page_token) = next.take() else {
                    return Ok(None);
                };
                let prefix = (!self.prefix.is_empty()).then_some(self.prefix.as_str());
                let options = PaginatedListOptions {
                    page_token,
                    ..PaginatedListOptions::default()
                };
                let listed = self.runtime.block_on(store.list_paginated(prefix, options));
                let listed = listed.map_err(|error| object::of_store(&error))?;
                page.extend(listed.result.objects);
                *next = listed.page_token.map(Some);
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

/// An object as an item, in the order of AWS's fields. The storage class is not in what the
/// library tells; objects that can be read at once are of the standard one, or as good as.
pub(super) fn item(meta: &ObjectMeta) -> Value {
    let tag = meta.e_tag.as_deref().unwrap_or_default();
    let tag = match tag.starts_with('"') {
        true => tag.to_owned(),
        false => format!("\"{tag}\""),
    };
    json!({
        "Etag": tag,
        "LastModified": meta.last_modified.timestamp(),
        "Key": meta.location.as_ref(),
        "Size": meta.size,
        "StorageClass": "STANDARD",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_the_order_of_their_keys() {
        let root = tempfile::tempdir().unwrap();
        for key in ["a/b", "a.txt", "a0", "b", "a/a/z"] {
            let path = root.path().join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, key).unwrap();
        }
        let list = |prefix: &str| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            let store = LocalFileSystem::new_with_prefix(root.path()).unwrap();
            let bucket = Bucket::Folder(root.path().to_owned(), Arc::new(store));
            let mut listing = Listing::new(bucket, prefix.into(), runtime.handle().clone());
            let mut keys = Vec::new();
            while let Some(meta) = listing.next().unwrap() {
                keys.push(meta.location.to_string());
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
