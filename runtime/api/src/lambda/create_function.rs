//! CreateFunction: a new name for a module.

use engine::FunctionName;

use super::{Lambda, LambdaAnswer, code, configuration, named, refusal, settings};
use crate::registry::{Change, Code, Configuration, Function};
use crate::request::{Request, TAG_KEY, TAG_VALUE};
use crate::{ApiError, Caller};

pub(super) async fn create_function(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let given = settings::read(&mut request);
    given.require_role(&mut request);
    let source = request.structure("Code", code::read);
    if source.is_none() {
        request.missing("Code");
    }
    let check_type = code::package_type(&mut request);
    let publish = request.boolean("Publish").unwrap_or_default();
    let tags = request.map("Tags", &TAG_KEY, &TAG_VALUE);
    request.finish()?;

    let name = wanted.whole("CreateFunction", caller)?;
    given.check(lambda)?;
    check_type()?;
    let arn = name.arn();
    let taken = || refusal::conflict(format!("Function already exist: {}", name.name));
    // Asked before anything is compiled, and again when it is written.
    if lambda.functions.get(&arn)?.is_some() {
        return Err(taken());
    }
    let code = source.unwrap_or_default().prepare(lambda).await?;
    let function = Function {
        tags: tags.unwrap_or_default(),
        ..new(lambda, &name, code, given)
    };
    let change = |standing: Option<&Function>| {
        if standing.is_some() {
            return Err(taken());
        }
        let mut function = function.clone();
        let answer = match publish {
            true => {
                let number = function.publish(None, lambda.uuid());
                configuration::version(&function, number)
            }
            false => configuration::latest(&function),
        };
        Ok((Change::Put(function), answer))
    };
    let answer = lambda.functions.0.change(&arn, change).await?;
    Ok(LambdaAnswer::json(201, &answer))
}

/// A function that has nothing but `$LATEST`.
fn new(lambda: &Lambda, name: &FunctionName, code: Code, given: settings::Given) -> Function {
    Function {
        arn: name.arn(),
        name: name.name.clone(),
        latest: Configuration {
            revision_id: lambda.uuid(),
            modified_at: lambda.now(),
            code,
            settings: given.settings(),
            version_description: None,
        },
        versions: Default::default(),
        versions_made: 0,
        aliases: Default::default(),
        tags: Default::default(),
    }
}
