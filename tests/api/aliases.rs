//! Aliases: where they lead, what refuses them, what is listed under them.

use serde_json::{Value, json};

use super::model::baseline::{arn, world};
use super::stand::{Stand, in_virtual_time};

fn route(version: &str, weight: i64) -> Value {
    json!({ "stateMachineVersionArn": arn(&format!("stateMachine:{version}")), "weight": weight })
}

async fn create(stand: &Stand, name: &str, routes: Value) -> Value {
    let parameters = json!({ "name": name, "routingConfiguration": routes });
    stand
        .call("CreateStateMachineAlias", &parameters)
        .await
        .body
}

/// A start by this ARN, as it is described.
async fn started(stand: &Stand, machine: &str) -> Value {
    let start = json!({ "stateMachineArn": arn(machine) });
    let started = stand.call("StartExecution", &start).await.body;
    let execution = json!({ "executionArn": started["executionArn"] });
    stand.call("DescribeExecution", &execution).await.body
}

#[test]
fn routes_are_refused_in_aws_words() {
    let (one, two) = (arn("stateMachine:orders:1"), arn("stateMachine:orders:2"));
    let cases = [
        (
            json!([route("orders:1", 50), route("orders:1", 50)]),
            format!(
                "Routing configuration must contain distinct state machine version ARNs. \
                 Received: [{one}, {one}]"
            ),
        ),
        (
            json!([route("orders:1", 50), route("orders:2", 40)]),
            "Sum of routing configuration weights must equal 100. Received: [50, 40]".into(),
        ),
        (
            json!([route("orders", 100)]),
            format!(
                "Routing configuration must contain state machine version ARNs. Received: [{}]",
                arn("stateMachine:orders")
            ),
        ),
        (
            json!([route("orders:1", 101)]),
            "1 validation error detected: Value '101' at 'routingConfiguration.1.member.weight' \
             failed to satisfy constraint: Member must have value less than or equal to 100"
                .into(),
        ),
        (
            json!([
                route("orders:1", 50),
                route("orders:2", 50),
                route("orders:1", 0)
            ]),
            format!(
                "1 validation error detected: Value \
                 '[RoutingConfigurationListItem(stateMachineVersionArn={one}, weight=50), \
                 RoutingConfigurationListItem(stateMachineVersionArn={two}, weight=50), \
                 RoutingConfigurationListItem(stateMachineVersionArn={one}, weight=0)]' at \
                 'routingConfiguration' failed to satisfy constraint: Member must have length \
                 less than or equal to 2"
            ),
        ),
        (
            json!([route("orders:3", 100)]),
            "Request references a resource that does not exist.".into(),
        ),
        (
            json!([route("nobody:1", 100)]),
            "Request references a resource that does not exist.".into(),
        ),
    ];
    in_virtual_time(async {
        let stand = world().await;
        for (routes, expected) in cases {
            assert_eq!(create(&stand, "new", routes).await["message"], expected);
        }
    });
}

#[test]
fn an_execution_tells_the_alias_and_the_version_that_started_it() {
    in_virtual_time(async {
        let stand = world().await;
        let (machine, version) = (arn("stateMachine:orders"), arn("stateMachine:orders:1"));
        let alias = arn("stateMachine:orders:live");
        let plain = started(&stand, "stateMachine:orders").await;
        let versioned = started(&stand, "stateMachine:orders:1").await;
        let aliased = started(&stand, "stateMachine:orders:live").await;
        let names = |of: &Value| {
            [
                "stateMachineArn",
                "stateMachineVersionArn",
                "stateMachineAliasArn",
            ]
            .map(|field| of[field].as_str().map(str::to_owned))
        };
        assert_eq!(names(&plain), [Some(machine.clone()), None, None]);
        let by_version = [Some(machine.clone()), Some(version.clone()), None];
        assert_eq!(names(&versioned), by_version);
        let by_alias = [
            Some(machine.clone()),
            Some(version.clone()),
            Some(alias.clone()),
        ];
        assert_eq!(names(&aliased), by_alias);
        for (under, expected) in [(&machine, 5), (&version, 2), (&alias, 1)] {
            let listed = stand
                .call("ListExecutions", &json!({ "stateMachineArn": under }))
                .await;
            let listed = listed.body["executions"].as_array().unwrap().clone();
            assert_eq!(listed.len(), expected, "{under}");
            let same = listed
                .iter()
                .find(|one| one["executionArn"] == aliased["executionArn"]);
            assert_eq!(names(same.unwrap()), by_alias);
        }
        let history = json!({ "executionArn": aliased["executionArn"], "maxResults": 1 });
        let first = stand.call("GetExecutionHistory", &history).await.body;
        let details = &first["events"][0]["executionStartedEventDetails"];
        assert_eq!(details["stateMachineAliasArn"], alias);
        assert_eq!(details["stateMachineVersionArn"], version);
    });
}

#[test]
fn an_alias_leads_both_ways_by_weight() {
    in_virtual_time(async {
        let stand = world().await;
        create(
            &stand,
            "both",
            json!([route("orders:1", 80), route("orders:2", 20)]),
        )
        .await;
        let mut second = 0;
        for _ in 0..200 {
            let execution = started(&stand, "stateMachine:orders:both").await;
            let version = &execution["stateMachineVersionArn"];
            second += u32::from(*version == arn("stateMachine:orders:2"));
        }
        // Of 200 draws 40 are expected; chance is the same on every run.
        assert!((20..60).contains(&second), "{second}");
    });
}

#[test]
fn an_alias_holds_its_versions() {
    in_virtual_time(async {
        let stand = world().await;
        let version = json!({ "stateMachineVersionArn": arn("stateMachine:orders:1") });
        let refused = stand.call("DeleteStateMachineVersion", &version).await;
        assert_eq!(refused.status, 409);
        let told = refused.body["message"].as_str().unwrap();
        assert!(
            told.ends_with("aliases referencing this version: [live]"),
            "{told}"
        );
        let alias = arn("stateMachine:orders:live");
        let other = json!({ "stateMachineAliasArn": alias,
            "routingConfiguration": [route("orders:2", 100)] });
        assert_eq!(
            stand.call("UpdateStateMachineAlias", &other).await.status,
            200
        );
        for _ in 0..2 {
            assert_eq!(
                stand
                    .call("DeleteStateMachineVersion", &version)
                    .await
                    .status,
                200
            );
        }
        let foreign = json!({ "stateMachineAliasArn": alias,
            "routingConfiguration": [route("quick:1", 100)] });
        let refused = stand.call("UpdateStateMachineAlias", &foreign).await;
        assert_eq!(refused.body["reason"], "INVALID_ROUTING_CONFIGURATION");
        let nothing = json!({ "stateMachineAliasArn": alias });
        let refused = stand.call("UpdateStateMachineAlias", &nothing).await;
        assert_eq!(refused.body["reason"], "MISSING_REQUIRED_PARAMETER");
        for _ in 0..2 {
            assert_eq!(
                stand.call("DeleteStateMachineAlias", &nothing).await.status,
                200
            );
        }
        let gone = stand.call("DescribeStateMachineAlias", &nothing).await;
        assert_eq!(gone.body["__type"], "ResourceNotFound");
    });
}

#[test]
fn aliases_of_one_version_are_listed() {
    in_virtual_time(async {
        let stand = world().await;
        create(
            &stand,
            "both",
            json!([route("orders:1", 80), route("orders:2", 20)]),
        )
        .await;
        for (under, expected) in [
            ("orders", vec!["both", "live"]),
            ("orders:1", vec!["both", "live"]),
            ("orders:2", vec!["both"]),
        ] {
            let parameters = json!({ "stateMachineArn": arn(&format!("stateMachine:{under}")) });
            let listed = stand
                .call("ListStateMachineAliases", &parameters)
                .await
                .body;
            let listed = listed["stateMachineAliases"].as_array().unwrap().clone();
            let arns: Vec<&str> = listed
                .iter()
                .map(|alias| alias["stateMachineAliasArn"].as_str().unwrap())
                .collect();
            let expected = expected
                .iter()
                .map(|name| arn(&format!("stateMachine:orders:{name}")));
            assert_eq!(arns, expected.collect::<Vec<_>>(), "{under}");
        }
    });
}
