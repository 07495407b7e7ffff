//! What benches run: guests of the tests, or of the command line, and attempts of them.

use asl::{Payload, Timestamp};
use host::{Attempt, Context, Module};

/// The bytes of a guest of `tests/guests`; `edit` may change its text first.
pub(crate) fn of_tests(name: &str, edit: impl FnOnce(String) -> String) -> Vec<u8> {
    // From any package two folders below the root.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runtime/host");
    let path = root.join("tests/guests").join(name).with_extension("wat");
    let text = std::fs::read_to_string(path).expect("the guest is there");
    let mut bytes = wat::parse_str(edit(text)).expect("the guest parses");
    if !name.starts_with("task/") {
        return bytes;
    }
    let mut resolve = wit_parser::Resolve::default();
    let (package, _) = resolve
        .push_path(root.join("../../wit"))
        .expect("the contract parses");
    let world = resolve
        .select_world(&[package], Some("task"))
        .expect("the contract has it");
    let utf8 = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut bytes, &resolve, world, utf8)
        .expect("the contract fits into the guest");
    bytes
}

/// The guest and the input that the command line names, if it does.
pub(crate) fn of_command_line() -> Option<(Vec<u8>, String)> {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    let (guest, input) = (arguments.next()?, arguments.next()?);
    let bytes = std::fs::read(guest).expect("the guest can be read");
    let input = std::fs::read_to_string(input).expect("the input can be read");
    Some((bytes, input))
}

/// What a guest is given unless the command line says.
pub(crate) const INPUT: &str = r#"{"order":"1042","items":[{"sku":"A1","quantity":2}]}"#;

pub(crate) fn attempt(module: &Module, input: &Payload) -> Attempt {
    Attempt {
        module: module.clone(),
        input: input.clone(),
        context: Context {
            execution_arn: "arn:aws:states:us-east-1:123456789012:execution:m:e".to_owned(),
            state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".to_owned(),
            state_name: "Charge".to_owned(),
            retry_count: 0,
            idempotency_key: "key".to_owned(),
            started_at: Timestamp(1_700_000_000_000),
            deadline: None,
        },
        on_heartbeat: std::sync::Arc::new(|| ()),
    }
}
