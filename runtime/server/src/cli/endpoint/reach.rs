//! The flags, and the environment, that say where commands find state machines.

use std::path::PathBuf;

use anyhow::bail;
use asl::arn::Place;
use aws_credential_types::Credentials;

use super::super::buckets::BucketFolders;
use super::http::Http;
use super::local::{Conduct, Local};
use super::{Endpoint, Way};
use crate::outgoing::Signer;
use crate::wiring::Store;

/// Where `stepwell serve` listens unless it is told otherwise.
const ADDRESS: &str = "http://127.0.0.1:8083";

/// Where commands find state machines: a server, or a data directory that no server holds.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Where")]
pub(in crate::cli) struct Reach {
    /// The server [env: STEPWELL_ENDPOINT, AWS_ENDPOINT_URL_SFN, AWS_ENDPOINT_URL]
    /// [default: http://127.0.0.1:8083]
    ///
    /// Requests are signed with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN
    /// when they are set. A certificate that your system does not know is trusted when
    /// SSL_CERT_FILE names it.
    #[arg(long, global = true, value_name = "URL", conflicts_with = "data_dir")]
    endpoint: Option<String>,
    /// A data directory, opened without a server [env: STEPWELL_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The region of names that are no ARNs [env: STEPWELL_REGION, AWS_REGION,
    /// AWS_DEFAULT_REGION] [default: us-east-1]
    #[arg(long, global = true, value_parser = crate::cli::serve::region)]
    region: Option<String>,
    /// The account of names that are no ARNs [env: STEPWELL_ACCOUNT_ID, or AWS_ACCESS_KEY_ID if
    /// it has twelve digits] [default: 123456789012]
    #[arg(long, global = true, value_name = "DIGITS", value_parser = crate::cli::serve::account_id)]
    account_id: Option<String>,
}

impl Reach {
    /// What answers operations. Executions of a data directory are left as they are.
    ///
    /// # Errors
    /// A data directory that is not there, or that another process holds.
    pub(in crate::cli) fn open(&self) -> anyhow::Result<Endpoint> {
        self.opened(None, false)
    }

    /// The same; a data directory that is not there is made.
    ///
    /// # Errors
    /// A data directory that another process holds.
    pub(in crate::cli) fn open_or_make(&self) -> anyhow::Result<Endpoint> {
        self.opened(None, true)
    }

    /// The same, where executions go on for as long as this process lives, with these buckets.
    ///
    /// # Errors
    /// As [`Reach::open`]; a bucket's folder that is none.
    pub(in crate::cli) fn open_and_run(&self, buckets: &BucketFolders) -> anyhow::Result<Endpoint> {
        self.opened(Some(buckets), false)
    }

    /// The data directory itself, for what AWS's operations do not tell; and the place that names
    /// are of.
    ///
    /// # Errors
    /// A server was named, or a data directory that is not there or that another process holds.
    pub(in crate::cli) fn open_store(&self) -> anyhow::Result<(Store, Place)> {
        let place = self.place(&Keys::of_environment()?)?;
        match self.address() {
            Address::Dir(dir) if !dir.is_dir() => {
                bail!("there is no data directory {}", dir.display())
            }
            Address::Dir(dir) => Ok((Store::open(&dir)?, place)),
            Address::Url(url) => bail!(
                "{url} is a server, and this reads a data directory: name one that no server \
                 holds with --data-dir"
            ),
        }
    }

    /// Executions of a data directory go on where there are buckets for them.
    fn opened(&self, buckets: Option<&BucketFolders>, make: bool) -> anyhow::Result<Endpoint> {
        let keys = Keys::of_environment()?;
        let place = self.place(&keys)?;
        let way = match self.address() {
            Address::Dir(dir) if !make && !dir.is_dir() => {
                bail!("there is no data directory {}", dir.display())
            }
            Address::Dir(dir) => {
                let conduct = match buckets {
                    None => Conduct::Record,
                    Some(buckets) => Conduct::Run(buckets.open(&place.region, &place.account_id)?),
                };
                Way::Local(Local::open(&dir, place.clone(), conduct)?)
            }
            Address::Url(url) => {
                let signer = keys.signer(&place, self.account_id.is_some());
                Way::Http(Http::new(checked(url)?, signer)?)
            }
        };
        Ok(Endpoint { way, place })
    }

    /// Flags come before the environment, what is ours before what is AWS's.
    fn address(&self) -> Address {
        let named = |name: &str| variable(name).map(Address::Url);
        let flag = self.endpoint.clone().map(Address::Url);
        let flag = flag.or_else(|| self.data_dir.clone().map(Address::Dir));
        let ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        let ignored = ignored.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let of_aws = |name: &str| named(name).filter(|_| !ignored);
        flag.or_else(|| named("STEPWELL_ENDPOINT"))
            .or_else(|| variable("STEPWELL_DATA_DIR").map(|dir| Address::Dir(dir.into())))
            .or_else(|| of_aws("AWS_ENDPOINT_URL_SFN"))
            .or_else(|| of_aws("AWS_ENDPOINT_URL"))
            .unwrap_or_else(|| Address::Url(ADDRESS.to_owned()))
    }

    fn place(&self, keys: &Keys) -> anyhow::Result<Place> {
        let home = Place::default();
        let regions = ["STEPWELL_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"];
        let region = self.region.clone();
        let region = region.or_else(|| regions.iter().find_map(|name| variable(name)));
        let account_id = self.account_id.clone();
        let account_id = account_id.or_else(|| variable("STEPWELL_ACCOUNT_ID"));
        let place = Place {
            region: region.unwrap_or(home.region),
            account_id: account_id
                .or_else(|| keys.account_id())
                .unwrap_or(home.account_id),
        };
        for checked in [
            crate::cli::serve::region(&place.region),
            crate::cli::serve::account_id(&place.account_id),
        ] {
            checked.map_err(anyhow::Error::msg)?;
        }
        Ok(place)
    }
}

enum Address {
    Url(String),
    Dir(PathBuf),
}

/// A variable of the environment; an empty one is none.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn checked(url: String) -> anyhow::Result<String> {
    match url.starts_with("http://") || url.starts_with("https://") {
        true => Ok(url),
        false => bail!("{url:?} is no address of a server: http://HOST:PORT or https://HOST:PORT"),
    }
}

/// The key that the environment has, as AWS's SDKs read it.
struct Keys(Option<Credentials>);

impl Keys {
    fn of_environment() -> anyhow::Result<Self> {
        let id = variable("AWS_ACCESS_KEY_ID");
        let secret = variable("AWS_SECRET_ACCESS_KEY");
        let token = variable("AWS_SESSION_TOKEN");
        match (id, secret) {
            (Some(id), Some(secret)) => {
                let keys = Credentials::new(id, secret, token, None, "environment");
                Ok(Self(Some(keys)))
            }
            (None, None) => Ok(Self(None)),
            (Some(_), None) => bail!("AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not"),
            (None, Some(_)) => bail!("AWS_SECRET_ACCESS_KEY is set, AWS_ACCESS_KEY_ID is not"),
        }
    }

    /// The account that the key names: one of twelve digits, as emulators have it.
    fn account_id(&self) -> Option<String> {
        let id = self.0.as_ref()?.access_key_id();
        crate::cli::serve::account_id(id).ok()
    }

    /// Who signs. Without a key nobody does; but an account that was asked for is told as a
    /// server without keys reads it.
    fn signer(self, place: &Place, account_is_asked: bool) -> Option<Signer> {
        let named = || {
            let id = place.account_id.as_str();
            account_is_asked.then(|| Credentials::new(id, "unchecked", None, None, "account"))
        };
        Some(Signer {
            credentials: self.0.or_else(named)?,
            region: place.region.clone(),
        })
    }
}
