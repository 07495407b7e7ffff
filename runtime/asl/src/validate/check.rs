//! What the rules' tests share.

use super::{MachineType, validate};

/// Checks what [`validate`] says of a definition: a line `CODE POINTER MESSAGE` a problem,
/// with `warning: ` before a warning. An error leaves no machine.
pub(super) fn expect(kind: MachineType, text: &str, expected: &[&str]) {
    let parsed = validate(text, kind);
    let found: Vec<String> = parsed
        .diagnostics
        .iter()
        .map(|found| {
            let severity = if found.is_error() { "" } else { "warning: " };
            let pointer = found.pointer.as_deref().unwrap_or("null");
            format!("{severity}{} {pointer} {}", found.code, found.message)
        })
        .collect();
    assert_eq!(found, expected, "{text}");
    let sound = !parsed.diagnostics.iter().any(|found| found.is_error());
    assert_eq!(parsed.machine.is_some(), sound, "{text}");
}

/// The same for a Standard machine.
pub(super) fn expect_standard(text: &str, expected: &[&str]) {
    expect(MachineType::Standard, text, expected);
}
