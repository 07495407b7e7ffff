//! Looks a module's shape over before it is compiled: what takes a compiler very long, or very
//! much memory, was made to. What does not parse is left for the compiler to complain of.

use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload};

use super::limits;
use super::prepare::PrepareError;

/// Refuses a module of a shape that no compiler of a Task's language gives it.
///
/// # Errors
/// [`PrepareError::TooComplex`].
pub(super) fn check(bytes: &[u8]) -> Result<(), PrepareError> {
    let mut functions = 0;
    let mut parts = 0;
    for payload in Parser::new(0).parse_all(bytes).map_while(Result::ok) {
        match payload {
            Payload::Version { .. } => {
                parts += 1;
                at_most("modules and components", parts, limits::PARTS_MAX)?;
            }
            Payload::ImportSection(imports) => {
                at_most("imports", imports.count().into(), limits::IMPORTS_MAX)?;
            }
            Payload::ComponentImportSection(imports) => {
                at_most("imports", imports.count().into(), limits::IMPORTS_MAX)?;
            }
            Payload::CodeSectionStart { count, .. } => {
                functions += u64::from(count);
                at_most("functions", functions, limits::FUNCTIONS_MAX)?;
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len() as u64;
                at_most("bytes in one function", bytes, limits::FUNCTION_BYTES_MAX)?;
                let blocks = deepest_block(&body).unwrap_or_default();
                at_most(
                    "blocks nested in each other",
                    blocks,
                    limits::NESTED_BLOCKS_MAX,
                )?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// How deep blocks lie in each other.
fn deepest_block(body: &FunctionBody<'_>) -> Result<u64, BinaryReaderError> {
    let (mut depth, mut deepest) = (0_u64, 0);
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. } => depth += 1,
            Operator::End => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    Ok(deepest)
}

fn at_most(what: &'static str, count: u64, max: u64) -> Result<(), PrepareError> {
    match count <= max {
        true => Ok(()),
        false => Err(PrepareError::TooComplex { what, count, max }),
    }
}
