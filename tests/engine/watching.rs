//! Watchers are told of every row in order, and of what is durable; those of executions that
//! are taken up know what went before.

use std::sync::{Arc, Mutex};

use asl::history::Record;
use asl::interpreter::Execution;
use engine::{Beginning, Engine, Observer, Watcher};
use serde_json::json;

use crate::world::{World, in_virtual_time};

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: String) {
        self.0.lock().expect("sound").push(note);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("sound"))
    }
}

impl Observer for Notes {
    fn recorded(&self, _: &Execution, _: &[Record]) {}

    fn watch(&self, beginning: &Beginning<'_>) -> Option<Box<dyn Watcher>> {
        let (name, past) = (&beginning.identity.name, beginning.past.len());
        self.add(format!("{name} after {past}"));
        Some(Box::new(self.clone()))
    }
}

impl Watcher for Notes {
    fn recorded(&mut self, records: &[Record], rows: u64) {
        self.add(format!("row {rows} of {}", records.len()));
    }

    fn durable(&mut self, rows: u64) {
        self.add(format!("{rows} durable"));
    }
}

#[test]
fn rows_are_told_when_made_and_when_durable() {
    in_virtual_time(async {
        let notes = Notes::default();
        let mut world = World::new();
        world.engine = Arc::new(Engine::new(world.parts(Some(Arc::new(notes.clone())))));
        let machine = json!({ "StartAt": "Wait", "States": {
            "Wait": { "Type": "Wait", "Seconds": 60, "End": true },
        }});
        let arn = world.start("run", &machine, json!(1)).await;
        let first = notes.take();
        assert_eq!(first, ["run after 0", "row 1 of 3", "1 durable"]);

        world.engine = Arc::new(Engine::new(world.parts(Some(Arc::new(notes.clone())))));
        world.engine.recover().unwrap();
        world.end(&arn).await;
        assert_eq!(notes.take(), ["run after 3", "row 2 of 2", "2 durable"]);
    });
}
