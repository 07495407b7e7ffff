//! How a state machine's executions are logged, for whoever writes the log.

use std::sync::Arc;

use asl::history::LogLevel;

use crate::Registry;
use crate::registry::Logging;

/// What a `loggingConfiguration` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Which events.
    pub level: LogLevel,
    /// Whether with inputs and outputs.
    pub include_execution_data: bool,
    /// The ARN of the log group, ending in `:*`.
    pub log_group: Arc<str>,
}

impl Registry {
    /// How the executions of a state machine, or of a version of it, are logged; none when they
    /// are not, or when there is no such state machine.
    ///
    /// A Map Run's children are logged as their parent is.
    pub fn log_settings(
        &self,
        machine_arn: &str,
        version_arn: Option<&str>,
    ) -> Option<LogSettings> {
        let machine_arn = machine_arn
            .split_once('/')
            .map_or(machine_arn, |(parent, _)| parent);
        let machine = match self.machines.get(machine_arn) {
            Ok(machine) => machine?,
            Err(error) => {
                tracing::warn!(%error, machine_arn, "its executions are not logged");
                return None;
            }
        };
        let number = version_arn.and_then(|arn| arn.rsplit(':').next()?.parse::<u64>().ok());
        let version = number.and_then(|number| machine.versions.get(&number));
        let revision = version.map_or(&machine.current, |version| &version.revision);
        settings(&revision.settings.logging)
    }
}

fn settings(logging: &Logging) -> Option<LogSettings> {
    let level = match &*logging.level {
        "ALL" => LogLevel::All,
        "ERROR" => LogLevel::Error,
        "FATAL" => LogLevel::Fatal,
        _ => return None,
    };
    let group = logging.destinations.as_ref()?.first()?;
    Some(LogSettings {
        level,
        include_execution_data: logging.include_execution_data,
        log_group: group.as_str().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_a_level_and_a_place_is_logged() {
        let logging = |level: &str, groups: &[&str]| Logging {
            level: level.to_owned(),
            include_execution_data: true,
            destinations: Some(groups.iter().map(|group| (*group).to_owned()).collect()),
        };
        assert_eq!(settings(&Logging::default()), None);
        assert_eq!(settings(&logging("OFF", &["arn:g:*"])), None);
        assert_eq!(settings(&logging("ALL", &[])), None);
        let found = settings(&logging("ERROR", &["arn:g:*"])).unwrap();
        assert_eq!(
            (found.level, &*found.log_group),
            (LogLevel::Error, "arn:g:*")
        );
    }
}
