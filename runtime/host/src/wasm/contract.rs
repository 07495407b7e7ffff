//! Which versions of `stepwell:task` a host accepts: its own and those it was released
//! with before, which differ from it only by what they lack.
//!
//! The version is part of every name a component imports or exports: the names of a module
//! say what it was built for.

use super::prepare::PrepareError;

/// The version that `wit/task.wit` has.
pub(super) const VERSION: Version = Version {
    major: 0,
    minor: 1,
    patch: 0,
};

/// The package whose versions these are, as interface names begin.
const PACKAGE: &str = "stepwell:task/";

/// A version of the contract. Before 1.0 a new minor is a break, as semantic versions have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(str::parse::<u64>);
        let mut next = || numbers.next()?.ok();
        let (major, minor, patch) = (next()?, next()?, next()?);
        numbers.next().is_none().then_some(Self {
            major,
            minor,
            patch,
        })
    }

    /// Whether a module built for `guest` finds all it needs in this version.
    fn serves(self, guest: Self) -> bool {
        let line = |version: Self| (version.major, version.minor);
        line(self) == line(guest) && guest.patch <= self.patch
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// Refuses a module by what it imports and exports, if it was built for a contract that
/// this host does not serve.
///
/// # Errors
/// [`PrepareError::OtherContract`].
pub(super) fn check<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), PrepareError> {
    for name in names.filter_map(|name| name.strip_prefix(PACKAGE)) {
        let built_for = name.split_once('@').map_or("", |(_, version)| version);
        if !Version::parse(built_for).is_some_and(|guest| VERSION.serves(guest)) {
            return Err(PrepareError::OtherContract {
                built_for: built_for.chars().take(VERSION_CHARS_MAX).collect(),
            });
        }
    }
    Ok(())
}

/// How much of a version a message repeats: it comes from the module.
const VERSION_CHARS_MAX: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn serves(host: &str, guest: &str) -> bool {
        let [host, guest] = [host, guest].map(|text| Version::parse(text).unwrap());
        host.serves(guest)
    }

    #[test]
    fn a_host_serves_its_own_line_up_to_itself() {
        for (host, guest, served) in [
            ("0.1.0", "0.1.0", true),
            ("0.1.3", "0.1.0", true),
            ("0.1.3", "0.1.4", false),
            ("0.2.0", "0.1.0", false),
            ("1.2.0", "0.2.0", false),
        ] {
            assert_eq!(serves(host, guest), served, "{host} {guest}");
        }
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in ["", "1", "0.1", "0.1.0.0", "0.1.x", "0.1.0-rc.1", "-1.0.0"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_version_is_the_one_of_the_contract() {
        let contract = include_str!("../../../../wit/task.wit");
        let package = format!("package stepwell:task@{VERSION};");
        assert!(contract.contains(&package));
    }
}
