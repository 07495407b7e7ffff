//! From a Resource to the operation of AWS's API whose output is the Task's result.

use crate::definition::Pattern;

/// Integrations whose mocks AWS holds against no model (developer guide); every action where
/// none is named.
const UNMODELLED: [(&str, &str); 4] = [
    ("apigateway", ""),
    ("eks", "call"),
    ("eks", "runJob"),
    ("http", ""),
];

/// Optimized integrations that are named otherwise than their model.
const RENAMED: [(&str, &str); 5] = [
    ("elasticmapreduce", "emr"),
    ("emr-containers", "emrcontainers"),
    ("emr-serverless", "emrserverless"),
    ("events", "eventbridge"),
    ("states", "sfn"),
];

/// Whose answer is the result of a `.sync` Task: service, action, and what is polled.
const POLLED: [(&str, &str, &str); 20] = [
    ("athena", "startQueryExecution", "getQueryExecution"),
    ("batch", "submitJob", "describeJobs"),
    (
        "bedrock",
        "createModelCustomizationJob",
        "getModelCustomizationJob",
    ),
    ("codebuild", "retryBuildBatch", "batchGetBuildBatches"),
    ("codebuild", "startBuild", "batchGetBuilds"),
    ("codebuild", "startBuildBatch", "batchGetBuildBatches"),
    ("databrew", "startJobRun", "describeJobRun"),
    ("ecs", "runTask", "describeTasks"),
    ("eks", "createCluster", "describeCluster"),
    ("eks", "createFargateProfile", "describeFargateProfile"),
    ("eks", "createNodegroup", "describeNodegroup"),
    ("emrcontainers", "startJobRun", "describeJobRun"),
    ("emrserverless", "startJobRun", "getJobRun"),
    ("glue", "startJobRun", "getJobRun"),
    ("mediaconvert", "createJob", "getJob"),
    (
        "sagemaker",
        "createHyperParameterTuningJob",
        "describeHyperParameterTuningJob",
    ),
    ("sagemaker", "createProcessingJob", "describeProcessingJob"),
    ("sagemaker", "createTrainingJob", "describeTrainingJob"),
    ("sagemaker", "createTransformJob", "describeTransformJob"),
    ("sfn", "startExecution", "describeExecution"),
];

/// An operation of AWS's API.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::test_state) struct Operation<'a> {
    /// In the words of `aws-sdk:` resources.
    pub(super) service: &'a str,
    pub(super) action: &'a str,
    /// Fields of the output that the integration parses: any JSON fits there.
    pub(super) parsed: &'static [&'static str],
}

impl<'a> Operation<'a> {
    /// The operation whose output is the result of this Task, if it has a model.
    /// `service` and `action` are as history has them.
    pub(in crate::test_state) fn of(
        service: &'a str,
        action: &'a str,
        pattern: Pattern,
    ) -> Option<Self> {
        let action = action.split('.').next().unwrap_or(action);
        if let Some(service) = service.strip_prefix("aws-sdk:") {
            return (pattern == Pattern::RequestResponse).then_some(Self {
                service,
                action,
                parsed: &[],
            });
        }
        let is = |known: &(&str, &str)| known.0 == service && ["", action].contains(&known.1);
        // Whoever has a token answers what he likes.
        if pattern == Pattern::WaitForTaskToken || UNMODELLED.iter().any(is) {
            return None;
        }
        let renamed = RENAMED.iter().find(|(name, _)| *name == service);
        let service = renamed.map_or(service, |(_, name)| *name);
        if matches!(pattern, Pattern::Sync | Pattern::Sync2) {
            let mut polled = POLLED.iter();
            let (.., action) = polled.find(|known| (known.0, known.1) == (service, action))?;
            let parsed = pattern == Pattern::Sync2;
            return Some(Self {
                service,
                action,
                parsed: if parsed { &["Input", "Output"] } else { &[] },
            });
        }
        let (service, parsed): (_, &[&str]) = match (service, action) {
            ("lambda", "invoke") => (service, &["Payload"]),
            ("bedrock", "invokeModel") => ("bedrockruntime", &["Body"]),
            _ => (service, &[]),
        };
        Some(Self {
            service,
            action,
            parsed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(service: &str, action: &str, pattern: Pattern, expected: Option<(&str, &str)>) {
        let found = Operation::of(service, action, pattern);
        let found = found.map(|operation| (operation.service, operation.action));
        assert_eq!(found, expected, "{service}:{action}");
    }

    #[test]
    fn each_pattern_has_its_operation() {
        let plain = Pattern::RequestResponse;
        check("aws-sdk:kms", "encrypt", plain, Some(("kms", "encrypt")));
        check(
            "states",
            "startExecution",
            plain,
            Some(("sfn", "startExecution")),
        );
        let polled = Some(("sfn", "describeExecution"));
        check("states", "startExecution.sync:2", Pattern::Sync2, polled);
        check(
            "glue",
            "startJobRun.sync",
            Pattern::Sync,
            Some(("glue", "getJobRun")),
        );
        check(
            "bedrock",
            "invokeModel",
            plain,
            Some(("bedrockruntime", "invokeModel")),
        );
    }

    #[test]
    fn some_results_have_no_model() {
        check("http", "invoke", Pattern::RequestResponse, None);
        check("eks", "runJob.sync", Pattern::Sync, None);
        check(
            "sqs",
            "sendMessage.waitForTaskToken",
            Pattern::WaitForTaskToken,
            None,
        );
    }
}
