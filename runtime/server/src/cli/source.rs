//! Where a module comes from: a file, or a registry of OCI artifacts.
//!
//! A tag may lead elsewhere tomorrow: what is deployed is pinned to the digest of the manifest that
//! it led to, and the version remembers that. Source: CNCF TAG Runtime, Wasm OCI Artifact Layout.

use std::fmt;
use std::io::Cursor;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::manifest::{OciDescriptor, OciImageManifest, OciManifest, WASM_LAYER_MEDIA_TYPE};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};

use super::{input, output};

/// The longest module that is read, in bytes. Source: AWS, quotas of Lambda: a package that is
/// sent with its request.
const MODULE_BYTES_MAX: u64 = 50 << 20;
/// Longest that a registry may take to accept a connection, and between two bytes.
const REGISTRY_PATIENCE: Duration = Duration::from_secs(30);
/// Longest that a module may be on its way: fifty megabytes over a slow line.
const PULL_TIME_MAX: Duration = Duration::from_secs(600);
/// What a layer is that holds a module; the older name is still in use.
const LAYER_MEDIA_TYPES: [&str; 2] = ["application/wasm", WASM_LAYER_MEDIA_TYPE];
/// How references to a registry begin.
const SCHEME: &str = "oci://";

/// Where a module comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// A file of this machine.
    File(PathBuf),
    /// An artifact of a registry: `oci://REGISTRY/REPOSITORY[:TAG][@DIGEST]`.
    Registry(Reference),
}

/// A module.
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    /// Where the very same is to be had again, if it comes from a registry.
    pub(super) pinned: Option<String>,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(reference) = text.strip_prefix(SCHEME) else {
            return Ok(Self::File(text.into()));
        };
        reference.parse().map(Self::Registry).map_err(|why| {
            format!("expected oci://REGISTRY/REPOSITORY, with a :TAG or @DIGEST if any: {why}")
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Registry(reference) => write!(f, "{SCHEME}{reference}"),
        }
    }
}

impl Source {
    /// The source that a text names if it is not the name of something deployed.
    pub(super) fn of_module(text: &str) -> anyhow::Result<Option<Self>> {
        match text.ends_with(".wasm") || text.starts_with(SCHEME) {
            true => text.parse().map(Some).map_err(anyhow::Error::msg),
            false => Ok(None),
        }
    }

    /// Reads the module.
    pub(super) async fn read(&self) -> anyhow::Result<Found> {
        match self {
            Self::File(path) => Ok(Found {
                bytes: input::bytes(&path.display().to_string(), MODULE_BYTES_MAX)?,
                pinned: None,
            }),
            Self::Registry(reference) => tokio::time::timeout(PULL_TIME_MAX, pull(reference))
                .await
                .unwrap_or_else(|_| Err(anyhow!("it took over {} s", PULL_TIME_MAX.as_secs())))
                .with_context(|| format!("cannot pull {self}")),
        }
    }
}

async fn pull(reference: &Reference) -> anyhow::Result<Found> {
    crate::outgoing::choose_tls();
    let client = Client::new(ClientConfig {
        protocol: protocol(reference.resolve_registry()),
        connect_timeout: Some(REGISTRY_PATIENCE),
        read_timeout: Some(REGISTRY_PATIENCE),
        user_agent: concat!("stepwell/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    });
    let auth = credentials(reference.resolve_registry().to_owned()).await?;
    let (manifest, digest) = client.pull_manifest(reference, &auth).await?;
    let OciManifest::Image(manifest) = manifest else {
        bail!("it is an index of images: name the one that holds the module by its @DIGEST");
    };
    let layer = layer(&manifest)?;
    let mut bytes = vec![0; size(layer)?];
    output::say(format_args!("pulling {} bytes of {reference}", bytes.len()));
    // No longer than the manifest says; and its digest, which is looked at, says the rest.
    client
        .pull_blob(reference, layer, &mut Cursor::new(&mut bytes[..]))
        .await?;
    let pinned = reference.clone_with_digest(digest);
    Ok(Found {
        bytes,
        pinned: Some(format!("{SCHEME}{pinned}")),
    })
}

/// A registry of this machine is spoken to without TLS, as Docker does.
fn protocol(registry: &str) -> ClientProtocol {
    let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host);
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    match is_here {
        true => ClientProtocol::Http,
        false => ClientProtocol::Https,
    }
}

/// The layer that is the module.
fn layer(manifest: &OciImageManifest) -> anyhow::Result<&OciDescriptor> {
    let is_module = |layer: &&OciDescriptor| LAYER_MEDIA_TYPES.contains(&&*layer.media_type);
    let mut modules = manifest.layers.iter().filter(is_module);
    match (modules.next(), modules.next()) {
        (Some(layer), None) => Ok(layer),
        (Some(_), Some(_)) => bail!("it holds several modules, and a Task is one"),
        (None, _) => {
            let held = manifest.layers.iter().map(|layer| &*layer.media_type);
            let held: Vec<&str> = held.take(4).collect();
            bail!(
                "it holds no layer of type {}, but {}",
                LAYER_MEDIA_TYPES[0],
                if held.is_empty() {
                    "none at all".to_owned()
                } else {
                    held.join(", ")
                }
            )
        }
    }
}

fn size(layer: &OciDescriptor) -> anyhow::Result<usize> {
    match u64::try_from(layer.size) {
        Ok(bytes) if bytes <= MODULE_BYTES_MAX => Ok(usize::try_from(bytes)?),
        _ => bail!(
            "its module has {} bytes; at most {MODULE_BYTES_MAX} are read",
            layer.size
        ),
    }
}

/// What `docker login` left for a registry; nobody, when it left nothing.
async fn credentials(registry: String) -> anyhow::Result<RegistryAuth> {
    use CredentialRetrievalError::{ConfigNotFound, ConfigReadError, NoCredentialConfigured};
    // Docker's own registry is remembered under the name of its first version.
    let remembered = match &*registry {
        "index.docker.io" | "docker.io" => "https://index.docker.io/v1/".to_owned(),
        _ => registry,
    };
    let asked = remembered.clone();
    let found = tokio::task::spawn_blocking(move || docker_credential::get_credential(&asked));
    match found.await? {
        Ok(DockerCredential::UsernamePassword(name, password)) => {
            Ok(RegistryAuth::Basic(name, password))
        }
        Ok(DockerCredential::IdentityToken(token)) => Ok(RegistryAuth::Bearer(token)),
        Err(ConfigNotFound | ConfigReadError | NoCredentialConfigured) => {
            Ok(RegistryAuth::Anonymous)
        }
        Err(error) => Err(anyhow!(error)).context(format!(
            "what `docker login` left for {remembered} cannot be read"
        )),
    }
}
