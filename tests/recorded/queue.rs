//! The queue and the topic that recorded cases send task tokens to, and whoever reads them
//! there: the case's own calls, or a state machine of the case.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use asl::{ErrorName, Failure, Payload};
use engine::{CallbackError, Calling, Engine, ServiceCall, Services};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// SQS, SNS and the callbacks of Step Functions' own SDK integration.
#[derive(Default)]
pub(crate) struct Queue {
    engine: OnceLock<Weak<Engine>>,
    messages: Mutex<VecDeque<Value>>,
    tokens: Mutex<Vec<String>>,
    arrived: Notify,
}

/// The resources that cases may name, beside Lambda's.
pub(crate) const RESOURCES: [&str; 8] = [
    "sqs:sendMessage",
    "states:startExecution",
    "states:startExecution.sync",
    "sqs:sendMessage.waitForTaskToken",
    "sns:publish.waitForTaskToken",
    "aws-sdk:sqs:receiveMessage",
    "aws-sdk:sfn:sendTaskSuccess",
    "aws-sdk:sfn:sendTaskFailure",
];

impl Queue {
    /// Callbacks go to this engine.
    pub(crate) fn serve(&self, engine: Weak<Engine>) {
        let _ = self.engine.set(engine);
    }

    /// The token that was sent as the `place`-th, once it is there.
    pub(crate) async fn token(&self, place: usize) -> String {
        loop {
            if let Some(token) = lock(&self.tokens).get(place) {
                return token.clone();
            }
            self.arrived.notified().await;
        }
    }

    /// How many tokens were sent.
    pub(crate) fn count(&self) -> usize {
        lock(&self.tokens).len()
    }

    fn send(&self, message: &Value) -> Value {
        let token = message["TaskToken"].as_str().unwrap_or_default();
        lock(&self.tokens).push(token.to_owned());
        lock(&self.messages).push_back(json!({ "Body": message.to_string() }));
        self.arrived.notify_one();
        json!({ "MessageId": "1", "SdkHttpMetadata": {}, "SdkResponseMetadata": {} })
    }

    fn receive(&self) -> Value {
        match lock(&self.messages).pop_front() {
            Some(message) => json!({ "Messages": [message] }),
            None => json!({}),
        }
    }

    async fn call_back(&self, action: &str, parameters: &Value) -> Result<Value, Failure> {
        let text = |field: &str| parameters[field].as_str().unwrap_or_default();
        let engine = self.engine.get().and_then(Weak::upgrade);
        let engine = engine.ok_or_else(|| Failure::named("Sfn.Gone"))?;
        let token = text("TaskToken");
        let sent = if action == "sendTaskSuccess" {
            let output = Payload::from_text(text("Output")).expect("JSON");
            engine.task_succeeded(token, output).await
        } else {
            let failure = Failure::new(text("Error"), text("Cause"));
            engine.task_failed(token, failure).await
        };
        let refused = |error: CallbackError| Failure::new("Sfn.Refused", error.to_string());
        sent.map(|()| json!({})).map_err(refused)
    }
}

impl Services for Queue {
    fn call<'a>(&'a self, call: ServiceCall<'a>) -> Calling<'a> {
        Box::pin(async move {
            let parameters = call.parameters.value();
            let answer = match (call.service, call.action) {
                ("sqs", "sendMessage") => {
                    let mut answer = self.send(&parameters["MessageBody"]);
                    answer["MD5OfMessageBody"] = json!("0");
                    if parameters.get("MessageAttributes").is_some() {
                        answer["MD5OfMessageAttributes"] = json!("0");
                    }
                    answer
                }
                ("sns", "publish") => self.send(&parameters["Message"]),
                ("aws-sdk:sqs", "receiveMessage") => self.receive(),
                ("aws-sdk:sfn", action) => self.call_back(action, parameters).await?,
                other => {
                    let cause = format!("{other:?} is not played here");
                    return Err(Failure::new(ErrorName::TASK_FAILED, cause));
                }
            };
            Ok(Payload::from_value(answer))
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
