//! The states that work, fail and are retried: Task, Parallel, Map.

use serde_json::{Value, json};

use super::{ERRORS, Here, TASKS, Writer};

impl Writer<'_> {
    pub(super) fn task(&mut self, here: &Here<'_>) -> Value {
        let known = if self.chance.percent(97) { 2 } else { 3 };
        let name = TASKS[self.chance.from(0, known) as usize];
        let mut state = json!({"Type": "Task"});
        match self.chance.from(1, 3) {
            1 => state["Resource"] = json!(format!("wasm:{name}")),
            2 => {
                let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{name}");
                state["Resource"] = json!(arn);
            }
            _ => {
                state["Resource"] = json!("arn:aws:states:::lambda:invoke");
                if self.jsonata {
                    let payload = "{% $states.input %}";
                    state["Arguments"] = json!({"FunctionName": name, "Payload": payload});
                    state["Output"] = json!("{% $states.result.Payload %}");
                } else {
                    state["Parameters"] = json!({"FunctionName": name, "Payload.$": "$"});
                    state["OutputPath"] = json!("$.Payload");
                }
                self.limits(&mut state);
                self.failures(&mut state, here);
                return state;
            }
        }
        if !self.jsonata && self.chance.percent(20) {
            state["Parameters"] = json!({"n.$": "$.n", "text.$": "$.text"});
        }
        if self.jsonata && self.chance.percent(20) {
            state["Arguments"] =
                json!({"n": "{% $states.input.n %}", "t": "{% $states.input.text %}"});
        }
        self.limits(&mut state);
        self.result(&mut state);
        self.failures(&mut state, here);
        state
    }

    fn limits(&mut self, state: &mut Value) {
        if self.chance.percent(60) {
            state["TimeoutSeconds"] = json!(self.chance.from(6, 40));
        }
        if self.chance.percent(30) {
            state["HeartbeatSeconds"] = json!(self.chance.from(1, 5));
        }
    }

    pub(super) fn parallel(&mut self, here: &Here<'_>) -> Value {
        let count = self.chance.from(1, 3);
        let branches: Vec<Value> = (0..count).map(|_| self.flow(here.depth + 1)).collect();
        let mut state = json!({"Type": "Parallel", "Branches": branches});
        self.gathered(&mut state);
        self.failures(&mut state, here);
        state
    }

    pub(super) fn map(&mut self, here: &Here<'_>) -> Value {
        let processor = self.flow(here.depth + 1);
        let mut state = json!({
            "Type": "Map",
            "ItemProcessor": processor,
            "MaxConcurrency": self.chance.from(0, 3),
        });
        if self.jsonata {
            state["Items"] = json!("{% $states.input.items %}");
        } else {
            state["ItemsPath"] = json!("$.items");
        }
        match self.chance.from(1, 8) {
            1 if self.jsonata => {
                // No text, or one that is no number, is nothing to select.
                let text = "{% $number($states.context.Map.Item.Value.text) %}";
                state["ItemSelector"] = json!({"n": text, "items": []});
            }
            1 => {
                let text = "States.StringToJson($$.Map.Item.Value.text)";
                state["ItemSelector"] = json!({"n.$": text, "items": []});
            }
            2 if !self.jsonata => {
                state["ItemSelector"] = json!({"n.$": "$$.Map.Item.Value.text", "items": []});
            }
            _ => {}
        }
        self.gathered(&mut state);
        self.failures(&mut state, here);
        state
    }

    /// An array must become data of the one shape again.
    fn gathered(&mut self, state: &mut Value) {
        if self.jsonata {
            state["Output"] = if self.chance.percent(50) {
                json!("{% $states.input %}")
            } else {
                json!({"n": 2, "items": "{% [$states.result[0]] %}"})
            };
        } else if self.chance.percent(50) {
            state["ResultPath"] = Value::Null;
        } else {
            state["ResultSelector"] = json!({"n": 5, "items.$": "$[0:2]"});
        }
    }

    fn result(&mut self, state: &mut Value) {
        match self.chance.from(1, 4) {
            1 if self.jsonata => state["Output"] = json!("{% $states.input %}"),
            1 => state["ResultPath"] = Value::Null,
            2 if !self.jsonata => state["ResultPath"] = json!("$.result"),
            3 if self.jsonata => {
                state["Assign"] = json!({(format!("v{}", self.named)): "{% $states.result %}"});
            }
            _ => {}
        }
    }

    fn failures(&mut self, state: &mut Value, here: &Here<'_>) {
        if self.chance.percent(60) {
            let count = self.chance.from(1, 3);
            let last = count - 1;
            let retriers: Vec<Value> = (0..count)
                .map(|place| self.retrier(place == last))
                .collect();
            state["Retry"] = json!(retriers);
        }
        if here.index + 1 < here.row && self.chance.percent(50) {
            let errors = self.errors(true);
            let mut catcher = json!({"ErrorEquals": errors, "Next": self.later(here)});
            if self.jsonata {
                catcher["Output"] = json!("{% $states.input %}");
            } else if self.chance.percent(80) {
                catcher["ResultPath"] = json!("$.error");
            }
            state["Catch"] = json!([catcher]);
        }
    }

    fn errors(&mut self, last: bool) -> Value {
        if last && self.chance.percent(50) {
            return json!(["States.ALL"]);
        }
        let standard = [
            "States.Timeout",
            "States.TaskFailed",
            "States.HeartbeatTimeout",
        ];
        if self.chance.percent(40) {
            json!([self.chance.pick(&standard)])
        } else {
            let first = self.chance.from(0, 2) as usize;
            json!([ERRORS[first], ERRORS[first + 1]])
        }
    }

    fn retrier(&mut self, last: bool) -> Value {
        let interval = self.chance.from(1, 4);
        let mut retrier = json!({"ErrorEquals": self.errors(last), "IntervalSeconds": interval});
        if self.chance.percent(80) {
            retrier["MaxAttempts"] = json!(self.chance.from(0, 3));
        }
        if self.chance.percent(70) {
            retrier["BackoffRate"] = json!(1.0 + self.chance.from(0, 8) as f64 / 4.0);
        }
        if self.chance.percent(30) {
            retrier["MaxDelaySeconds"] = json!(interval + self.chance.from(1, 3));
        }
        if self.chance.percent(40) {
            retrier["JitterStrategy"] = json!("FULL");
        }
        retrier
    }
}
