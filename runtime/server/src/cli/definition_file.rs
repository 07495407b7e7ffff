//! A definition in a file: read, understood, or complained about.

use std::path::Path;

use anyhow::bail;
use asl::diagnostic::Diagnostic;
use asl::validate::{MachineType, validate};
use engine::Definition;

use super::{Outcome, diagnostics, input, output};

/// Reads a definition that is to be run; on problems, shows them all.
pub(super) fn load(path: &Path, kind: MachineType) -> anyhow::Result<Result<Definition, Outcome>> {
    let text = match read(path, kind)? {
        Ok((text, _)) => text,
        Err(outcome) => return Ok(Err(outcome)),
    };
    match Definition::parse(&text) {
        Ok(definition) => Ok(Ok(definition)),
        Err(_) => bail!("{} is not a valid definition", path.display()),
    }
}

/// The text of a definition that is to be kept; shows all problems, warnings too.
pub(super) fn text(path: &Path, kind: MachineType) -> anyhow::Result<Result<String, Outcome>> {
    Ok(read(path, kind)?.map(|(text, warnings)| {
        diagnostics::show(&path.display().to_string(), &text, &warnings);
        text
    }))
}

/// The text of a valid definition, and warnings on it; on problems, shows them all.
fn read(
    path: &Path,
    kind: MachineType,
) -> anyhow::Result<Result<(String, Vec<Diagnostic>), Outcome>> {
    let name = path.display().to_string();
    let text = input::file(&name)?;
    let parsed = validate(&text, kind);
    if !parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(Ok((text, parsed.diagnostics)));
    }
    diagnostics::show(&name, &text, &parsed.diagnostics);
    output::complain(format_args!("{name} is not a valid definition"));
    Ok(Err(Outcome::Invalid))
}

/// The name of the state machine in a file: the file's, or its folder's when the file is
/// named for what it is.
pub(super) fn machine_name(path: &Path) -> String {
    let file = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let file = file.unwrap_or_default();
    let stem = file.split('.').next().unwrap_or_default();
    let folder = || {
        let path = path.canonicalize().ok()?;
        Some(path.parent()?.file_name()?.to_string_lossy().into_owned())
    };
    let name = match stem {
        "definition" | "state-machine" | "" => folder().unwrap_or_else(|| "state-machine".into()),
        stem => stem.to_owned(),
    };
    name.chars()
        .filter(|char| is_name_char(*char))
        .take(asl::limits::NAME_CHARS_MAX)
        .collect()
}

/// Whether AWS takes the character in a name.
pub(super) fn is_name_char(char: char) -> bool {
    !(char.is_whitespace() || char.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(char))
}
