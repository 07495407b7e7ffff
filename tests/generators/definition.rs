//! Definitions: states of every type that lead to one another, right and nearly right.

use serde_json::{Map, Value, json};

use super::{Choices, intrinsic, jsonpath, tame_expression, value};

const TYPES: [&str; 8] = [
    "Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map",
];

/// A definition with flows `depth` levels deep, in one language or the other.
pub fn definition(choices: &mut Choices<'_>, depth: usize) -> Value {
    let jsonata = choices.once_in(2);
    let mut maker = Maker {
        choices,
        jsonata,
        states: 0,
    };
    let mut machine = maker.flow(depth);
    if jsonata {
        machine["QueryLanguage"] = json!("JSONata");
    }
    if choices.once_in(20) {
        machine["TimeoutSeconds"] = value(choices, 1);
    }
    machine
}

/// What is being made.
struct Maker<'c, 'b> {
    choices: &'c mut Choices<'b>,
    jsonata: bool,
    /// States so far: their names are unique in the whole machine.
    states: usize,
}

type Fields = Vec<(&'static str, Value)>;

impl Maker<'_, '_> {
    fn flow(&mut self, depth: usize) -> Value {
        let count = 1 + self.choices.below(4);
        let names: Vec<String> = (self.states..self.states + count)
            .map(|number| format!("S{number}"))
            .collect();
        self.states += count;
        let states: Map<String, Value> = names
            .iter()
            .map(|name| (name.clone(), self.state(&names, depth)))
            .collect();
        json!({"StartAt": names[0], "States": states})
    }

    fn state(&mut self, names: &[String], depth: usize) -> Value {
        let kind = TYPES[self.choices.below(if depth == 0 { 6 } else { 8 })];
        let mut state = json!({"Type": kind});
        let mut fields = self.fields_of(kind, names, depth);
        fields.extend(self.data_flow(kind));
        if !matches!(kind, "Choice" | "Succeed" | "Fail") {
            fields.push(match self.choices.below(3) {
                0 => ("End", json!(true)),
                _ => ("Next", self.target(names)),
            });
        }
        if self.choices.once_in(60) {
            let name = *self
                .choices
                .pick(&["Type", "Next", "End", "States", "Retry", "x"]);
            fields.push((name, value(self.choices, 2)));
        }
        for (name, field) in fields {
            state[name] = field;
        }
        state
    }

    fn target(&mut self, names: &[String]) -> Value {
        match self.choices.once_in(60) {
            true => json!("Nowhere"),
            false => json!(self.choices.pick(names)),
        }
    }

    /// What a state of this type needs.
    fn fields_of(&mut self, kind: &str, names: &[String], depth: usize) -> Fields {
        match kind {
            "Task" => {
                let retries =
                    json!([{"ErrorEquals": ["States.ALL"], "MaxAttempts": self.choices.below(3)}]);
                let next = self.target(names);
                vec![
                    ("Resource", json!("wasm:task")),
                    ("Retry", retries),
                    (
                        "Catch",
                        json!([{"ErrorEquals": ["States.ALL"], "Next": next}]),
                    ),
                ]
            }
            "Choice" => vec![
                ("Choices", json!([self.rule(names), self.rule(names)])),
                ("Default", self.target(names)),
            ],
            "Wait" => vec![("Seconds", self.number())],
            "Fail" => vec![("Error", json!("E")), ("Cause", json!("why"))],
            "Parallel" => {
                let branches = 1 + self.choices.below(3);
                let branches = (0..branches).map(|_| self.flow(depth - 1));
                vec![("Branches", branches.collect())]
            }
            "Map" => {
                let items = match self.jsonata {
                    true => ("Items", json!("{% $states.input.items %}")),
                    false => ("ItemsPath", json!(self.choices.pick(&["$", "$.items"]))),
                };
                vec![items, ("ItemProcessor", self.flow(depth - 1))]
            }
            _ => Vec::new(),
        }
    }

    /// Fields that move data, of those that a state of this type may have.
    fn data_flow(&mut self, kind: &str) -> Fields {
        let assigns = !matches!(kind, "Succeed" | "Fail");
        let works = matches!(kind, "Task" | "Parallel" | "Map");
        let allowed: &[(&str, bool)] = match self.jsonata {
            true => &[
                ("Output", kind != "Fail"),
                ("Assign", assigns),
                ("Arguments", matches!(kind, "Task" | "Parallel")),
            ],
            false => &[
                ("Parameters", works || kind == "Pass"),
                ("ResultSelector", works),
                ("Assign", assigns),
                ("InputPath", kind != "Fail"),
                ("OutputPath", kind != "Fail"),
                ("ResultPath", works || kind == "Pass"),
            ],
        };
        let mut fields = Vec::new();
        for (name, _) in allowed.iter().filter(|(_, allowed)| *allowed) {
            if self.choices.once_in(3) {
                let field = match name.ends_with("Path") {
                    true => self.path(),
                    false => self.template(*name == "Assign"),
                };
                fields.push((*name, field));
            }
        }
        fields
    }

    fn path(&mut self) -> Value {
        match self.choices.below(3) {
            0 => json!("$"),
            1 => json!("$.items"),
            _ => json!(jsonpath::plain(self.choices).1),
        }
    }

    fn rule(&mut self, names: &[String]) -> Value {
        let next = self.target(names);
        if self.jsonata {
            let condition = format!("{{% {} = 1 %}}", tame_expression(self.choices, 2));
            return json!({"Condition": condition, "Next": next});
        }
        let variable = self.path();
        let (operator, operand) = self
            .choices
            .pick(&[
                ("NumericLessThan", json!(5)),
                ("StringMatches", json!("a*b\\\\*")),
                ("IsPresent", json!(true)),
                ("IsTimestamp", json!(false)),
                ("StringEqualsPath", json!("$.s")),
                ("TimestampGreaterThan", json!("2020-01-01T00:00:00Z")),
            ])
            .clone();
        let test = json!({"Variable": variable, operator: operand});
        let present = json!({"Variable": variable, "IsPresent": true});
        json!({"And": [present, test], "Next": next})
    }

    fn number(&mut self) -> Value {
        match self.jsonata && self.choices.once_in(3) {
            true => json!(format!(
                "{{% $abs({}) %}}",
                tame_expression(self.choices, 1)
            )),
            false => json!(self.choices.below(100)),
        }
    }

    /// An object with a constant, an expression and something nested.
    fn template(&mut self, named: bool) -> Value {
        let constant = value(self.choices, 1);
        if self.jsonata {
            let text = format!("{{% {} %}}", tame_expression(self.choices, 3));
            return match !named && self.choices.once_in(3) {
                true => json!(text),
                false => json!({"a": constant, "items": text, "s": {"n": "{% $states.input %}"}}),
            };
        }
        let dynamic = match self.choices.below(4) {
            0 => json!(intrinsic(self.choices, 2)),
            1 => json!(jsonpath::path(self.choices, 1)),
            _ => self.path(),
        };
        json!({"a": constant, "items.$": dynamic, "s": {"n.$": "$"}})
    }
}
