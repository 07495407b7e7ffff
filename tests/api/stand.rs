//! An API to call: all parts real but the clock, chance and what Tasks invoke.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::{Answer, Api, Caller, Quotas, Registry, SdkCalls};
use asl::arn::Place;
use engine::{Clock, Engine, Entropy, Parts};
use journal::{Journal, MemoryJournal};
use objects::Objects;
use serde_json::Value;

use super::logged::Logged;
use super::model::conforms;
use crate::recorded::{ACCOUNT, Functions, Queue};
use crate::virtual_time::VirtualClock;

/// An API, and who calls it.
pub(super) struct Stand {
    api: Arc<Api>,
    services: Arc<SdkCalls>,
    /// What their state machines have logged.
    pub(super) logged: Logged,
    caller: Caller,
    /// Where Tasks send their tokens.
    pub(super) queue: Arc<Queue>,
}

impl Stand {
    /// One with nothing in it but these functions, by name and behaviour. Must be made on a
    /// paused runtime.
    pub(super) fn new(functions: HashMap<String, String>) -> Self {
        Self::with_objects(functions, Arc::new(objects::NoObjects))
    }

    /// The same with buckets that its state machines may name.
    pub(super) fn with_objects(
        functions: HashMap<String, String>,
        objects: Arc<dyn Objects>,
    ) -> Self {
        let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::default());
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::default());
        let entropy: Arc<dyn Entropy> = Arc::new(Draws::default());
        let functions = Arc::new(Functions {
            behaviours: functions,
            clock: Arc::clone(&clock),
        });
        let registry = Arc::new(Registry::new(Arc::clone(&journal)));
        let directory = Arc::clone(&registry);
        let queue = Arc::new(Queue::default());
        let logged = Logged::new(Arc::clone(&registry));
        let services = Arc::new(SdkCalls::new(queue.clone()));
        let engine = Arc::new(Engine::new(Parts {
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
            directory,
            services: services.clone(),
            observer: Some(Arc::new(logged.clone())),
            objects,
            ..Parts::new(Arc::clone(&journal), functions.clone(), functions)
        }));
        queue.serve(Arc::downgrade(&engine));
        let place = Place {
            account_id: ACCOUNT.into(),
            ..Place::default()
        };
        let api = Arc::new(Api::new(engine, journal, registry, clock, entropy));
        services.serve(&api);
        Self {
            api,
            services,
            logged,
            caller: Caller::from(place),
            queue,
        }
    }

    /// The same with quotas.
    pub(super) fn with_quotas(self, quotas: Quotas) -> Self {
        let api = Arc::into_inner(self.api).expect("nobody else has it");
        let api = Arc::new(api.with_quotas(quotas).expect("a registry"));
        self.services.serve(&api);
        Self { api, ..self }
    }

    /// Calls an operation with these parameters.
    pub(super) async fn call(&self, operation: &str, parameters: &Value) -> Answer {
        let body = parameters.to_string();
        self.send(operation, body.as_bytes()).await
    }

    /// Calls an operation from another account.
    pub(super) async fn call_from(
        &self,
        account_id: &str,
        operation: &str,
        parameters: &Value,
    ) -> Answer {
        let mut caller = self.caller.clone();
        account_id.clone_into(&mut caller.place.account_id);
        let body = parameters.to_string();
        self.checked(operation, &caller, body.as_bytes()).await
    }

    /// Calls an operation with this body.
    pub(super) async fn send(&self, operation: &str, body: &[u8]) -> Answer {
        self.checked(operation, &self.caller, body).await
    }

    /// # Panics
    /// When the answer is none that AWS's model allows.
    async fn checked(&self, operation: &str, caller: &Caller, body: &[u8]) -> Answer {
        let answer = self.api.call(operation, caller, body).await;
        if let Err(why) = conforms(operation, &without_ours(body, &answer)) {
            let asked = String::from_utf8_lossy(body);
            panic!(
                "{operation} {asked:.500}\n  answered {}\n  {why}",
                answer.body
            );
        }
        answer
    }
}

/// The answer without what is ours, which only a request that asks for it may have.
fn without_ours(body: &[u8], answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    let asked: Option<Value> = serde_json::from_slice(body).ok();
    if asked.is_some_and(|asked| asked["stepwell"] == true)
        && let Some(fields) = answer.body.as_object_mut()
    {
        fields.remove("stepwell");
    }
    answer
}

/// Draws that differ from each other and are the same on every run: splitmix64.
#[derive(Default)]
struct Draws(AtomicU64);

impl Entropy for Draws {
    fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Runs a test in virtual time.
pub(super) fn in_virtual_time<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(test)
}
