//! `stepwell.toml`: what `serve` is told by neither flag nor environment.
//!
//! Its keys are the names of `serve`'s flags, and a value stands in for the flag's default, so
//! that the same reader judges it. It knows none of the flags itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::builder::OsStr;
use clap::{ArgAction, ArgMatches};
use toml::de::{DeTable, DeValue};

/// The file that is read when none is named, if it is there.
const FILE: &str = "stepwell.toml";
/// The subcommand that is told by it.
const SUBCOMMAND: &str = "serve";
/// The flag that names the file: it cannot stand in it.
const CONFIG: &str = "config";

/// A setting of the file.
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    /// As the flag is named, without dashes before it.
    key: String,
    /// One, or as many as the flag may be given.
    values: Vec<String>,
    line: usize,
}

/// Reads the command line, with the file's settings behind flags and environment.
///
/// # Errors
/// A file that cannot be read, or says what `serve` does not know.
pub(super) fn matches(command: clap::Command) -> anyhow::Result<ArgMatches> {
    let Some(path) = named_file(&command)? else {
        return Ok(command.get_matches());
    };
    let place = || format!("settings file {}", path.display());
    let text = std::fs::read_to_string(&path).with_context(place)?;
    let settings = parse(&text).with_context(place)?;
    let serve = command.find_subcommand(SUBCOMMAND).expect("it is one");
    check(&settings, serve).with_context(place)?;
    let wanted = command.clone();
    let told = apply(command, &settings);
    told.try_get_matches().or_else(|refused| {
        // Without the file's values: if that goes well, one of them was wrong.
        match wanted.try_get_matches() {
            Ok(_) => Err(blame(&refused, &settings)).with_context(place),
            Err(refused) => refused.exit(),
        }
    })
}

/// The file that the command line or the environment names, or the one that lies here.
fn named_file(command: &clap::Command) -> anyhow::Result<Option<PathBuf>> {
    let loose = command.clone().ignore_errors(true).try_get_matches();
    let Ok(matches) = loose else { return Ok(None) };
    let Some(serve) = matches.subcommand_matches(SUBCOMMAND) else {
        return Ok(None);
    };
    let named: Option<PathBuf> = serve.try_get_one(CONFIG)?.cloned();
    let here = || Path::new(FILE).exists().then(|| PathBuf::from(FILE));
    Ok(named.or_else(here))
}

fn parse(text: &str) -> anyhow::Result<Vec<Setting>> {
    let line_of = |at: usize| {
        text.as_bytes()[..at]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            + 1
    };
    let table = DeTable::parse(text).map_err(|error| {
        let line = line_of(error.span().map_or(0, |span| span.start.min(text.len())));
        anyhow::anyhow!("line {line}: {}", error.message())
    })?;
    let mut settings = Vec::new();
    for (key, value) in table.into_inner() {
        let line = line_of(key.span().start);
        let key = key.into_inner().into_owned();
        let told = match value.into_inner() {
            DeValue::Array(several) => several
                .into_iter()
                .map(|one| text_of(one.into_inner()))
                .collect(),
            one => text_of(one).map(|text| vec![text]),
        };
        let Some(values) = told else {
            bail!("line {line}: {key} must be a text or a whole number, or a list of them");
        };
        settings.push(Setting { key, values, line });
    }
    settings.sort_by_key(|setting| setting.line);
    Ok(settings)
}

fn text_of(value: DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.into_owned()),
        DeValue::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The names of the flags that a file may set.
fn known(serve: &clap::Command) -> Vec<&str> {
    let flags = serve.get_arguments().filter(|arg| match arg.get_action() {
        ArgAction::Set | ArgAction::Append => !arg.is_global_set() && arg.get_id() != CONFIG,
        _ => false,
    });
    flags.filter_map(clap::Arg::get_long).collect()
}

fn check(settings: &[Setting], serve: &clap::Command) -> anyhow::Result<()> {
    let known = known(serve);
    for Setting { key, line, .. } in settings {
        if !known.contains(&&**key) {
            bail!(
                "line {line}: {key} is no setting; there are {}",
                known.join(", ")
            );
        }
    }
    Ok(())
}

fn apply(command: clap::Command, settings: &[Setting]) -> clap::Command {
    command.mut_subcommand(SUBCOMMAND, |serve| {
        settings.iter().fold(serve, |serve, setting| {
            let values = setting.values.iter().cloned().map(OsStr::from);
            serve.mut_arg(setting.key.replace('-', "_"), |arg| {
                arg.default_values(values.collect::<Vec<_>>())
            })
        })
    })
}

/// Which setting it was that the flags' reader refused, and in what words.
fn blame(refused: &clap::Error, settings: &[Setting]) -> anyhow::Error {
    let words = refused.to_string();
    let words = words.lines().next().unwrap_or_default();
    let words = words.strip_prefix("error: ").unwrap_or(words);
    let is_meant = |setting: &&Setting| words.contains(&format!("--{} ", setting.key));
    match settings.iter().find(is_meant) {
        Some(setting) => anyhow::anyhow!("line {}: {words}", setting.line),
        None => anyhow::anyhow!("{words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<Vec<Setting>, String> {
        let settings = parse(text).map_err(|error| error.to_string())?;
        let serve = crate::cli::command();
        let serve = serve.find_subcommand(SUBCOMMAND).unwrap();
        check(&settings, serve).map_err(|error| error.to_string())?;
        Ok(settings)
    }

    #[test]
    fn settings_are_named_as_flags_are() {
        let settings = told(
            "# here\nregion = \"eu-west-1\"\nretention-days = 7\nbucket = [\"a=x\", \"b=y\"]\n",
        )
        .unwrap();
        let short = settings
            .iter()
            .map(|one| (&*one.key, one.values.join(" "), one.line));
        let expected = [
            ("region", "eu-west-1".to_owned(), 2),
            ("retention-days", "7".to_owned(), 3),
            ("bucket", "a=x b=y".to_owned(), 4),
        ];
        assert_eq!(short.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_no_setting_is_told_with_its_line() {
        for (text, words) in [
            (
                "\nlisten-on = \"x\"",
                "line 2: listen-on is no setting; there are listen, data-dir",
            ),
            ("config = \"x\"", "line 1: config is no setting"),
            ("verbose = 2", "line 1: verbose is no setting"),
            ("[serve]\nlisten = \"x\"", "line 1: serve must be a text"),
            ("region = \"a\"\nregion = \"b\"", "line 2: duplicate key"),
            ("region = ", "line 1: "),
        ] {
            let refused = told(text).unwrap_err();
            assert!(refused.starts_with(words), "{refused:?}");
        }
    }
}
