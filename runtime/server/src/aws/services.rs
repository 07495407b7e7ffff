//! What Tasks call outside.

use std::sync::Arc;

use engine::{Calling, Invocation, Invoking, NoServices, ServiceCall, Services};

use super::Aws;
use super::lambda::{self, LAMBDA};

/// The services of AWS that the environment says where to find, if it says any.
pub(crate) struct AwsServices(pub(crate) Option<Arc<Aws>>);

impl Services for AwsServices {
    fn call<'a>(&'a self, call: ServiceCall<'a>) -> Calling<'a> {
        NoServices.call(call)
    }

    fn invoke<'a>(&'a self, invocation: Invocation<'a>) -> Option<Invoking<'a>> {
        let aws = self.0.as_deref()?;
        let endpoint = aws.endpoint(LAMBDA)?;
        Some(Box::pin(lambda::invoke(aws, endpoint, invocation)))
    }
}
