//! Functions over numbers.

use serde_json::Value;

use super::{Arguments, Failed};
use crate::query::Draws;
use crate::query::java_random::JavaRandom;

/// `States.MathAdd(a, b)`, of integers of 32 bits: AWS takes no others.
pub(super) fn add(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let summand = |position: usize| {
        let summand = i32::try_from(arguments.integer(position)?).map(i64::from);
        summand.map_err(|_| arguments.wrong(position, "from -2147483648 to 2147483647"))
    };
    Ok(Value::from(summand(0)? + summand(1)?))
}

/// `States.MathRandom(start, end)`: an integer from `start` up to, not including, `end`.
/// With a seed as third argument the same seed gives the same number: that which Java gives, from
/// which AWS draws in JSONata. AWS does not say so here, nor how it draws from more than 2³¹ numbers.
pub(super) fn random(arguments: &mut Arguments<'_>, draws: &Draws) -> Result<Value, Failed> {
    let (start, end) = (arguments.integer(0)?, arguments.integer(1)?);
    if start >= end {
        return Err(Failed::EmptyRange { start, end });
    }
    let width = end.abs_diff(start);
    let offset = match arguments.values.len() {
        2 => draws.below(width),
        _ => {
            let seed = arguments.integer(2)?;
            match u32::try_from(width) {
                Ok(width) if width <= 1 << 31 => u64::from(JavaRandom::new(seed).below(width)),
                _ => Draws::new(seed.cast_unsigned()).below(width),
            }
        }
    };
    Ok(Value::from(start.wrapping_add_unsigned(offset)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::check::{check, check_fails, evaluate};

    #[test]
    fn numbers_round_as_in_java() {
        for (a, b, sum) in [
            (json!(-9), json!(3), -6),
            (json!(1.49), json!(1.5), 3),
            (json!(1.5), json!(1.51), 4),
            (json!(-1.49), json!(-1.5), -2),
            (json!(0.5), json!(0), 1),
            (json!(2.5), json!(0), 3),
        ] {
            check(&[("States.MathAdd($.a, $.b)", json!([a, b]), json!(sum))]);
        }
        check_fails(&[
            (
                "States.MathAdd(2147483648, 1)",
                "Argument 1 of States.MathAdd must be from -2147483648 to 2147483647",
            ),
            (
                "States.MathAdd(1e19, 1)",
                "Argument 1 of States.MathAdd must be a 64-bit number",
            ),
            (
                "States.MathRandom(3, 3)",
                "The start number 3 is not below the end number 3",
            ),
        ]);
    }

    #[test]
    fn chance_is_drawn_from_the_seed() {
        let draw = |call: &str| evaluate(call, &json!({})).expect(call);
        let uuids = draw("States.Array(States.UUID(), States.UUID())");
        assert_ne!(uuids[0], uuids[1]);
        assert_eq!(draw("States.UUID()"), uuids[0]);
        assert_eq!(draw("States.MathRandom(-5, -4)"), json!(-5));
        assert_eq!(
            draw("States.MathRandom(0, 999, 3)"),
            draw("States.MathRandom(0, 999, 3)")
        );
        assert_eq!(draw("States.MathRandom(1, 11, 42)"), json!(1));
        assert_eq!(
            draw("States.MathAdd(2147483647, 1)"),
            json!(2_147_483_648_i64)
        );
        let widest = "States.MathRandom(-9223372036854775808, 9223372036854775807)";
        assert!(draw(widest).is_i64());
    }
}
