//! Unpacks what is packed: GZIP and ZSTD, told by the first bytes.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::Bytes;
use crate::limits::ZSTD_WINDOW_LOG_MAX;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Some writers put this before UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// The bytes, unpacked if they are packed, and without a byte order mark. No text begins as
/// GZIP or ZSTD do, so a name or a header need not say which it is.
pub(crate) fn inflate(bytes: Bytes) -> io::Result<Bytes> {
    let (first, bytes) = peek(bytes)?;
    if first.starts_with(&GZIP) {
        let packed = Box::new(MultiGzDecoder::new(bytes));
        return without_mark(Box::new(Unpacked(packed, "GZIP")));
    }
    if first.starts_with(&ZSTD) {
        let mut decoder = zstd::stream::read::Decoder::new(bytes)?;
        decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
        return without_mark(Box::new(Unpacked(Box::new(decoder), "ZSTD")));
    }
    without_mark(bytes)
}

/// What comes of something packed; what is wrong with that is told by its name.
struct Unpacked(Bytes, &'static str);

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self(bytes, packing) = self;
        bytes.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => io::Error::other(format!(
                "the {packing} data ends too soon: the object is not whole"
            )),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                io::Error::other(format!("no sound {packing} data: {error}"))
            }
            // The bytes do not come.
            _ => error,
        })
    }
}

fn without_mark(bytes: Bytes) -> io::Result<Bytes> {
    let (first, mut bytes) = peek(bytes)?;
    if first.starts_with(&BYTE_ORDER_MARK) {
        bytes.read_exact(&mut [0; BYTE_ORDER_MARK.len()])?;
    }
    Ok(bytes)
}

/// The first bytes, and all of them.
fn peek(bytes: Bytes) -> io::Result<(Vec<u8>, Bytes)> {
    let mut first = Vec::new();
    let mut limited = bytes.take(ZSTD.len() as u64);
    limited.read_to_end(&mut first)?;
    let all = Cursor::new(first.clone()).chain(limited.into_inner());
    Ok((first, Box::new(all)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn check(packed: Vec<u8>, expected: Result<&str, &str>) {
        let mut text = String::new();
        let read = inflate(Box::new(Cursor::new(packed)))
            .and_then(|mut bytes| bytes.read_to_string(&mut text));
        let read = read.map_err(|error| error.to_string());
        let read = read.as_ref().map(|_| text.as_str());
        assert_eq!(read.map_err(String::as_str), expected);
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        check(b"plain".to_vec(), Ok("plain"));
        check(b"".to_vec(), Ok(""));
        check(b"\xef\xbb\xbfa".to_vec(), Ok("a"));
        check(gzip(b"\xef\xbb\xbfpacked"), Ok("packed"));
        // Two members, one after the other.
        check([gzip(b"a"), gzip(b"b")].concat(), Ok("ab"));
        let frame = zstd::stream::encode_all(&b"packed"[..], 1).unwrap();
        check(frame, Ok("packed"));
    }

    #[test]
    fn what_is_not_whole_is_refused() {
        let mut whole = gzip(&b"packed".repeat(100));
        let soon = "the GZIP data ends too soon: the object is not whole";
        check(whole[..whole.len() - 6].to_vec(), Err(soon));
        // The checksum at its end.
        let last = whole.len() - 5;
        whole[last] ^= 1;
        let wrong = "no sound GZIP data: corrupt gzip stream does not have a matching checksum";
        check(whole, Err(wrong));
        let frame = zstd::stream::encode_all(&b"packed".repeat(100)[..], 1).unwrap();
        let soon = "the ZSTD data ends too soon: the object is not whole";
        check(frame[..frame.len() - 3].to_vec(), Err(soon));
    }
}
