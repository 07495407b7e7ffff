//! Starts: idempotent by name and input while the execution runs, as AWS says.

use std::sync::{Arc, Mutex};

use asl::Payload;
use asl::arn::ExecutionArn;
use asl::interpreter::{Event, Execution, Kind};
use journal::Status;

use crate::opening::{Opening, Parent};
use crate::parts::{Error, StartError, StartRequest, Started};
use crate::progress::Commit;
use crate::shared::Shared;
use crate::slot::{Slot, lock};
use crate::story::tell;
use crate::watch::Beginning;

impl Shared {
    /// Starts an execution; resolves when its beginning is durable.
    pub(crate) async fn start(
        self: &Arc<Self>,
        request: StartRequest,
        parent: Option<Parent>,
    ) -> Result<Started, StartError> {
        if request.identity.kind == Kind::Express {
            return self.start_express(request).await;
        }
        let StartRequest {
            identity,
            definition,
            input,
            started_as,
        } = request;
        let arn = identity.execution_arn.clone();
        if let Some(answer) = self.running(&arn, &input).await? {
            return answer;
        }
        let kept = self.definitions.keep(&*self.journal, &definition).await;
        kept.map_err(Error::from)?;
        let opening = Opening {
            identity: identity.clone(),
            definition: definition.digest.to_string(),
            started_as,
            parent: parent.clone(),
        };
        let execution = Execution::new(Arc::clone(&definition.machine), Arc::new(identity));
        let mut slot = Slot::beginning(execution, input.clone());
        slot.parent = parent;
        slot.mocks = opening.started_as.mocks.clone();
        slot.watcher = self.watcher(&Beginning {
            identity: &opening.identity,
            started_as: &opening.started_as,
            past: &[],
        });
        let slot = Arc::new(Mutex::new(slot));
        if self.claim(&arn, &slot) {
            return self.begin(slot, opening, input).await;
        }
        // Another start of this name won meanwhile: its input decides.
        self.running(&arn, &input).await?.unwrap_or_else(|| {
            let why = "another start of the same name was not recorded";
            Err(Error::Interrupted(why.into()).into())
        })
    }

    async fn begin(
        self: &Arc<Self>,
        slot: Arc<Mutex<Slot>>,
        opening: Opening,
        input: Payload,
    ) -> Result<Started, StartError> {
        let mut commit = self.advance(&slot, Event::Start { input }, Some(&opening));
        let started_at = lock(&slot).execution.started_at();
        // Whoever holds on to it keeps it from being parked.
        drop(slot);
        commit.durable().await.map_err(Error::Interrupted)?;
        Ok(Started {
            is_new: true,
            started_at,
        })
    }

    /// What a start of a name that is taken is answered.
    async fn running(
        &self,
        arn: &ExecutionArn,
        input: &Payload,
    ) -> Result<Option<Result<Started, StartError>>, Error> {
        let exists = |status| {
            Err(StartError::Exists {
                execution: arn.clone(),
                status,
            })
        };
        let running = |execution: &Execution| {
            Ok(Started {
                is_new: false,
                started_at: execution.started_at(),
            })
        };
        if let Some(slot) = self.live(arn) {
            let mut begun = match lock(&slot) {
                slot if slot.given.value() == input.value() => Commit::of(1, &slot.progress),
                _ => return Ok(Some(exists(Status::Running))),
            };
            begun.durable().await.map_err(Error::Interrupted)?;
            let answer = running(&lock(&slot).execution);
            self.park(&slot);
            return Ok(Some(answer));
        }
        match self.journal.summary(arn) {
            Err(journal::Error::NoSuchExecution(_)) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(summary) if summary.status != Status::Running => Ok(Some(exists(summary.status))),
            Ok(_) => {
                let execution = tell(&*self.journal, arn)?.replay();
                Ok(Some(match execution.input().value() == input.value() {
                    true => running(&execution),
                    false => exists(Status::Running),
                }))
            }
        }
    }
}
