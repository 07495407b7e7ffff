//! Functions as Tasks name them, and who knows which module each is.

use std::collections::HashMap;

use asl::arn::Place;
use host::Module;

/// A function as something names it: where, which, and in which version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName {
    /// Whose, and in which region.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// A version's number, an alias, or `$LATEST`; none means the same as `$LATEST`.
    pub qualifier: Option<String>,
}

impl FunctionName {
    /// Reads any form that AWS takes: `NAME`, `NAME:Q`, `ACCOUNT:function:NAME[:Q]`,
    /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:Q]`; and ours, `wasm:NAME[:Q]`. What is
    /// not said is as at `home`. Never fails: what is no name is found nowhere.
    pub fn read(written: &str, home: &Place) -> Self {
        let (head, tail) = match written.rsplit_once(":function:") {
            Some((head, tail)) => (head, tail),
            None => {
                let tail = written.strip_prefix("wasm:").unwrap_or(written);
                ("", tail.strip_prefix("function:").unwrap_or(tail))
            }
        };
        let mut place = home.clone();
        let mut before = head.rsplit(':');
        if let Some(account_id) = before.next().filter(|account| !account.is_empty()) {
            place.account_id = account_id.to_owned();
            if let Some(region) = before.next().filter(|region| !region.is_empty()) {
                place.region = region.to_owned();
            }
        }
        let (name, qualifier) = match tail.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier.to_owned())),
            None => (tail, None),
        };
        Self {
            place,
            name: name.to_owned(),
            qualifier,
        }
    }

    /// Its ARN, without a qualifier.
    pub fn arn(&self) -> String {
        self.place.function(&self.name)
    }

    /// Its ARN, with the qualifier if it has one.
    pub fn qualified_arn(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.arn()),
            None => self.arn(),
        }
    }
}

/// Knows which module a function is.
pub trait Modules: Send + Sync + 'static {
    /// The module of a function, and the version as AWS words it in `ExecutedVersion`.
    /// `draw` decides where an alias with two versions leads: the same leads to the same.
    ///
    /// # Errors
    /// [`NotDeployed`].
    fn find(&self, function: &FunctionName, draw: u64) -> Result<(Module, String), NotDeployed>;
}

/// Why there is nothing to run.
#[derive(Debug, thiserror::Error)]
pub enum NotDeployed {
    /// No function, version or alias of that name.
    #[error("no such function is deployed")]
    Unknown,
    /// The catalogue cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// Modules that are given, not deployed: by name, one version each.
impl Modules for HashMap<String, Module> {
    fn find(&self, function: &FunctionName, _: u64) -> Result<(Module, String), NotDeployed> {
        let module = self.get(&function.name).ok_or(NotDeployed::Unknown)?;
        match function.qualifier.as_deref() {
            None | Some("$LATEST") => Ok((module.clone(), "$LATEST".to_owned())),
            Some("1") => Ok((module.clone(), "1".to_owned())),
            Some(_) => Err(NotDeployed::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_named_in_many_ways() {
        let home = "us-east-1:123456789012";
        for (written, place, name, qualifier) in [
            ("wasm:charge", home, "charge", None),
            ("wasm:charge:7", home, "charge", Some("7")),
            ("charge", home, "charge", None),
            ("charge:live", home, "charge", Some("live")),
            ("function:charge", home, "charge", None),
            (
                "000000000000:function:charge",
                "us-east-1:000000000000",
                "charge",
                None,
            ),
            (
                "eu-west-1:000000000000:function:charge",
                "eu-west-1:000000000000",
                "charge",
                None,
            ),
            (
                "arn:aws:lambda:eu-west-1:000000000000:function:charge:3",
                "eu-west-1:000000000000",
                "charge",
                Some("3"),
            ),
        ] {
            let read = FunctionName::read(written, &Place::default());
            let Place { region, account_id } = &read.place;
            assert_eq!(format!("{region}:{account_id}"), place, "{written}");
            assert_eq!((&*read.name, read.qualifier.as_deref()), (name, qualifier));
        }
    }

    #[test]
    fn arns_are_made() {
        let written = "arn:aws:lambda:eu-west-1:000000000000:function:charge:3";
        let read = FunctionName::read(written, &Place::default());
        assert_eq!(read.qualified_arn(), written);
        assert_eq!(read.arn(), written.strip_suffix(":3").unwrap());
    }
}
