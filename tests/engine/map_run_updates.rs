//! UpdateMapRun while a Map Run runs: it holds at once, and after a crash.

use asl::interpreter::End;
use asl::map_run::Settings;
use engine::UpdateError;
use serde_json::json;

use crate::world::in_virtual_time;

use super::map_runs::{items, map, task, told, world};

#[test]
fn more_children_at_once_and_still_so_after_a_crash() {
    in_virtual_time(async {
        let (mut world, folder) = world();
        items(folder.path(), 40);
        let one = json!({"MaxConcurrency": 1});
        let definition = map("STANDARD", task("slow"), one);
        let arn = world.start("run", &definition, json!({})).await;
        // Each takes ten seconds.
        world.sleep(25).await;
        let before = told(&world, &arn);
        assert_eq!(
            (before.run.children().succeeded, before.running),
            (2, (1, 1))
        );
        let settings = Settings {
            concurrency: 5,
            ..before.run.settings()
        };
        let update = world.engine.update_map_run(&before, settings).await;
        update.expect("a run that runs");
        world.sleep(1).await;
        assert_eq!(told(&world, &arn).running, (5, 5));
        world.restart();
        world.sleep(1).await;
        let after = told(&world, &arn);
        assert_eq!(after.run.settings(), settings);
        assert_eq!(after.running, (5, 5));
        // Fewer: those that are open go on, and others wait for them.
        let fewer = Settings {
            concurrency: 2,
            ..settings
        };
        let update = world.engine.update_map_run(&after, fewer).await;
        update.expect("a run that runs");
        world.sleep(15).await;
        assert_eq!(told(&world, &arn).running, (2, 2));
        assert!(matches!(world.end(&arn).await, End::Succeeded(_)));
        let ended = told(&world, &arn);
        assert_eq!(ended.run.children().succeeded, 40);
        let late = world.engine.update_map_run(&ended, settings).await;
        assert!(matches!(late, Err(UpdateError::Ended)), "{late:?}");
    });
}

#[test]
fn a_tolerance_that_is_raised_lets_a_run_go_on() {
    in_virtual_time(async {
        let (world, folder) = world();
        items(folder.path(), 6);
        let slowly_bad = json!({"Type": "Wait", "Seconds": 10, "Next": "Bad"});
        let mut definition = map("STANDARD", slowly_bad, json!({"MaxConcurrency": 2}));
        let states = &mut definition["States"]["Map"]["ItemProcessor"]["States"];
        states["Bad"] = json!({"Type": "Fail", "Error": "E.Bad"});
        let arn = world.start("run", &definition, json!({})).await;
        world.sleep(5).await;
        let before = told(&world, &arn);
        let all = Settings {
            tolerated_failure_ppm: 1_000_000,
            ..before.run.settings()
        };
        let update = world.engine.update_map_run(&before, all).await;
        update.expect("a run that runs");
        assert!(matches!(world.end(&arn).await, End::Succeeded(_)));
        assert_eq!(told(&world, &arn).run.items().failed, 6);
    });
}
