//! Keys as the store library takes them: a path without empty segments. A key is any text, so
//! one that is no such path goes to S3 beside it, and is no file of a folder.

use object_store::path::Path;

use super::wire::STAND_IN;

/// Where an object is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) path: Path,
    /// The key, where the path only stands in for it.
    pub(super) key: Option<String>,
}

/// A key of a bucket that is a folder.
///
/// # Errors
/// Why no file can have it.
pub(super) fn in_folder(key: &str) -> Result<Address, String> {
    unfit(key, in_no_store(key).or_else(|| in_no_folder(key)))?;
    plain(key).map_err(|error| format!("the key '{key}' cannot be used: {error}"))
}

/// A key of a bucket that speaks S3's protocol.
///
/// # Errors
/// Why it cannot be asked for.
pub(super) fn in_s3(key: &str) -> Result<Address, String> {
    unfit(key, in_no_store(key))?;
    let stood_in = || Address {
        path: Path::from(STAND_IN),
        key: Some(key.to_owned()),
    };
    Ok(match in_no_folder(key) {
        None => plain(key).unwrap_or_else(|_| stood_in()),
        Some(_) => stood_in(),
    })
}

/// Whether a file of this name is being written: whoever writes gives it its own name when it
/// is whole.
pub(super) fn is_unfinished(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key);
    name.split_once('#').is_some_and(|(_, after)| {
        !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn plain(key: &str) -> Result<Address, object_store::path::Error> {
    let path = Path::parse(key)?;
    Ok(Address { path, key: None })
}

fn unfit(key: &str, reason: Option<&str>) -> Result<(), String> {
    match reason {
        None => Ok(()),
        Some(reason) => Err(format!("the key '{key}' cannot be used: {reason}")),
    }
}

/// What HTTP itself does away with: no client sends it as it is.
fn in_no_store(key: &str) -> Option<&'static str> {
    if key.is_empty() {
        return Some("it is empty");
    }
    let is_relative = key.split('/').any(|segment| matches!(segment, "." | ".."));
    is_relative.then_some("it has a segment '.' or '..'")
}

fn in_no_folder(key: &str) -> Option<&'static str> {
    if key.starts_with('/') || key.ends_with('/') || key.contains("//") {
        return Some("it begins or ends with '/', or has '//', as no file of a folder does");
    }
    if key.bytes().any(|byte| byte.is_ascii_control()) {
        return Some("it has a control character");
    }
    is_unfinished(key).then_some("it ends with '#' and digits, as files do that are being written")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLASHES: &str = "it begins or ends with '/', or has '//', as no file of a folder does";
    const DOTS: &str = "it has a segment '.' or '..'";

    /// A key, what it is in a folder, and what it is on S3: the path itself, `-` for a stand-in,
    /// or why not.
    #[test]
    fn keys_are_paths_or_go_beside_them() {
        let cases = [
            ("a/b.csv", "a/b.csv", "a/b.csv"),
            (
                "a b/\u{e4}%2F+&=.csv",
                "a b/\u{e4}%2F+&=.csv",
                "a b/\u{e4}%2F+&=.csv",
            ),
            ("...", "...", "..."),
            ("a//b", SLASHES, "-"),
            ("/a", SLASHES, "-"),
            ("a/", SLASHES, "-"),
            ("/", SLASHES, "-"),
            ("a\nb", "it has a control character", "-"),
            (
                "a#1",
                "it ends with '#' and digits, as files do that are being written",
                "-",
            ),
            ("a#b", "a#b", "a#b"),
            ("a#1/b", "a#1/b", "a#1/b"),
            ("", "it is empty", "it is empty"),
            ("a/../b", DOTS, DOTS),
            ("./a", DOTS, DOTS),
        ];
        for (key, folder, s3) in cases {
            let told = |address: Result<Address, String>| match address {
                Ok(Address { path, key: None }) => path.to_string(),
                Ok(Address {
                    path,
                    key: Some(exact),
                }) => {
                    assert_eq!(exact, key);
                    path.to_string()
                }
                Err(why) => why.replace(&format!("the key '{key}' cannot be used: "), ""),
            };
            assert_eq!(told(in_folder(key)), folder, "{key:?} in a folder");
            assert_eq!(told(in_s3(key)), s3, "{key:?} on S3");
        }
    }
}
