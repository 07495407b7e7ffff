//! The operations: one a file, each reading its request, doing its work and wording its
//! answer. Source: AWS, the API reference of Step Functions, page of the same name.

mod alias;
pub(crate) mod create_activity;
pub(crate) mod create_state_machine;
pub(crate) mod create_state_machine_alias;
pub(crate) mod delete_activity;
pub(crate) mod delete_state_machine;
pub(crate) mod delete_state_machine_alias;
pub(crate) mod delete_state_machine_version;
pub(crate) mod describe_activity;
pub(crate) mod describe_execution;
pub(crate) mod describe_map_run;
pub(crate) mod describe_state_machine;
pub(crate) mod describe_state_machine_alias;
pub(crate) mod describe_state_machine_for_execution;
pub(crate) mod get_execution_history;
pub(crate) mod list_activities;
pub(crate) mod list_executions;
pub(crate) mod list_map_runs;
pub(crate) mod list_state_machine_aliases;
pub(crate) mod list_state_machine_versions;
pub(crate) mod list_state_machines;
pub(crate) mod list_tags_for_resource;
mod machines;
pub(crate) mod publish_state_machine_version;
mod routing;
mod settings;
pub(crate) mod start_execution;
pub(crate) mod stop_execution;
pub(crate) mod tag_resource;
mod tags;
pub(crate) mod test_state;
pub(crate) mod untag_resource;
pub(crate) mod update_map_run;
pub(crate) mod update_state_machine;
pub(crate) mod update_state_machine_alias;
pub(crate) mod validate_state_machine_definition;
