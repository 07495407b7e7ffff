//! An API on which the calls of a case are being made: what they stand for here, and the way
//! back to any point of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::Answer;
use serde_json::{Value, json};

use super::case::{Call, Case};
use crate::api::stand::Stand;
use crate::recorded::{ACCOUNT, Shelf};

/// One step on the way.
#[derive(Clone, Debug)]
pub(super) enum Move {
    /// A call is made.
    Call(Call),
    /// Time passes.
    Wait(Duration),
}

/// Where a case has got to.
pub(super) struct World<'c> {
    case: &'c Case,
    stand: Stand,
    /// Kept as long as it is used.
    _shelf: Shelf,
    /// What was done, so that it can be done again.
    moves: Vec<Move>,
    /// How many of the case's calls were made.
    pub(super) made: usize,
    /// The executions that were started, in order.
    pub(super) executions: Vec<String>,
    /// Executions as the case calls them, and as they are called here.
    known: BTreeMap<String, String>,
    /// The page token that each operation answered last.
    tokens: BTreeMap<String, String>,
    /// The task tokens of the case, in the order in which it names them.
    task_tokens: Vec<String>,
}

impl<'c> World<'c> {
    /// Where nothing was done yet.
    pub(super) fn new(case: &'c Case) -> Self {
        let shelf = Shelf::of(&case.name, &case.buckets());
        let objects = Arc::new(Arc::clone(&shelf.buckets));
        Self {
            case,
            stand: Stand::with_objects(case.functions.clone(), objects),
            _shelf: shelf,
            moves: Vec::new(),
            made: 0,
            executions: Vec::new(),
            known: BTreeMap::new(),
            tokens: BTreeMap::new(),
            task_tokens: Vec::new(),
        }
    }

    /// A world that went the same way, from the beginning: the same to the last id.
    pub(super) async fn again(&self, moves: usize) -> Self {
        let mut world = Self::new(self.case);
        for step in &self.moves[..moves] {
            match step {
                Move::Call(call) => {
                    world.call(call).await;
                }
                Move::Wait(time) => world.wait(*time).await,
            }
        }
        world
    }

    /// What the executions have logged.
    pub(super) fn logged(&self) -> Vec<Value> {
        self.stand.logged.lines()
    }

    /// How many steps led here.
    pub(super) fn moves(&self) -> usize {
        self.moves.len()
    }

    /// Whether time passed after so many steps.
    pub(super) fn has_waited(&self, moves: usize) -> bool {
        let since = &self.moves[moves..];
        since.iter().any(|step| matches!(step, Move::Wait(_)))
    }

    /// Whether an execution runs.
    pub(super) async fn is_running(&self) -> bool {
        for arn in &self.executions {
            let parameters = json!({ "executionArn": arn });
            let answer = self.stand.call("DescribeExecution", &parameters).await;
            if answer.body["status"] == "RUNNING" {
                return true;
            }
        }
        false
    }

    /// The calls of the case that were made.
    pub(super) fn past(&self) -> &'c [Call] {
        &self.case.calls[..self.made]
    }

    /// Makes the next call of the case.
    pub(super) async fn next(&mut self) -> Option<(&'c Call, Answer)> {
        let call = self.case.calls.get(self.made)?;
        let answer = self.call(call).await;
        Some((call, answer))
    }

    /// Makes a call.
    pub(super) async fn call(&mut self, call: &Call) -> Answer {
        if self.case.calls.get(self.made) == Some(call) {
            self.made += 1;
        }
        self.moves.push(Move::Call(call.clone()));
        let parameters = self.translated(&call.parameters, &call.operation);
        let parameters = Box::pin(self.with_token(parameters)).await;
        let answer = self
            .stand
            .call_from(&call.account, &call.operation, &parameters)
            .await;
        if call.operation == "StartExecution"
            && let Some(arn) = answer.body["executionArn"].as_str()
            && !self.executions.iter().any(|known| known == arn)
        {
            self.executions.push(arn.to_owned());
        }
        if let Some(token) = answer.body["nextToken"].as_str() {
            self.tokens.insert(call.operation.clone(), token.to_owned());
        }
        answer
    }

    /// Lets time pass.
    pub(super) async fn wait(&mut self, time: Duration) {
        self.moves.push(Move::Wait(time));
        tokio::time::sleep(time).await;
    }

    /// The reads of executions that the recordings leave out.
    pub(super) fn reads_of_executions(&self) -> Vec<Call> {
        let operations = [
            "DescribeExecution",
            "GetExecutionHistory",
            "DescribeStateMachineForExecution",
        ];
        let unknown = self.executions.last().map(|arn| format!("{arn}-0000"));
        let arns = self.executions.iter().rev().chain(&unknown);
        arns.flat_map(|arn| {
            operations.map(|operation| Call {
                operation: operation.to_owned(),
                parameters: json!({ "executionArn": arn }),
                account: ACCOUNT.to_owned(),
            })
        })
        .collect()
    }

    /// Parameters with the task token of here: the one that was sent as the so-and-so-manieth,
    /// as the case's is the so-and-so-manieth that it names. A start that equals an earlier one
    /// was left out of the recording: while a token is missing, the last start is made again.
    async fn with_token(&mut self, mut parameters: Value) -> Value {
        let Some(named) = parameters["taskToken"].as_str().map(str::to_owned) else {
            return parameters;
        };
        if !self.task_tokens.contains(&named) {
            self.task_tokens.push(named.clone());
        }
        let place = self.task_tokens.iter().position(|token| *token == named);
        let place = place.unwrap_or_default();
        for _ in 0..=place {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if self.stand.queue.count() > place {
                let token = self.stand.queue.token(place).await;
                for (_, value) in parameters.as_object_mut().into_iter().flatten() {
                    if let Some(text) = value.as_str() {
                        *value = text.replace(&named, &token).into();
                    }
                }
                break;
            }
            let is_start = |call: &&Call| call.operation == "StartExecution";
            if let Some(start) = self.past().iter().rfind(is_start) {
                self.call(start).await;
            }
        }
        parameters
    }

    /// Parameters with the names of here: executions that were named by chance, page tokens.
    fn translated(&mut self, parameters: &Value, operation: &str) -> Value {
        let mut parameters = parameters.clone();
        for (field, value) in parameters.as_object_mut().into_iter().flatten() {
            let Some(text) = value.as_str() else { continue };
            if field == "executionArn" {
                *value = self.execution(text).into();
            } else if field == "nextToken" && is_real(text) {
                *value = self
                    .tokens
                    .get(operation)
                    .cloned()
                    .unwrap_or_default()
                    .into();
            }
        }
        parameters
    }

    /// The execution that the case means: the first of that machine that it has not named yet,
    /// unless it was named so here too.
    fn execution(&mut self, arn: &str) -> String {
        let calls = &self.case.calls;
        let is_named = calls
            .iter()
            .any(|call| call.parameters["executionArn"] == arn);
        if !is_named || self.executions.iter().any(|known| known == arn) {
            return arn.to_owned();
        }
        if let Some(known) = self.known.get(arn) {
            return known.clone();
        }
        let machine = |arn: &str| arn.split(':').take(7).collect::<Vec<_>>().join(":");
        let named: Vec<&String> = self.known.values().collect();
        let unnamed = self
            .executions
            .iter()
            .find(|known| machine(known) == machine(arn) && !named.contains(known));
        match unnamed.cloned() {
            Some(found) => {
                self.known.insert(arn.to_owned(), found.clone());
                found
            }
            None => arn.to_owned(),
        }
    }
}

/// Whether a page token was once answered: it is Base64 and says an ARN.
fn is_real(token: &str) -> bool {
    token.starts_with("YXJuO")
}
