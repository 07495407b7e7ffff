//! What becomes of a state's input and result: the fields every type shares.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use crate::query::intrinsics::Intrinsic;
use crate::query::jsonata;
use crate::query::jsonpath::{Path, ReferencePath};

/// The data-flow fields of a state. Which of them a state may have depends on its type
/// and language; `parse` has seen to that, so an absent field is just its default.
///
/// JSONPath: InputPath → Parameters → work → ResultSelector → ResultPath → OutputPath.
/// JSONata: Arguments → work → Output. Assign in both.
#[derive(Clone, Debug, Default)]
pub struct Operations {
    /// `InputPath`
    pub input: Selector,
    /// `Parameters` or `Arguments` (for a Map: see [`super::Map::item_selector`]).
    pub arguments: Option<Template>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result: ResultPath,
    /// `OutputPath`
    pub output_path: Selector,
    /// `Output` (JSONata).
    pub output: Option<Template>,
    /// `Assign`: names without `$`, in the order of the text.
    pub assign: Vec<(Arc<str>, Template)>,
}

/// `InputPath` and `OutputPath`.
#[derive(Clone, Debug, Default)]
pub enum Selector {
    /// `"$"`, or absent: everything, as it stands.
    #[default]
    Whole,
    /// `null`: an empty object.
    Nothing,
    /// A path.
    Path(Expression),
}

/// `ResultPath`.
#[derive(Clone, Debug, Default)]
pub enum ResultPath {
    /// `"$"`, or absent: the result replaces the input.
    #[default]
    Replace,
    /// `null`: the result is dropped.
    Discard,
    /// The result is put into the input at this place.
    Into(ReferencePath),
}

/// A JSON value with expressions in it: `Parameters`, `Arguments`, `Output`, `Assign` …
#[derive(Clone, Debug)]
pub enum Template {
    /// No expression in here.
    Constant(Value),
    /// An expression stands for the whole.
    Expression(Expression),
    /// Some field has an expression in it. Keys are as the output has them, without `.$`.
    Object(Vec<(String, Template)>),
    /// Some element has an expression in it.
    Array(Vec<Template>),
}

impl Template {
    /// This field of an object, evaluated or not.
    pub fn field(&self, name: &str) -> Option<Cow<'_, Template>> {
        match self {
            Self::Constant(value) => {
                let value = value.get(name)?.clone();
                Some(Cow::Owned(Self::Constant(value)))
            }
            Self::Object(fields) => {
                let field = fields.iter().find(|(key, _)| key == name);
                field.map(|(_, template)| Cow::Borrowed(template))
            }
            Self::Expression(_) | Self::Array(_) => None,
        }
    }

    /// Whether it is an object with this field, whatever that evaluates to.
    pub fn has_field(&self, name: &str) -> bool {
        self.field(name).is_some()
    }
}

/// An expression where it stands.
#[derive(Clone, Debug)]
pub struct Expression {
    /// As it is written: a path, a call, or JSONata without its `{% %}`.
    pub source: Arc<str>,
    /// The field it stands in, as AWS's cause texts name it.
    pub field: Field,
    /// What it says.
    pub query: Query,
}

/// Where an expression stands, as AWS's cause texts name it: for JSONata the way from the
/// state (`Output/x`, `Choices[0]/Condition`), for JSONPath the key as written (`x.$`,
/// or the field, such as `InputPath`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field(pub Arc<str>);

/// An expression, parsed.
#[derive(Clone, Debug)]
pub enum Query {
    /// A JSONPath.
    Path(Path),
    /// A call of an intrinsic function.
    Intrinsic(Intrinsic),
    /// JSONata.
    Jsonata(jsonata::Expression),
}
