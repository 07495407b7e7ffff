//! Functions over strings.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeSet;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use md5::Md5;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{Arguments, Failed, Template};
use crate::limits;
use crate::query::Budget;

/// `States.Format(template, …)` whose template is computed: every `{}` in it is a hole.
pub(super) fn format(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let text = arguments.string(0)?.to_owned();
    let holes = text.match_indices("{}").map(|(at, _)| at).collect();
    let template = Template { text, holes };
    template.fill(&arguments.values[1..], arguments.budget)
}

impl Template {
    /// The text with each hole replaced by the value at its position.
    pub(super) fn fill(
        &self,
        values: &[impl Borrow<Value>],
        budget: &Budget,
    ) -> Result<Value, Failed> {
        if self.holes.len() != values.len() {
            return Err(Failed::Placeholders {
                holes: self.holes.len(),
                values: values.len(),
            });
        }
        let mut filled = String::with_capacity(self.text.len());
        let mut written = 0;
        for (hole, value) in self.holes.iter().zip(values) {
            filled.push_str(&self.text[written..*hole]);
            budget.value(value.borrow())?;
            write_java(value.borrow(), &mut filled);
            written = hole + "{}".len();
        }
        filled.push_str(&self.text[written..]);
        budget.text(filled.len())?;
        Ok(Value::String(filled))
    }
}

/// Writes a value as Java's `toString` does: strings bare, `[a, b]`, `{name=value}`.
/// Recursion is bounded by the depth of JSON.
fn write_java(value: &Value, text: &mut String) {
    match value {
        Value::String(string) => text.push_str(string),
        Value::Array(items) => {
            text.push('[');
            for (n, item) in items.iter().enumerate() {
                text.push_str(if n == 0 { "" } else { ", " });
                write_java(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (n, (name, value)) in fields.iter().enumerate() {
                text.push_str(if n == 0 { "" } else { ", " });
                text.push_str(name);
                text.push('=');
                write_java(value, text);
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// `States.StringSplit(string, splitter)`: split at every character of `splitter`; what is
/// empty is left out (recorded from AWS).
pub(super) fn split(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let splitter = arguments.string(1)?;
    arguments.budget.text(splitter.len())?;
    let splits: BTreeSet<char> = splitter.chars().collect();
    let parts = arguments.string(0)?.split(|c| splits.contains(&c));
    Ok(parts.filter(|part| !part.is_empty()).collect())
}

/// `States.Base64Encode(string)`
pub(super) fn base64_encode(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let text = bounded(arguments.string(0)?)?;
    Ok(Value::String(STANDARD.encode(text)))
}

/// `States.Base64Decode(string)`, in MIME's way: what is not of the alphabet, such as the end of a
/// line, is passed over, and padding may be missing. Bytes that are no UTF-8 become replacement
/// characters, as in a string of Java.
pub(super) fn base64_decode(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let text = bounded(arguments.string(0)?)?;
    let is_digit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let digits = text.split('=').next().unwrap_or_default();
    let digits: String = digits.chars().filter(is_digit).collect();
    let bytes = LENIENT.decode(digits).map_err(|_| Failed::NotBase64)?;
    Ok(Value::String(String::from_utf8_lossy(&bytes).into_owned()))
}

/// `States.Hash(data, algorithm)`, in lower-case hexadecimal digits. What is no string is
/// hashed as JSON text.
pub(super) fn hash(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let data = match arguments.value(0) {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_string()),
    };
    let data = bounded(&data)?.as_bytes();
    let digest = match arguments.string(1)? {
        "MD5" => hex(&Md5::digest(data)),
        "SHA-1" => hex(&Sha1::digest(data)),
        "SHA-256" => hex(&Sha256::digest(data)),
        "SHA-384" => hex(&Sha384::digest(data)),
        "SHA-512" => hex(&Sha512::digest(data)),
        other => return Err(Failed::UnknownAlgorithm(other.to_owned())),
    };
    Ok(Value::String(digest))
}

/// Reads digits without padding, whatever the bits are that the last digit has too many.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

fn bounded(text: &str) -> Result<&str, Failed> {
    match text.chars().nth(limits::INTRINSIC_STRING_CHARS_MAX) {
        None => Ok(text),
        Some(_) => Err(Failed::TooLong),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::check::{check, check_fails, evaluate};
    use super::*;

    #[test]
    fn format_prints_as_java_does() {
        // Recorded from AWS, but for the last four.
        for (value, printed) in [
            (json!(""), ""),
            (json!(" "), " "),
            (json!("HelloWorld"), "HelloWorld"),
            (json!(null), "null"),
            (json!(1), "1"),
            (json!(1.1), "1.1"),
            (
                json!("{\"Arg1\": 1, \"Arg2\": []}"),
                "{\"Arg1\": 1, \"Arg2\": []}",
            ),
            (json!({"Arg1": 1, "Arg2": []}), "{Arg1=1, Arg2=[]}"),
            (
                json!([1, ["a", true], {"b": null}]),
                "[1, [a, true], {b=null}]",
            ),
            (json!("{}"), "{}"),
            (json!({}), "{}"),
            (json!(false), "false"),
        ] {
            check(&[(
                "States.Format('fst={} and snd={}.', $.a, $.b)",
                json!([value, value]),
                json!(format!("fst={printed} and snd={printed}.")),
            )]);
        }
        check(&[
            ("States.Format($.a, $.b)", json!(["<{}>", 1]), json!("<1>")),
            ("States.Format('none')", json!([]), json!("none")),
            (
                r#"States.Format('\{"k":"{}"\} \{\} \'\\', 1)"#,
                json!([]),
                json!(r#"{"k":"1"} {} '\"#),
            ),
            ("States.Format('{{}}', 1)", json!([]), json!("{1}")),
            (
                "States.Format('{} {}', $$.StateMachine, $größe)",
                json!([]),
                json!("{Id=arn, Name=a-b} 3"),
            ),
        ]);
        check_fails(&[
            (
                "States.Format('{}')",
                "The template has 1 placeholders for 0 values",
            ),
            (
                "States.Format('x', 1)",
                "The template has 0 placeholders for 1 values",
            ),
            (
                "States.Format($.a, 1)",
                "Argument 1 of States.Format must be a string",
            ),
            (
                "States.Format('{}', $.none)",
                "The JsonPath argument for the field '$.none' could \
             not be found in the input '{\"a\":[1],\"s\":\"text\",\"o\":{}}'",
            ),
            (
                "States.Format('{}', $none)",
                "The JsonPath argument for the field '$none' could \
             not be found in the input '{\"a\":[1],\"s\":\"text\",\"o\":{}}'",
            ),
        ]);
    }

    #[test]
    fn strings() {
        let hashes = [
            ("MD5", "812f45842bc6d66ee14572ce20db8e86"),
            ("SHA-1", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
            (
                "SHA-256",
                "b4a697a057313163aee33cd8d40c66e9f0f177e00cac2de32475ffff6169c3e3",
            ),
            (
                "SHA-384",
                "d28a7d5cf25a74f11a50a18452b75e04bb3d70c9dd0510d6123aa008c756511b87525bdc835ebb27e1fb9e9374a15562",
            ),
            (
                "SHA-512",
                "6ce4adb348546d4f449c4d25aad9a7c9cb711d9e91982d3f0b29ca2f3f47d4ce2deba23bf2954f0f1d593fc50283731a533d30d425402d4f91316d871303aac4",
            ),
        ];
        for (algorithm, hash) in hashes {
            check(&[(
                "States.Hash($.a, $.b)",
                json!(["input data", algorithm]),
                json!(hash),
            )]);
        }
        let split = "States.StringSplit($.a, $.b)";
        check(&[
            (split, json!([" ", ","]), json!([" "])),
            (split, json!([", , ,", ","]), json!([" ", " "])),
            (split, json!([",,,,", ","]), json!([])),
            (
                split,
                json!(["This.is+a,test=string", ".+,="]),
                json!(["This", "is", "a", "test", "string"]),
            ),
            (
                split,
                json!(["split on T and \nnew line", "T\n"]),
                json!(["split on ", " and ", "new line"]),
            ),
            (split, json!(["abc", ""]), json!(["abc"])),
            (
                "States.StringSplit('Hello\nWorld', '\n')",
                json!([]),
                json!(["Hello", "World"]),
            ),
            ("States.Base64Encode($.a)", json!([""]), json!("")),
            (
                "States.Base64Encode($.a)",
                json!(["Data to encode"]),
                json!("RGF0YSB0byBlbmNvZGU="),
            ),
            ("States.Base64Decode($.a)", json!([""]), json!("")),
            (
                "States.Base64Decode($.a)",
                json!(["RGF0YSB0byBlbmNvZGU="]),
                json!("Data to encode"),
            ),
            ("States.Base64Decode('/w==')", json!([]), json!("\u{fffd}")),
            (
                "States.Base64Decode($.a)",
                json!(["RGF0\r\nYSB0 byBl*bmNvZGU"]),
                json!("Data to encode"),
            ),
        ]);
        for call in [
            "States.Base64Encode($.a)",
            "States.Base64Decode($.a)",
            "States.Hash($.a, 'MD5')",
        ] {
            let longest = "é".repeat(10_000);
            assert_ne!(evaluate(call, &json!({"a": longest})), Err(Failed::TooLong));
            assert_eq!(
                evaluate(call, &json!({"a": longest + "é"})),
                Err(Failed::TooLong)
            );
        }
        check_fails(&[
            (
                "States.Hash('a', 'MD4')",
                "The algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512, not 'MD4'",
            ),
            ("States.Base64Decode('A')", "The string is not Base64"),
            (
                "States.StringSplit($.a, ',')",
                "Argument 1 of States.StringSplit must be a string",
            ),
        ]);
    }
}
