//! What a caller may do: three roles, each with all that the one before it has.

use std::fmt;

use serde::Deserialize;

/// What the holder of a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Look: `read-only`.
    ReadOnly,
    /// Also start, stop, redrive and answer: what moves executions. `operate`
    Operate,
    /// Also make, change and delete what is run: `admin`.
    Admin,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadOnly => "read-only",
            Self::Operate => "operate",
            Self::Admin => "admin",
        })
    }
}

impl Role {
    /// The least role that may do this operation. One that is not known here takes the most.
    pub fn needed(operation: &str) -> Self {
        let begins = |words: &[&str]| words.iter().any(|word| operation.starts_with(word));
        match operation {
            // Runs Tasks, with what they may reach.
            "TestState" => Self::Operate,
            // Takes a Task out of the queue.
            "GetActivityTask" => Self::Operate,
            "UpdateMapRun" => Self::Operate,
            _ if begins(&["Describe", "Get", "List", "Validate"]) => Self::ReadOnly,
            _ if begins(&["Invoke", "Redrive", "SendTask", "Start", "Stop"]) => Self::Operate,
            _ => Self::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All operations of AWS's model, by what they need.
    const NEEDED: [(Role, &str); 3] = [
        (
            Role::ReadOnly,
            "DescribeActivity DescribeExecution DescribeMapRun DescribeStateMachine \
             DescribeStateMachineAlias DescribeStateMachineForExecution GetExecutionHistory \
             ListActivities ListExecutions ListMapRuns ListStateMachineAliases \
             ListStateMachineVersions ListStateMachines ListTagsForResource \
             ValidateStateMachineDefinition",
        ),
        (
            Role::Operate,
            "GetActivityTask RedriveExecution SendTaskFailure SendTaskHeartbeat SendTaskSuccess \
             StartExecution StartSyncExecution StopExecution TestState UpdateMapRun",
        ),
        (
            Role::Admin,
            "CreateActivity CreateStateMachine CreateStateMachineAlias DeleteActivity \
             DeleteStateMachine DeleteStateMachineAlias DeleteStateMachineVersion \
             PublishStateMachineVersion TagResource UntagResource UpdateStateMachine \
             UpdateStateMachineAlias",
        ),
    ];

    #[test]
    fn every_operation_needs_what_the_table_says() {
        let mut named = Vec::new();
        for (role, operations) in NEEDED {
            for operation in operations.split_whitespace() {
                assert_eq!(Role::needed(operation), role, "{operation}");
                named.push(operation);
            }
        }
        assert_eq!(named.len(), 37);
        for operation in crate::OPERATIONS {
            assert!(
                named.contains(operation),
                "{operation} is in no row of the table"
            );
        }
    }

    #[test]
    fn a_role_has_what_the_one_before_it_has() {
        assert!(Role::Admin > Role::Operate && Role::Operate > Role::ReadOnly);
        assert_eq!(Role::needed("SomethingNew"), Role::Admin);
    }
}
