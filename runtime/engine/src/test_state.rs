//! TestState for real: a state under test, whose Task a host runs.

use std::sync::Arc;

use asl::arn::Place;
use asl::test_state::{Answer, Next, Outcome, Refusal, Request, TestState};
use host::TaskHost;

use crate::attempt::Workshop;
use crate::clock::{Clock, Entropy};
use crate::function::Modules;
use crate::services::Services;

/// Whom a test may need. Nothing of it is asked where the state's work is mocked.
pub struct Crew {
    /// Who runs an attempt.
    pub host: Arc<dyn TaskHost>,
    /// What attempts run.
    pub modules: Arc<dyn Modules>,
    /// The time: a Wait under test waits, five minutes at most.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Who calls services.
    pub services: Arc<dyn Services>,
}

/// Tests one state. Dropping the future ends its attempt.
///
/// # Errors
/// [`Refusal`], which knows AWS's exception.
pub async fn test_state(request: &Request, place: &Place, crew: Crew) -> Result<Answer, Refusal> {
    let Crew {
        host,
        modules,
        clock,
        entropy,
        services,
    } = crew;
    let workshop = Workshop {
        host,
        modules,
        clock,
        services,
    };
    let clock = &workshop.clock;
    let mut test = TestState::new(request, place)?;
    let mut next = test.start(clock.now(), entropy.draw())?;
    loop {
        let outcome = match next {
            Next::Done(answer) => return Ok(*answer),
            Next::Run { identity, command } => {
                let plan = workshop.plan(&identity, &command);
                let (report, _) = workshop.run(&identity, &command, plan).await;
                Outcome::Ended {
                    report,
                    exchange: None,
                }
            }
            Next::Wait(at) => {
                while clock.now() < at {
                    clock.sleep_until(at).await;
                }
                Outcome::Elapsed
            }
        };
        next = test.resume(outcome, clock.now(), entropy.draw());
    }
}
