//! A host that answers from a script: for engine tests, the corpus and the simulator.
//!
//! It runs nothing and knows no time of its own: how long an answer takes is told to a
//! clock that the caller gives. Read [`Answer`] first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asl::{Failure, Payload};

use crate::{Attempt, Digest, Error, Outcome, Running, TaskHost, Usage};

/// A future that is ready when the time it was made for has passed.
pub type Slept = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// How the host waits: by the test's clock, or tokio's.
pub type Sleep = Arc<dyn Fn(Duration) -> Slept + Send + Sync>;

/// How one attempt goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ends.
    pub ending: Ending,
    /// When it ends, after it began.
    pub after: Duration,
    /// Heartbeats on the way, evenly spread over `after`; the last comes before the end.
    pub heartbeats: u32,
}

/// How a scripted attempt ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an output.
    Output(Payload),
    /// With a failure.
    Failure(Failure),
    /// With an error of the host, which is not the Task's.
    Error(String),
    /// Not at all: only dropping the attempt ends it.
    Never,
}

impl From<Ending> for Answer {
    /// An answer given at once.
    fn from(ending: Ending) -> Self {
        Self {
            ending,
            after: Duration::ZERO,
            heartbeats: 0,
        }
    }
}

/// What is asked for the answer to an attempt.
type Script = Box<dyn Fn(&Attempt) -> Option<Answer> + Send + Sync>;

/// Answers attempts from a script.
pub struct ScriptedHost {
    script: Script,
    sleep: Sleep,
}

impl ScriptedHost {
    /// A host that asks `script` for each answer; `None` means that nothing is known of
    /// the module.
    ///
    /// An attempt that is repeated after a crash should get the answer it got before;
    /// [`Context::idempotency_key`](crate::Context) tells it from others.
    pub fn new(
        sleep: Sleep,
        script: impl Fn(&Attempt) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self {
            script: Box::new(script),
            sleep,
        }
    }

    /// A host with a list of answers for each module: the first attempt gets the first
    /// answer, and a repeated attempt the one it got. When the list is at its end, its
    /// last answer is given again; an empty list is a module that is not known.
    ///
    /// A module that has only a name is the digest that [`digest_of_name`] makes.
    pub fn with_answers(sleep: Sleep, answers: HashMap<Digest, Vec<Answer>>) -> Self {
        let given: Mutex<Given> = Mutex::default();
        Self::new(sleep, move |attempt| {
            let digest = &attempt.module.digest;
            let answers = answers.get(digest)?;
            let index = lock(&given).index(digest, &attempt.context.idempotency_key);
            answers.get(index).or(answers.last()).cloned()
        })
    }
}

/// The digest that stands for a Task known by name alone: the name itself.
pub fn digest_of_name(name: &str) -> Digest {
    Digest(name.into())
}

/// Which attempts came, in which order.
#[derive(Default)]
struct Given {
    next: HashMap<Digest, usize>,
    by_attempt: HashMap<(Digest, String), usize>,
}

impl Given {
    /// The number of this attempt among its module's, counted once however often it comes.
    fn index(&mut self, digest: &Digest, idempotency_key: &str) -> usize {
        let attempt = (digest.clone(), idempotency_key.to_owned());
        *self.by_attempt.entry(attempt).or_insert_with(|| {
            let next = self.next.entry(digest.clone()).or_default();
            *next += 1;
            *next - 1
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TaskHost for ScriptedHost {
    fn run(&self, attempt: Attempt) -> Running<'_> {
        Box::pin(async move {
            let answer = (self.script)(&attempt)
                .ok_or_else(|| Error::NoSuchModule(attempt.module.digest.clone()))?;
            let between = answer.after / answer.heartbeats.saturating_add(1);
            let mut rest = answer.after;
            for _ in 0..answer.heartbeats {
                (self.sleep)(between).await;
                rest = rest.saturating_sub(between);
                (attempt.on_heartbeat)();
            }
            if !rest.is_zero() {
                (self.sleep)(rest).await;
            }
            let result = match answer.ending {
                Ending::Output(output) => Ok(output),
                Ending::Failure(failure) => Err(failure),
                Ending::Error(said) => return Err(Error::Sandbox(said)),
                Ending::Never => std::future::pending().await,
            };
            Ok(Outcome {
                result,
                usage: Usage {
                    wall_time: answer.after,
                    ..Usage::default()
                },
                log_tail: String::new(),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

    use asl::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::{Context, Limits, Module};

    fn attempt(name: &str, key: &str, heartbeats: &Arc<AtomicU32>) -> Attempt {
        let heartbeats = Arc::clone(heartbeats);
        Attempt {
            module: Module::pure(digest_of_name(name), Limits::default()),
            input: json!(null).into(),
            context: Context {
                execution_arn: String::new(),
                state_machine_arn: String::new(),
                state_name: String::new(),
                retry_count: 0,
                idempotency_key: key.to_owned(),
                started_at: Timestamp(0),
                deadline: None,
            },
            on_heartbeat: Arc::new(move || {
                heartbeats.fetch_add(1, SeqCst);
            }),
        }
    }

    /// A clock that only counts, in milliseconds.
    fn counting() -> (Arc<AtomicU64>, Sleep) {
        let slept = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&slept);
        let sleep: Sleep = Arc::new(move |wait| {
            counted.fetch_add(wait.as_millis() as u64, SeqCst);
            Box::pin(std::future::ready(()))
        });
        (slept, sleep)
    }

    #[tokio::test]
    async fn answers_come_in_order_and_repeated_attempts_get_their_own() {
        let failure = Ending::Failure(Failure::named("No"));
        let answers = vec![
            failure.clone().into(),
            Ending::Output(json!(2).into()).into(),
        ];
        let (_, sleep) = counting();
        let host = ScriptedHost::with_answers(sleep, [(digest_of_name("f"), answers)].into());
        let heartbeats = Arc::default();
        for (key, expected) in [
            ("a", Err(Failure::named("No"))),
            ("b", Ok(json!(2).into())),
            ("a", Err(Failure::named("No"))),
            ("c", Ok(json!(2).into())),
        ] {
            let outcome = host.run(attempt("f", key, &heartbeats)).await.unwrap();
            assert_eq!(outcome.result, expected, "{key}");
        }
        let unknown = host.run(attempt("g", "a", &heartbeats)).await;
        assert!(matches!(unknown, Err(Error::NoSuchModule(_))));
    }

    #[tokio::test]
    async fn heartbeats_are_spread_over_the_time_it_takes() {
        let (slept, sleep) = counting();
        let host = ScriptedHost::new(sleep, |_| {
            Some(Answer {
                ending: Ending::Output(json!(1).into()),
                after: Duration::from_millis(30),
                heartbeats: 2,
            })
        });
        let heartbeats = Arc::default();
        host.run(attempt("f", "a", &heartbeats)).await.unwrap();
        assert_eq!((heartbeats.load(SeqCst), slept.load(SeqCst)), (2, 30));
    }

    #[tokio::test]
    async fn what_never_ends_is_pending_until_dropped() {
        let (_, sleep) = counting();
        let host = ScriptedHost::new(sleep, |_| Some(Ending::Never.into()));
        let heartbeats = Arc::default();
        let mut running = host.run(attempt("f", "a", &heartbeats));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(running.as_mut().poll(&mut context).is_pending());
    }
}
