//! What all benches run when they run the usual, so that their figures can be compared.

/// Pass → Choice → Succeed: as small as a state machine gets that decides something.
pub const THREE_STATES: &str = r#"{
    "StartAt": "Pass",
    "States": {
        "Pass": { "Type": "Pass", "Next": "Choice" },
        "Choice": {
            "Type": "Choice",
            "Choices": [{ "Variable": "$.amount", "NumericGreaterThan": 10, "Next": "Done" }],
            "Default": "Done"
        },
        "Done": { "Type": "Succeed" }
    }
}"#;

/// What it is given.
pub const INPUT: &str = r#"{"amount": 42, "customer": "c-1", "items": [1, 2, 3, 4, 5, 6, 7, 8]}"#;
