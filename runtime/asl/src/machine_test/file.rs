//! The file: a definition's test cases, as their author writes them.
//!
//! Its form is described in `docs/testing.md`. Parsing names line and column; what cannot be
//! known without the definition is looked at in `check.rs`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::interpreter::Kind;
use crate::test_state::FieldValidationMode;

/// A whole file.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestFile {
    /// For the reader.
    #[serde(default)]
    pub comment: Option<String>,
    /// Where the definition is, from the file's own folder.
    pub definition: String,
    /// Which kind of execution is tested: `STANDARD` unless said.
    #[serde(rename = "type", default)]
    pub kind: Kind,
    /// How strictly a returned result of a service is held against its API model: `STRICT`
    /// unless said, as TestState has it.
    #[serde(default)]
    pub field_validation_mode: FieldValidationMode,
    /// Answers for every case that names none of its own for a state.
    #[serde(default)]
    pub mocks: Mocks,
    /// The cases.
    pub cases: Vec<Case>,
}

impl TestFile {
    /// Reads a file's text.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

/// Answers by the state that asks for them.
pub type Mocks = BTreeMap<String, Answers>;

/// One execution, and what it should come to.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// What it shows; unique in the file.
    pub name: String,
    /// For the reader.
    #[serde(default)]
    pub comment: Option<String>,
    /// The execution's input; `{}` unless said.
    #[serde(default, deserialize_with = "present")]
    pub input: Option<Value>,
    /// The same, in a file of its own.
    #[serde(default)]
    pub input_file: Option<String>,
    /// When the execution begins; [`super::START`] unless said.
    #[serde(default)]
    pub start: Option<String>,
    /// Seeds chance: jitter, UUIDs and random numbers are the same for the same seed.
    #[serde(default)]
    pub seed: u64,
    /// What the case's Tasks answer.
    #[serde(default)]
    pub mocks: Mocks,
    /// What it should come to.
    pub expect: Expect,
}

/// What an execution should come to. What is not said is not looked at; something must be.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expect {
    /// The states it goes through.
    #[serde(default)]
    pub path: Option<Vec<Step>>,
    /// Its whole output.
    #[serde(default, deserialize_with = "present")]
    pub output: Option<Value>,
    /// What its output has, among other things.
    #[serde(default, deserialize_with = "present")]
    pub output_has: Option<Value>,
    /// The error it ends with.
    #[serde(default)]
    pub error: Option<String>,
    /// The cause it ends with.
    #[serde(default)]
    pub cause: Option<String>,
    /// How long it takes, in seconds of its own clock.
    #[serde(default)]
    pub seconds: Option<f64>,
}

/// One state of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub state: String,
    /// The paths of its branches or iterations, in their order, where they matter.
    pub inside: Option<Vec<Vec<Step>>>,
}

/// The answers of a state, in the order in which they are given.
#[derive(Clone, Debug, Default)]
pub struct Answers(pub Vec<Answer>);

/// What an attempt of a Task comes to.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// For the reader.
    #[serde(default)]
    pub comment: Option<String>,
    /// Only for an input that has this in it.
    #[serde(default, deserialize_with = "present")]
    pub when: Option<Value>,
    /// It succeeds with this result.
    #[serde(rename = "return", default, deserialize_with = "present")]
    pub returned: Option<Value>,
    /// It fails with this error.
    #[serde(default)]
    pub error: Option<String>,
    /// The cause of `error`.
    #[serde(default)]
    pub cause: Option<String>,
    /// It never ends by itself.
    #[serde(default)]
    pub never: bool,
    /// What the ItemReader of a Map in DISTRIBUTED mode reads.
    #[serde(default)]
    pub items: Option<Vec<Value>>,
    /// After how many seconds of the execution's clock; at once unless said.
    #[serde(default)]
    pub after: f64,
    /// A heartbeat every so many seconds until then.
    #[serde(default)]
    pub heartbeat: Option<f64>,
    /// For how many attempts; 1 unless said.
    #[serde(default)]
    pub times: Times,
}

/// For how many attempts an answer is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Exactly so many.
    Exactly(u32),
    /// `"any"`: as many as there are, none included.
    Any,
}

impl Default for Times {
    fn default() -> Self {
        Self::Exactly(1)
    }
}

/// Null is a value too.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Times;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of attempts, at least 1, or \"any\"")
            }
            fn visit_u64<E: de::Error>(self, times: u64) -> Result<Times, E> {
                let times = u32::try_from(times).ok().filter(|times| *times > 0);
                let unfit = || E::custom("expected a number of attempts from 1 to 4294967295");
                times.map(Times::Exactly).ok_or_else(unfit)
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Times, E> {
                match text {
                    "any" => Ok(Times::Any),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Answers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Answers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an answer, or a list of answers")
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Answers, M::Error> {
                let answer = Answer::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Answers(vec![answer]))
            }
            fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<Answers, S::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Answers)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Step;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a state's name, or {\"NAME\": [[…], …]} with the paths inside it")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Step, E> {
                Ok(Step {
                    state: name.to_owned(),
                    inside: None,
                })
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Step, M::Error> {
                let only_one = || de::Error::custom("expected one state's name with its paths");
                let (state, inside) = map.next_entry()?.ok_or_else(only_one)?;
                if map.next_key::<String>()?.is_some() {
                    return Err(only_one());
                }
                Ok(Step {
                    state,
                    inside: Some(inside),
                })
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
