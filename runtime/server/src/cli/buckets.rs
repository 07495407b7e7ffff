//! `--bucket NAME=DIR`: what Maps in DISTRIBUTED mode read from and write to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use objects::{Buckets, Objects, S3Settings};

// The buckets that are folders of this machine. (A doc comment would become the help of the
// subcommand that this is flattened into.)
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct BucketFolders {
    /// A folder that is a bucket for Maps in DISTRIBUTED mode: their ItemReader and
    /// ResultWriter find objects there by their paths. Give it once for each. Other buckets are
    /// looked for where AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and AWS's credentials in the
    /// environment say.
    #[arg(long = "bucket", value_name = "NAME=DIR", env = "STEPWELL_BUCKET",
          value_delimiter = ',', value_parser = parse)]
    bucket: Vec<(String, PathBuf)>,
}

impl BucketFolders {
    /// Whoever reads and writes objects. `region` is where a bucket is unless the environment
    /// says; folders belong to `account`.
    ///
    /// # Errors
    /// A folder that is none.
    pub(crate) fn open(&self, region: &str, account: &str) -> anyhow::Result<Arc<dyn Objects>> {
        let folders = self.bucket.iter();
        let folders = folders.map(|(name, folder)| (name.as_str(), Path::new(folder)));
        let text = |text: std::ffi::OsString| text.into_string().ok();
        let variables = std::env::vars_os();
        let variables = variables.filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        let s3 = S3Settings::from_variables(variables, region);
        Ok(Arc::new(Arc::new(Buckets::new(folders, account, s3)?)))
    }
}

fn parse(argument: &str) -> Result<(String, PathBuf), String> {
    match argument.split_once('=') {
        Some((name, folder)) if !name.is_empty() && !folder.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(folder)))
        }
        _ => Err("expected NAME=DIR".to_owned()),
    }
}
