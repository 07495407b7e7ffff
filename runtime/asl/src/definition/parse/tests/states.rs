//! State types, and what only some of them have.

use super::{TASK, jsonata, state};

#[test]
fn types_and_transitions() {
    state(r#""End": true"#, &["@ These fields are required: [Type]"]);
    state(
        r#""Type": "pass", "End": true"#,
        &[
            "@/Type The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]",
        ],
    );
    let neither = "@ This object should have only one of the following fields: [Next, End]";
    state(r#""Type": "Pass""#, &[neither]);
    state(r#""Type": "Pass", "End": false"#, &[neither]);
    state(
        r#""Type": "Pass", "End": "yes""#,
        &["@/End Expected value of type [BOOLEAN]"],
    );
    state(r#""Type": "Pass", "End": false, "Next": "Z""#, &[]);
    state(
        r#""Type": "Pass", "End": true, "Next": "Z""#,
        &["@ There should only be one of the following fields: [Next, End]"],
    );
    state(
        r#""Type": "Pass", "Next": "Y""#,
        &["MISSING_TRANSITION_TARGET /States/S/Next Missing 'Next' target: Y"],
    );
    state(
        r#""Type": "Succeed", "Next": "Z""#,
        &["@ Field 'Next' is not supported"],
    );
    state(
        r#""Type": "Wait", "Seconds": 1, "End": true, "Retry": [], "TimeoutSeconds": 5"#,
        &[
            "@ Field 'Retry' is not supported",
            "@ Field 'TimeoutSeconds' is not supported",
        ],
    );
}

#[test]
fn wait() {
    let group = "[SecondsPath, Seconds, TimestampPath, Timestamp]";
    state(
        r#""Type": "Wait", "End": true"#,
        &[&format!(
            "@ This object should have only one of the following fields: {group}"
        )],
    );
    state(
        r#""Type": "Wait", "End": true, "Seconds": 1, "Timestamp": "2016-03-14T01:59:00Z""#,
        &[&format!(
            "@ There should only be one of the following fields: {group}"
        )],
    );
    state(
        r#""Type": "Wait", "End": true, "Seconds": 100000000"#,
        &["@/Seconds Maximum value is 99999999"],
    );
    state(
        r#""Type": "Wait", "End": true, "Seconds": 1.5"#,
        &["@/Seconds Expected value of type Integer"],
    );
    state(
        r#""Type": "Wait", "End": true, "Seconds": "{% 1 %}""#,
        &["@/Seconds Expected value of type Integer"],
    );
    jsonata(r#""Type": "Wait", "End": true, "Seconds": "{% 1 %}""#, &[]);
    jsonata(
        r#""Type": "Wait", "End": true, "Seconds": "{% 1""#,
        &["@/Seconds Value must be a valid JSONata expression"],
    );
    state(
        r#""Type": "Wait", "End": true, "Timestamp": "{% 'x' %}""#,
        &["@/Timestamp String does not match RFC3339 timestamp"],
    );
}

#[test]
fn fail() {
    state(
        r#""Type": "Fail", "Error": "E", "CausePath": "States.Format('{}', $.x)""#,
        &[],
    );
    state(
        r#""Type": "Fail", "Error": "E", "ErrorPath": "$.e", "Cause": 1, "InputPath": "$""#,
        &[
            "@ Field 'InputPath' is not supported",
            "@ There should only be one of the following fields: [Error, ErrorPath]",
            "@/Cause Expected value of type [STRING]",
        ],
    );
}

#[test]
fn task() {
    state(
        r#""Type": "Task", "End": true"#,
        &["@ These fields are required: [Resource]"],
    );
    state(
        r#""Type": "Task", "End": true, "Resource": "f""#,
        &["@/Resource Value is not a valid resource ARN"],
    );
    state(
        &format!(
            r#"{TASK}, "TimeoutSeconds": 0, "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$..h", "Credentials": {{}}"#
        ),
        &[
            "@ There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath]",
            "@/Credentials The field 'RoleArn' is required but was missing",
            "@/HeartbeatSecondsPath Value is not a Reference Path",
        ],
    );
    let invoke = r#""Type": "Task", "End": true, "Resource": "arn:aws:states:::lambda:invoke""#;
    state(
        &format!(r#"{invoke}, "Parameters": {{"Payload": 1, "Foo": 2, "TaskToken.$": "$.t"}}"#),
        &[
            "@/Parameters The field \"Foo\" is not supported by Step Functions",
            "@/Parameters The field 'FunctionName' is required but was missing",
        ],
    );
    state(
        &format!(r#"{invoke}, "Parameters": {{"FunctionName.$": "$.f"}}"#),
        &[],
    );
    jsonata(
        &format!(r#"{invoke}, "Arguments": {{"FunctionName": "f", "A": "{{% 1 %}}", "B": 1}}"#),
        &["@/Arguments The field \"B\" is not supported by Step Functions"],
    );
    jsonata(
        &format!(r#"{invoke}, "Arguments": "{{% $f %}}", "Assign": {{"f": 1}}"#),
        &[],
    );
    state(
        r#""Type": "Task", "End": true, "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl": "q", "MessageBody": {}, "DelaySeconds": "5"}"#,
        &["@/Parameters The value for the field 'DelaySeconds' must be an INTEGER"],
    );
    state(
        r#""Type": "Task", "End": true, "Resource": "arn:aws:states:us-east-1:123456789012:activity:a",
            "Credentials": {"RoleArn.$": "$.r"}, "TimeoutSeconds": 0"#,
        &[
            "@/Credentials The field 'Credentials' is not supported for activities",
            "@/TimeoutSeconds Minimum value is 1",
        ],
    );
}

#[test]
fn retriers_and_catchers() {
    let all = "States.ALL must appear alone and at end of list";
    state(
        &format!(
            r#"{TASK}, "Retry": [
                {{"ErrorEquals": ["A", "States.ALL"], "MaxAttempts": -1, "BackoffRate": 0.5, "JitterStrategy": "x"}},
                {{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxDelaySeconds": 5}},
                {{"ErrorEquals": []}}, {{"Next": "Z"}}, 1],
            "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Y"}}, {{"ErrorEquals": [1], "ResultPath": "x"}}]"#
        ),
        &[
            &format!("@/Retry[0]/ErrorEquals[1] {all}"),
            "@/Retry[0]/JitterStrategy Value should be one of the following: [NONE, FULL]",
            "@/Retry[0]/MaxAttempts Minimum value is 0",
            "@/Retry[0]/BackoffRate Minimum value is 1.0",
            &format!("@/Retry[1]/ErrorEquals[0] {all}"),
            "@/Retry[1]/MaxDelaySeconds The value for the field 'MaxDelaySeconds' must be greater than the value for the field 'IntervalSeconds'",
            "@/Retry[2]/ErrorEquals Value cannot be empty",
            "@/Retry[3] These fields are required: [ErrorEquals]",
            "@/Retry[3] Field 'Next' is not supported",
            "@/Retry[4] Expected value of type [OBJECT]",
            &format!("@/Catch[0]/ErrorEquals[0] {all}"),
            "MISSING_TRANSITION_TARGET /States/S/Catch[0]/Next Missing 'Next' target: Y",
            "@/Catch[1]/ErrorEquals[0] Expected value of type [STRING]",
            "@/Catch[1] These fields are required: [Next]",
            "@/Catch[1]/ResultPath Value is not a Reference Path",
        ],
    );
}

fn choice(rule: &str, expected: &[&str]) {
    state(
        &format!(r#""Type": "Choice", "Choices": [{{{rule}}}]"#),
        expected,
    );
}

#[test]
fn choices() {
    state(
        r#""Type": "Choice", "Choices": [], "Default": "Y""#,
        &[
            "MISSING_TRANSITION_TARGET /States/S/Default Missing 'Next' target: Y",
            "@/Choices Value cannot be empty",
        ],
    );
    state(
        r#""Type": "Choice", "Choices": {}, "End": true"#,
        &[
            "@ Field 'End' is not supported",
            "@/Choices Expected value of type [ARRAY]",
        ],
    );
    let forms = "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]";
    choice(r#""Next": "Z""#, &[&format!("@/Choices[0] {forms}")]);
    choice(
        r#""Variable": "$.a", "IsNull": true"#,
        &["@/Choices[0] These fields are required: [Next]"],
    );
    choice(
        r#""Variable": "$.a", "StringEquals": "x", "IsNull": true, "Next": "Z""#,
        &["@/Choices[0] There should only be one of the following fields: [StringEquals, IsNull]"],
    );
    choice(
        r#""Variable": "$.a", "Next": "Z""#,
        &["@/Choices[0] A comparison operator is required beside 'Variable'"],
    );
    choice(
        r#""Not": {"Variable": "a", "NumericEquals": "1", "Next": "Z"}, "Next": "Z""#,
        &[
            "@/Choices[0]/Not Field 'Next' is not supported",
            "@/Choices[0]/Not/Variable Value is not a Reference Path: Reference path didn't start with '$'",
            "@/Choices[0]/Not/NumericEquals Expected value of type Number",
        ],
    );
    choice(
        r#""And": [{"Or": []}, {"Variable": "$.t", "TimestampLessThan": "today"}], "Next": "Z", "Condition": "{% true %}""#,
        &[
            "@/Choices[0] The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for the 'JSONata' QueryLanguage",
            &format!("@/Choices[0] {forms}"),
        ],
    );
    choice(
        r#""And": [{"Or": []}, {"Variable": "$.t", "TimestampLessThan": "today"}], "Next": "Z""#,
        &[
            "@/Choices[0]/And[0]/Or Value cannot be empty",
            "@/Choices[0]/And[1]/TimestampLessThan String does not match RFC3339 timestamp",
        ],
    );
    choice(
        r#""Variable": "$.a", "StringMatchesPath": "$.b", "Next": "Z""#,
        &[
            "@/Choices[0] Field 'StringMatchesPath' is not supported",
            "@/Choices[0] A comparison operator is required beside 'Variable'",
        ],
    );
    jsonata(
        r#""Type": "Choice", "Choices": [{"Condition": "true", "Next": "Z"}, {"Condition": "{% true %}", "Next": "Z", "Output": 1}]"#,
        &["@/Choices[0]/Condition Value must be a valid JSONata expression"],
    );
}

#[test]
fn parallel() {
    state(
        r#""Type": "Parallel", "End": true, "Branches": []"#,
        &["@/Branches Value cannot be empty"],
    );
    state(
        r#""Type": "Parallel", "End": true, "Branches": [{"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": {"Type": "Pass", "Next": "Z"}}}, {}]"#,
        &[
            "@/Branches[0] Field 'QueryLanguage' is not supported",
            "MISSING_TRANSITION_TARGET /States/S/Branches[0]/States/A/Next Missing 'Next' target: Z",
            "@/Branches[1] These fields are required: [States, StartAt]",
        ],
    );
}

fn map(fields: &str, config: &str, expected: &[&str]) {
    let fields = format!(
        r#""Type": "Map", "End": true, {fields} "ItemProcessor": {{"StartAt": "A", {config} "States": {{"A": {{"Type": "Succeed"}}}}}}"#
    );
    state(&fields, expected);
}

#[test]
fn maps() {
    state(
        r#""Type": "Map", "End": true"#,
        &["@ This object should have only one of the following fields: [ItemProcessor, Iterator]"],
    );
    map(
        r#""MaxConcurrency": -1, "ItemsPath": "$.a[*]", "ToleratedFailurePercentage": 101, "MaxConcurrencyPath": "$.m",
            "ToleratedFailureCountPath": "$$.Execution.Input.n", "ItemSelector": {}, "Parameters": {},"#,
        "",
        &[
            "@ There should only be one of the following fields: [ItemSelector, Parameters]",
            "@ There should only be one of the following fields: [MaxConcurrency, MaxConcurrencyPath]",
            "@/ItemsPath Value is not a Reference Path",
            "@/ToleratedFailureCountPath Value is not a Reference Path",
            "@/ToleratedFailurePercentage Maximum value is 100.0",
        ],
    );
    map(
        r#""Label": "a", "ItemReader": {"Resource": "x"},"#,
        r#""ProcessorConfig": {"Mode": "INLINE", "ExecutionType": "STANDARD"},"#,
        &[
            "@/ItemProcessor/ProcessorConfig Field 'ExecutionType' is not supported",
            "@ Field 'ItemReader' is not supported",
            "@ Field 'Label' is not supported",
        ],
    );
    map(
        "",
        r#""ProcessorConfig": {"Mode": "DISTRIBUTED"},"#,
        &["@/ItemProcessor/ProcessorConfig These fields are required: [ExecutionType]"],
    );
    map(
        r#""Label": "a b", "ItemReader": {"Resource": "x"}, "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject"}, "ItemBatcher": {"MaxItemsPerBatch": 1},"#,
        r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},"#,
        &[
            "INVALID_LABEL_NAME /States/S/Label Label 'a b' must have between 1 and 40 characters, without spaces and special characters",
            "@/ItemReader/Resource The field 'Resource' does not match any of the allowed values",
        ],
    );
    jsonata(
        r#""Type": "Map", "End": true, "Items": 3, "MaxConcurrency": "{% 1 %}", "Iterator": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#,
        &["@/Items Expected value of type [ARRAY, OBJECT] or a JSONata expression"],
    );
}

/// The distributed Map with this field.
fn distributed(field: &str, expected: &[&str]) {
    let config = r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},"#;
    map(&format!("{field},"), config, expected);
}

#[test]
fn distributed_maps() {
    distributed(
        r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket.$": "$.b"},
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"], "MaxItemsPath": "$.n"}}"#,
        &[],
    );
    distributed(
        r#""ItemsPath": "$.x", "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {}}"#,
        &[
            "warning: ITEMS_NOT_USED /States/S/ItemsPath Field 'ItemsPath' is not used: ItemReader says where the items are",
        ],
    );
    distributed(
        r#""ItemReader": {"Arguments": {}, "ReaderConfig": {"InputType": "CSV", "MaxItems": 100000001, "Format": 1}}"#,
        &[
            "@/ItemReader These fields are required: [Resource]",
            "@/ItemReader The QueryLanguage is set to 'JSONPath', but field 'Arguments' is only supported for the 'JSONata' QueryLanguage",
            "@/ItemReader/ReaderConfig Field 'Format' is not supported",
            "@/ItemReader/ReaderConfig The field 'CSVHeaderLocation' is required",
            "@/ItemReader/ReaderConfig/MaxItems Maximum value is 100000000",
        ],
    );
    distributed(
        r#""ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "ReaderConfig":
            {"InputType": "XML", "CSVHeaderLocation": "GIVEN", "ItemsPointer": 1}}"#,
        &[
            "@/ItemReader/ReaderConfig/InputType Value should be one of the following: [CSV, JSON, JSONL, PARQUET, MANIFEST]",
            "@/ItemReader/ReaderConfig These fields are required: [CSVHeaders]",
            "@/ItemReader/ReaderConfig/ItemsPointer Expected value of type [STRING]",
        ],
    );
    distributed(
        r#""ItemBatcher": {"MaxItemsPerBatch": -1, "MaxInputBytesPerBatch": 5, "MaxInputBytesPerBatchPath": "$.x"}"#,
        &[
            "@/ItemBatcher There should only be one of the following fields: [MaxInputBytesPerBatch, MaxInputBytesPerBatchPath]",
            "@/ItemBatcher/MaxItemsPerBatch Minimum value is 0",
        ],
    );
    distributed(
        r#""ResultWriter": {"WriterConfig": {"Transformation": "FLAT"}}"#,
        &[
            "@/ResultWriter/WriterConfig These fields are required: [OutputType]",
            "@/ResultWriter/WriterConfig/Transformation Value should be one of the following: [NONE, COMPACT, FLATTEN]",
        ],
    );
}

#[test]
fn literals_that_look_like_paths() {
    let no_path = "Field value looks like a path, but field name does not end with 'Path'";
    state(
        r#""Type": "Fail", "Error": "$.error", "Cause": "$5 are missing""#,
        &[&format!("warning: NO_PATH /States/S/Error {no_path}")],
    );
    choice(
        r#""Variable": "$.a", "StringEquals": "$.b", "Next": "Z""#,
        &[&format!(
            "warning: NO_PATH /States/S/Choices[0]/StringEquals {no_path}"
        )],
    );
    state(
        r#""Type": "Pass", "Result": [{"a.$": "$.b"}], "End": true"#,
        &[
            "warning: PASS_RESULT_IS_STATIC /States/S/Result Attempt to use a path in the result of a pass state",
        ],
    );
}
