//! The service integrations of AWS, with the patterns each action knows.
//!
//! Source: Step Functions developer guide, "Integrating optimized services".

use crate::definition::Pattern;

/// An optimized service: its actions that only answer, those that can be waited for with
/// `.sync`, and those that take a task token. An action may be in several lists.
struct Optimized {
    service: &'static str,
    plain: &'static [&'static str],
    sync: &'static [&'static str],
    token: &'static [&'static str],
}

/// Whether AWS has this action of this service, in this pattern.
pub(super) fn exists(service: &str, action: &str, pattern: Pattern) -> bool {
    if service.starts_with("aws-sdk:") {
        // Over two hundred services, described by their own models: any action may be one.
        let begins = action.starts_with(|first: char| first.is_ascii_lowercase());
        return begins
            && action.chars().all(|c| c.is_ascii_alphanumeric())
            && matches!(
                pattern,
                Pattern::RequestResponse | Pattern::WaitForTaskToken
            );
    }
    let Some(known) = OPTIMIZED.iter().find(|known| known.service == service) else {
        return false;
    };
    match pattern {
        Pattern::RequestResponse => {
            known.plain.contains(&action)
                || known.sync.contains(&action)
                || known.token.contains(&action)
        }
        Pattern::Sync => known.sync.contains(&action),
        Pattern::Sync2 => service == "states" && known.sync.contains(&action),
        Pattern::WaitForTaskToken => known.token.contains(&action),
    }
}

const OPTIMIZED: &[Optimized] = &[
    Optimized {
        service: "apigateway",
        plain: &[],
        sync: &[],
        token: &["invoke"],
    },
    Optimized {
        service: "athena",
        plain: &["getQueryExecution", "getQueryResults", "stopQueryExecution"],
        sync: &["startQueryExecution"],
        token: &[],
    },
    Optimized {
        service: "batch",
        plain: &[],
        sync: &["submitJob"],
        token: &[],
    },
    Optimized {
        service: "bedrock",
        plain: &["createModelCustomizationJob"],
        sync: &["createModelCustomizationJob"],
        token: &["invokeModel"],
    },
    Optimized {
        service: "codebuild",
        plain: &[
            "batchDeleteBuilds",
            "batchGetReports",
            "stopBuild",
            "stopBuildBatch",
            "deleteBuildBatch",
        ],
        sync: &["startBuild", "startBuildBatch", "retryBuildBatch"],
        token: &[],
    },
    Optimized {
        service: "databrew",
        plain: &[],
        sync: &["startJobRun"],
        token: &[],
    },
    Optimized {
        service: "dynamodb",
        plain: &["deleteItem", "getItem", "putItem", "updateItem"],
        sync: &[],
        token: &[],
    },
    Optimized {
        service: "ecs",
        plain: &[],
        sync: &["runTask"],
        token: &["runTask"],
    },
    Optimized {
        service: "eks",
        plain: &[],
        sync: &[
            "createCluster",
            "createFargateProfile",
            "createNodegroup",
            "deleteCluster",
            "deleteFargateProfile",
            "deleteNodegroup",
            "runJob",
        ],
        token: &["call", "runJob"],
    },
    Optimized {
        service: "elasticmapreduce",
        plain: &[
            "cancelStep",
            "modifyInstanceFleetByName",
            "modifyInstanceGroupByName",
            "setClusterTerminationProtection",
        ],
        sync: &["addStep", "createCluster", "terminateCluster"],
        token: &[],
    },
    Optimized {
        service: "emr-containers",
        plain: &["createVirtualCluster"],
        sync: &["deleteVirtualCluster", "startJobRun"],
        token: &[],
    },
    Optimized {
        service: "emr-serverless",
        plain: &[],
        sync: &[
            "cancelJobRun",
            "createApplication",
            "deleteApplication",
            "startApplication",
            "startJobRun",
            "stopApplication",
        ],
        token: &[],
    },
    Optimized {
        service: "events",
        plain: &[],
        sync: &[],
        token: &["putEvents"],
    },
    Optimized {
        service: "glue",
        plain: &[],
        sync: &["startJobRun"],
        token: &[],
    },
    Optimized {
        service: "http",
        plain: &["invoke"],
        sync: &[],
        token: &[],
    },
    Optimized {
        service: "lambda",
        plain: &[],
        sync: &[],
        token: &["invoke"],
    },
    Optimized {
        service: "mediaconvert",
        plain: &[],
        sync: &["createJob"],
        token: &[],
    },
    Optimized {
        service: "sagemaker",
        plain: &[
            "createEndpoint",
            "createEndpointConfig",
            "createModel",
            "updateEndpoint",
        ],
        sync: &[
            "createHyperParameterTuningJob",
            "createLabelingJob",
            "createProcessingJob",
            "createTrainingJob",
            "createTransformJob",
        ],
        token: &[],
    },
    Optimized {
        service: "sns",
        plain: &[],
        sync: &[],
        token: &["publish"],
    },
    Optimized {
        service: "sqs",
        plain: &[],
        sync: &[],
        token: &["sendMessage"],
    },
    Optimized {
        service: "states",
        plain: &[],
        sync: &["startExecution"],
        token: &["startExecution"],
    },
];
