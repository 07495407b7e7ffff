//! What a deployment package is: a zip with one Wasm module in it, or the module itself.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipSliceArchive};
use sha2::{Digest as _, Sha256};

use super::refusal;
use crate::ApiError;

/// A module's bytes, at most, as they come out of a package. Ours: the host refuses larger
/// modules anyway; what claims to be small and unpacks to more is stopped here.
const MODULE_BYTES_MAX: u64 = 64 << 20;

/// Entries that are looked at for the module. Ours: a package is made for one file, and
/// whoever packs a whole source tree beside it stays below that.
const ENTRIES_MAX: usize = 10_000;

/// What was uploaded, and the module in it.
#[derive(Debug)]
pub(super) struct Package {
    /// The module.
    pub(super) module: Vec<u8>,
    /// `CodeSha256`: the digest of what was uploaded, in base 64.
    pub(super) sha256: String,
    /// `CodeSize`: the length of what was uploaded.
    pub(super) bytes: u64,
}

impl Package {
    /// Opens what was uploaded.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub(super) fn open(uploaded: Vec<u8>) -> Result<Self, ApiError> {
        let sha256 = STANDARD.encode(Sha256::digest(&uploaded));
        let bytes = uploaded.len() as u64;
        let module = match uploaded.starts_with(b"\0asm") {
            true => uploaded,
            false => unpack(&uploaded)?,
        };
        Ok(Self {
            module,
            sha256,
            bytes,
        })
    }
}

/// The one module in a zip.
fn unpack(zip: &[u8]) -> Result<Vec<u8>, ApiError> {
    if !zip.starts_with(b"PK") {
        return Err(refusal::invalid(format!(
            "{NOT_A_ZIP} It is not WebAssembly either: a module begins with the bytes `\\0asm`."
        )));
    }
    let archive = ZipArchive::from_slice(zip).map_err(|_| not_a_zip())?;
    let (mut found, mut names) = (None, Vec::new());
    for (count, entry) in archive.entries().enumerate() {
        let entry = entry.map_err(|_| not_a_zip())?;
        if count >= ENTRIES_MAX {
            return Err(refusal::invalid(format!(
                "The package has more than {ENTRIES_MAX} files; pack the .wasm alone."
            )));
        }
        let name = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
        // What a Mac adds beside each file has its ending too.
        if !entry.is_dir() && name.ends_with(".wasm") && !name.starts_with("__MACOSX/") {
            found = Some((entry.wayfinder(), entry.compression_method()));
            names.push(name);
        }
    }
    match (found, names.as_slice()) {
        (Some((place, method)), [_]) => extract(&archive, place, method),
        (Some(_), several) => Err(refusal::invalid(format!(
            "The package must have one .wasm file; it has {}: {}.",
            several.len(),
            listed(several)
        ))),
        (None, _) => Err(refusal::invalid(
            "The package has no .wasm file. Functions run here as WebAssembly: upload a zip with \
             one .wasm in it, or the .wasm itself.",
        )),
    }
}

/// Names that a message lists, each cut to a readable length.
const NAMES_LISTED_MAX: usize = 8;
const NAME_CHARS_MAX: usize = 64;

fn listed(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_LISTED_MAX);
    let shown: Vec<String> = shown
        .map(|name| name.chars().take(NAME_CHARS_MAX).collect())
        .collect();
    shown.join(", ")
}

/// Reads one entry, no further than a module may go.
fn extract(
    archive: &ZipSliceArchive<&[u8]>,
    place: rawzip::ZipArchiveEntryWayfinder,
    method: CompressionMethod,
) -> Result<Vec<u8>, ApiError> {
    let entry = archive.get_entry(place).map_err(|_| not_a_zip())?;
    let mut module = Vec::new();
    let read = match method {
        CompressionMethod::STORE => bounded(entry.verifying_reader(entry.data()), &mut module),
        CompressionMethod::DEFLATE => bounded(
            entry.verifying_reader(DeflateDecoder::new(entry.data())),
            &mut module,
        ),
        other => {
            return Err(refusal::invalid(format!(
                "The .wasm file is compressed by method {other:?}; pack it stored or deflated."
            )));
        }
    };
    read.map_err(|_| not_a_zip())?;
    match module.len() as u64 > MODULE_BYTES_MAX {
        true => Err(refusal::invalid(format!(
            "Unzipped size must be smaller than {MODULE_BYTES_MAX} bytes"
        ))),
        false => Ok(module),
    }
}

fn bounded(reader: impl Read, module: &mut Vec<u8>) -> std::io::Result<usize> {
    reader.take(MODULE_BYTES_MAX + 1).read_to_end(module)
}

/// AWS's words.
const NOT_A_ZIP: &str =
    "Could not unzip uploaded file. Please check your file, then try to upload again.";

fn not_a_zip() -> ApiError {
    refusal::invalid(NOT_A_ZIP)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use rawzip::ZipArchiveWriter;

    use super::*;

    /// A zip of these files.
    fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = Vec::new();
        let mut archive = ZipArchiveWriter::new(&mut zip);
        for (name, content) in files {
            let file = archive.new_file(name);
            let file = file.compression_method(CompressionMethod::DEFLATE);
            let (mut entry, config) = file.start().unwrap();
            let encoder = DeflateEncoder::new(&mut entry, Compression::fast());
            let mut writer = config.wrap(encoder);
            writer.write_all(content).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            entry.finish(descriptor).unwrap();
        }
        archive.finish().unwrap();
        zip
    }

    fn refused(uploaded: Vec<u8>) -> String {
        Package::open(uploaded).unwrap_err().message
    }

    #[test]
    fn the_one_module_is_found() {
        let package = Package::open(zip(&[
            ("README.md", b"text"),
            ("__MACOSX/._charge.wasm", b"meta"),
            ("tasks/charge.wasm", b"\0asm-module"),
        ]))
        .unwrap();
        assert_eq!(package.module, b"\0asm-module");
        let package = Package::open(b"\0asm-module".to_vec()).unwrap();
        assert_eq!(
            (&*package.module, package.bytes),
            (&b"\0asm-module"[..], 11)
        );
        assert_eq!(
            package.sha256,
            "SkdK8/ILrO7d9KRq3beK6v1b97lS5UKYWKqYRkm+BEg="
        );
    }

    #[test]
    fn what_is_no_package_is_refused_in_words() {
        assert!(refused(b"text".to_vec()).starts_with("Could not unzip"));
        assert!(refused(Vec::new()).starts_with("Could not unzip"));
        assert!(refused(zip(&[("main.py", b"print()")])).contains("has no .wasm file"));
        let two = zip(&[("a.wasm", b"\0asm"), ("b.wasm", b"\0asm")]);
        assert!(refused(two).contains("it has 2: a.wasm, b.wasm."));
    }

    #[test]
    fn a_damaged_zip_is_refused() {
        let sound = zip(&[("a.wasm", b"\0asm-module")]);
        for at in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[at] ^= 0xff;
            // Whatever was hit: the module itself, or an answer.
            if let Ok(package) = Package::open(damaged) {
                assert_eq!(package.module, b"\0asm-module", "byte {at}");
            }
            let _ = Package::open(sound[..at].to_vec());
        }
    }

    #[test]
    fn a_bomb_is_stopped_where_a_module_ends() {
        let bomb = zip(&[("a.wasm", &vec![0; MODULE_BYTES_MAX as usize + 1])]);
        assert!(bomb.len() < 1 << 20);
        assert!(refused(bomb).starts_with("Unzipped size must be smaller"));
    }

    #[test]
    fn a_crowd_of_entries_is_not_walked() {
        let names: Vec<String> = (0..=ENTRIES_MAX).map(|name| name.to_string()).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b""[..])).collect();
        assert!(refused(zip(&files)).contains("more than 10000 files"));
    }
}
