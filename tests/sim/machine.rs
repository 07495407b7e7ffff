//! Random state machines that are valid and end.
//!
//! A flow is a row of states; a Choice or a Catcher leads forward, but for loops that count
//! in a variable. Data keeps one shape (`n`, a number, and `items`, an array of the same
//! shape), so that most paths find something; some do not, and that is a failure to handle.

use serde_json::{Map, Value, json};

use super::chance::Chance;

/// States of one machine, nested ones too.
const STATES_MAX: u64 = 18;
/// Flows inside flows.
const DEPTH_MAX: u32 = 3;
/// Names of the tasks that machines call; `missing` is deployed nowhere.
pub(super) const TASKS: [&str; 4] = ["alpha", "beta", "gamma", "missing"];
/// The one whose attempts must not begin twice.
pub(super) const GRANTED: &str = "gamma";
/// What tasks fail with, and Retriers and Catchers look for.
pub(super) const ERRORS: [&str; 4] = ["E.Alpha", "E.Beta", "E.Gamma", "Lambda.ServiceException"];

/// A definition.
pub(super) fn definition(chance: &mut Chance) -> Value {
    let jsonata = chance.percent(40);
    let mut writer = Writer {
        chance,
        left: STATES_MAX,
        named: 0,
        jsonata,
    };
    let mut machine = writer.flow(0);
    if jsonata {
        machine["QueryLanguage"] = json!("JSONata");
    }
    if writer.chance.percent(10) {
        machine["TimeoutSeconds"] = json!(writer.chance.from(1, 90));
    }
    machine
}

/// An input, or the output of a task.
pub(super) fn data(chance: &mut Chance, depth: u32) -> Value {
    let count = if depth == 0 { 0 } else { chance.from(0, 4) };
    let items: Vec<Value> = (0..count).map(|_| data(chance, depth - 1)).collect();
    let mut data = json!({"n": chance.from(0, 9), "items": items});
    if chance.percent(80) {
        data["text"] = json!("12");
    }
    data
}

struct Writer<'c> {
    chance: &'c mut Chance,
    left: u64,
    named: u32,
    jsonata: bool,
}

/// What a place in a flow is for.
#[derive(Clone, Copy)]
enum Place {
    /// Any state.
    Plain,
    /// Sets the loop's counter to 0.
    Begin,
    /// Adds 1 to it.
    Count,
    /// Goes back to the second state while the counter is small.
    Again,
    /// Fails: only jumps lead here.
    Fail,
}

/// Where a state stands.
struct Here<'n> {
    names: &'n [String],
    index: usize,
    /// States that are entered one after another; what lies behind is only jumped to.
    row: usize,
    counter: &'n str,
    depth: u32,
}

impl Here<'_> {
    /// Makes the state lead to the next, or end.
    fn lead(&self, state: &mut Value) {
        if self.index + 1 < self.row {
            state["Next"] = json!(self.names[self.index + 1]);
        } else {
            state["End"] = json!(true);
        }
    }
}

impl Writer<'_> {
    fn flow(&mut self, depth: u32) -> Value {
        let mut places = vec![Place::Plain; self.chance.from(1, 4) as usize];
        if self.chance.percent(20) {
            places.insert(0, Place::Begin);
            places.extend([Place::Count, Place::Again, Place::Plain]);
        }
        let row = places.len();
        if row > 1 && self.chance.percent(25) {
            places.push(Place::Fail);
        }
        self.left = self.left.saturating_sub(places.len() as u64);
        let names: Vec<String> = places.iter().map(|_| self.name()).collect();
        let counter = format!("c{}", self.named);
        let mut states = Map::new();
        for (index, place) in places.iter().enumerate() {
            let here = Here {
                names: &names,
                index,
                row,
                counter: &counter,
                depth,
            };
            let mut state = self.state(*place, &here);
            if names.len() > row && index == 0 && matches!(place, Place::Plain) {
                // The Fail must be reachable.
                state = self.choice(&here, &names[row]);
            }
            states.insert(names[index].clone(), state);
        }
        if matches!(places[0], Place::Begin)
            && names.len() > row
            && let Some(fail) = states.remove(&names[row])
        {
            drop(fail);
        }
        json!({"StartAt": names[0], "States": states})
    }

    fn name(&mut self) -> String {
        self.named += 1;
        format!("S{}", self.named)
    }

    fn state(&mut self, place: Place, here: &Here<'_>) -> Value {
        let counter = here.counter;
        match place {
            Place::Begin => {
                let mut state = json!({"Type": "Pass", "Assign": {(counter): 0}});
                here.lead(&mut state);
                state
            }
            Place::Count => {
                let add = if self.jsonata {
                    json!({(counter): format!("{{% ${counter} + 1 %}}")})
                } else {
                    json!({(format!("{counter}.$")): format!("States.MathAdd(${counter}, 1)")})
                };
                let mut state = json!({"Type": "Pass", "Assign": add});
                here.lead(&mut state);
                state
            }
            Place::Again => {
                let most = self.chance.from(1, 3);
                let rule = if self.jsonata {
                    json!({"Condition": format!("{{% ${counter} < {most} %}}"), "Next": here.names[1]})
                } else {
                    json!({
                        "Variable": format!("${counter}"),
                        "NumericLessThan": most,
                        "Next": here.names[1],
                    })
                };
                json!({"Type": "Choice", "Choices": [rule], "Default": here.names[here.index + 1]})
            }
            Place::Fail => {
                json!({"Type": "Fail", "Error": self.chance.pick(&ERRORS), "Cause": "planned"})
            }
            Place::Plain => self.plain(here),
        }
    }

    fn plain(&mut self, here: &Here<'_>) -> Value {
        let nests = here.depth < DEPTH_MAX && self.left > 0;
        let last = here.index + 1 == here.row;
        let mut state = match self.chance.from(1, 100) {
            1..=15 => self.pass(),
            16..=30 => self.wait(),
            31..=48 if nests => self.parallel(here),
            49..=66 if nests => self.map(here),
            67..=74 if !last => {
                let target = self.later(here);
                return self.choice(here, &target);
            }
            67..=72 => return json!({"Type": "Succeed"}),
            73..=74 => return json!({"Type": "Fail", "Error": self.chance.pick(&ERRORS)}),
            _ => self.task(here),
        };
        here.lead(&mut state);
        state
    }

    /// A state that this one may jump to without ever coming back, but for a loop's end.
    fn later(&mut self, here: &Here<'_>) -> String {
        let later = &here.names[here.index + 1..here.row];
        self.chance.pick(later).clone()
    }

    fn choice(&mut self, here: &Here<'_>, target: &str) -> Value {
        let least = self.chance.from(2, 8);
        let rule = if self.jsonata {
            json!({"Condition": format!("{{% $states.input.n > {least} %}}"), "Next": target})
        } else if self.chance.percent(80) {
            json!({
                "And": [
                    {"Variable": "$.n", "IsPresent": true},
                    {"Variable": "$.n", "NumericGreaterThan": least},
                ],
                "Next": target,
            })
        } else {
            json!({"Variable": "$.n", "NumericGreaterThan": least, "Next": target})
        };
        let mut state = json!({"Type": "Choice", "Choices": [rule]});
        if self.chance.percent(95) {
            state["Default"] = json!(here.names[here.index + 1]);
        } else {
            let rule = self.rule_of_zero(&here.names[here.index + 1]);
            state["Choices"] = json!([state["Choices"][0], rule]);
        }
        state
    }

    /// A rule that leaves most data without one that matches.
    fn rule_of_zero(&self, target: &str) -> Value {
        if self.jsonata {
            json!({"Condition": "{% $states.input.n = 0 %}", "Next": target})
        } else {
            json!({"Variable": "$.n", "NumericEquals": 0, "Next": target})
        }
    }

    fn pass(&mut self) -> Value {
        let mut state = json!({"Type": "Pass"});
        match self.chance.from(1, 5) {
            1 if self.jsonata => {
                state["Output"] = json!({"n": 3, "items": "{% $states.input.items %}"})
            }
            1 => state["Parameters"] = json!({"n": 4, "items.$": "$.items"}),
            2 if !self.jsonata => {
                state["Result"] = data(self.chance, 1);
            }
            3 => {
                let name = format!("v{}", self.named);
                state["Assign"] = if self.jsonata {
                    json!({(name): "{% $states.input.n %}"})
                } else {
                    json!({(format!("{name}.$")): "$.n"})
                };
            }
            _ => {}
        }
        state
    }

    fn wait(&mut self) -> Value {
        match self.chance.from(1, 6) {
            1 if self.jsonata => json!({"Type": "Wait", "Seconds": "{% $states.input.n %}"}),
            1 => json!({"Type": "Wait", "SecondsPath": "$.n"}),
            2 => json!({"Type": "Wait", "Seconds": self.chance.from(600, 90_000)}),
            3 => json!({"Type": "Wait", "Timestamp": "2026-11-22T23:20:00Z"}),
            _ => json!({"Type": "Wait", "Seconds": self.chance.from(0, 12)}),
        }
    }
}

mod work;
