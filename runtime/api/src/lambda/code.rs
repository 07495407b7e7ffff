//! A function's code: read from a request, taken in by the host.

use host::NotPrepared;

use super::package::Package;
use super::shape::{ANY, PACKAGE_TYPE};
use super::{Lambda, refusal};
use crate::ApiError;
use crate::registry::Code;
use crate::request::Request;

/// Where the code is, as a request says it.
#[derive(Debug, Default)]
pub(super) struct Source {
    zip_file: Option<Vec<u8>>,
    /// Another source, which cannot be reached.
    elsewhere: bool,
}

/// Reads `ZipFile` and its rivals.
pub(super) fn read(request: &mut Request) -> Source {
    let zip_file = request.blob("ZipFile");
    let elsewhere = ["S3Bucket", "S3Key", "ImageUri"]
        .map(|name| request.optional(name, &ANY).is_some())
        .contains(&true);
    Source {
        zip_file,
        elsewhere,
    }
}

/// Reads `PackageType`, of which only one can be run.
///
/// # Errors
/// `InvalidParameterValueException`.
pub(super) fn package_type(
    request: &mut Request,
) -> impl FnOnce() -> Result<(), ApiError> + 'static {
    let is_image = request.optional("PackageType", &PACKAGE_TYPE).as_deref() == Some("Image");
    move || match is_image {
        true => Err(refusal::invalid(
            "Container images are not supported: upload a zip with one .wasm in it.",
        )),
        false => Ok(()),
    }
}

impl Source {
    /// Opens the package, and has the host check, compile and keep the module.
    ///
    /// # Errors
    /// `InvalidParameterValueException`, in words for the module's author.
    pub(super) async fn prepare(self, lambda: &Lambda) -> Result<Code, ApiError> {
        if self.elsewhere {
            return Err(refusal::invalid(
                "Code is taken as ZipFile alone: S3 and container registries are not reached.",
            ));
        }
        let uploaded = self
            .zip_file
            .ok_or_else(|| refusal::invalid("Please provide a source for function code."))?;
        let _place = lambda
            .deployments
            .acquire()
            .await
            .expect("the semaphore is never closed");
        let package = tokio::task::spawn_blocking(move || Package::open(uploaded))
            .await
            .map_err(|panicked| ApiError::internal(&panicked))??;
        let prepared =
            lambda
                .keeper
                .prepare(package.module)
                .await
                .map_err(|error| match error {
                    NotPrepared::Refused(why) => {
                        refusal::invalid(format!("The .wasm file cannot be run: {why}"))
                    }
                    NotPrepared::Host(error) => ApiError::internal(&error),
                })?;
        Ok(Code {
            digest: prepared.digest,
            kind: prepared.kind,
            imports: prepared.imports,
            package_sha256: package.sha256,
            package_bytes: package.bytes,
        })
    }
}
