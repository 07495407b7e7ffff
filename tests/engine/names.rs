//! Names: taken while an execution is kept, free again when retention has deleted it.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::sync::Arc;
use std::time::Duration;

use asl::interpreter::Kind;
use engine::{Clock, Definition, StartError, StartRequest, Started, StartedAs};
use journal::Journal;
use serde_json::json;

use crate::world::{World, identity, in_virtual_time};

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn start(world: &World) -> Result<Started, StartError> {
    let pass = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } });
    let request = StartRequest {
        identity: identity("machine", "run", Kind::Standard),
        definition: Definition::parse(&pass.to_string()).unwrap(),
        input: json!({}).into(),
        started_as: StartedAs::default(),
    };
    world.engine.start(request).await
}

#[test]
fn a_name_is_free_again_when_its_execution_is_no_longer_kept() {
    in_virtual_time(async {
        let world = World::new();
        let retention = tokio::spawn(engine::retain(
            Arc::clone(&world.journal) as Arc<dyn Journal>,
            Arc::clone(&world.clock) as Arc<dyn Clock>,
            90 * DAY,
        ));
        let first = start(&world).await.unwrap();
        tokio::time::sleep(90 * DAY - Duration::from_secs(1)).await;
        let taken = start(&world).await;
        assert!(matches!(taken, Err(StartError::Exists { .. })), "{taken:?}");
        tokio::time::sleep(Duration::from_secs(300)).await;
        let second = start(&world).await.unwrap();
        assert!(second.is_new && second.started_at > first.started_at);
        retention.abort();
    });
}
