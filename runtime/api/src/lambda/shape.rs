//! The shapes of Lambda's model that requests are made of, under their own names.
//!
//! Source: AWS, the service model of `lambda`, 2015-03-31.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::request::{Number, Text};

/// Declares a text with a pattern: as AWS prints it, and as it is checked.
macro_rules! pattern {
    ($(#[$doc:meta])* $name:ident, $min:expr, $max:expr, $printed:expr, $checked:expr) => {
        $(#[$doc])*
        pub(super) const $name: Text = {
            static CHECKED: LazyLock<Regex> =
                LazyLock::new(|| Regex::new($checked).expect("a pattern"));
            Text::like($min, $max, $printed, |text| CHECKED.is_match(text))
        };
    };
}

pattern!(
    /// `FunctionName`, `NamespacedFunctionName`: a name, a partial or a whole ARN.
    FUNCTION_NAME,
    1,
    256,
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?",
    r"^(arn:(aws[a-zA-Z\-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-[0-9]:)?([0-9]{12}:)?(function:)?([a-zA-Z0-9_\-]+)(:(\$LATEST|[a-zA-Z0-9_\-]+))?$"
);
pattern!(
    /// `NumericLatestPublishedOrAliasQualifier`
    QUALIFIER,
    1,
    128,
    r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+",
    r"^(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9_$\-]+)$"
);
pattern!(
    /// `RoleArn`
    ROLE,
    0,
    10_000,
    r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
    r"^arn:(aws[a-zA-Z\-]*)?:iam::[0-9]{12}:role/?[a-zA-Z_0-9+=,.@\-/]+$"
);
pattern!(
    /// `Handler`
    HANDLER,
    0,
    128,
    r"[^\s]+",
    r"^[^\s]+$"
);
pattern!(
    /// `Alias`; that digits alone are no alias is looked at apart.
    ALIAS,
    1,
    128,
    r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)",
    r"^[0-9]*[a-zA-Z_\-][a-zA-Z0-9_\-]*$"
);
pattern!(
    /// `VersionWithLatestPublished`
    VERSION,
    1,
    1_024,
    r"(\$LATEST(\.PUBLISHED)?|[0-9]+)",
    r"^(\$LATEST(\.PUBLISHED)?|[0-9]+)$"
);
pattern!(
    /// `EnvironmentVariableName`
    VARIABLE_NAME,
    0,
    usize::MAX,
    r"[a-zA-Z]([a-zA-Z0-9_])+",
    r"^[a-zA-Z][a-zA-Z0-9_]+$"
);

/// `EnvironmentVariableValue`
pub(super) const VARIABLE_VALUE: Text = Text::sensitive(0, usize::MAX);
/// `Runtime`. AWS adds words to its list several times a year, and here none of them makes a
/// difference: what is run is WebAssembly.
pub(super) const RUNTIME: Text = Text::of(1, 64);
/// `Description`
pub(super) const DESCRIPTION: Text = Text::of(0, 256);
/// `String`, where it is a revision or a digest.
pub(super) const ANY: Text = Text::of(0, 1_024);
/// `PackageType`
pub(super) const PACKAGE_TYPE: Text = Text::one_of(&["Zip", "Image"]);
/// What becomes of an attempt that a crash cut off, which is ours.
pub(super) const ON_INTERRUPTION: Text = Text::one_of(&["Fail", "Retry"]);
/// Where code is from, which is ours: as long as a URL.
pub(super) const SOURCE: Text = Text::of(0, 2_048);
/// `FunctionVersion`
pub(super) const FUNCTION_VERSION: Text = Text::one_of(&["ALL"]);
/// `InvocationType`
pub(super) const INVOCATION_TYPE: Text = Text::one_of(&["Event", "RequestResponse", "DryRun"]);
/// `LogType`
pub(super) const LOG_TYPE: Text = Text::one_of(&["None", "Tail"]);

/// `Timeout`, in seconds
pub(super) const TIMEOUT: Number = Number {
    min: 1.0,
    max: 5_400.0,
    whole: true,
};
/// `MemorySize`, in MiB
pub(super) const MEMORY_SIZE: Number = Number {
    min: 128.0,
    max: 32_768.0,
    whole: true,
};
/// `MaxListItems`
pub(super) const MAX_ITEMS: Number = Number {
    min: 1.0,
    max: 10_000.0,
    whole: true,
};
/// Memory in MiB, below Lambda's least too, which is ours.
pub(super) const MEMORY: Number = Number {
    min: 1.0,
    max: 4_096.0,
    whole: true,
};
/// Fuel, which is ours.
pub(super) const FUEL: Number = Number {
    min: 1.0,
    max: 9_007_199_254_740_992.0,
    whole: true,
};
/// `Weight`
pub(super) const WEIGHT: Number = Number {
    min: 0.0,
    max: 1.0,
    whole: false,
};
