//! CodePipeline: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_codepipeline::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    delete_pipeline { set_name }
    disable_stage_transition { set_pipeline_name set_stage_name set_transition_type set_reason }
    enable_stage_transition { set_pipeline_name set_stage_name set_transition_type }
    get_pipeline { set_name set_version }
    get_pipeline_execution { set_pipeline_name set_pipeline_execution_id }
    get_pipeline_state { set_name }
    list_pipeline_executions { set_pipeline_name set_max_results set_filter set_next_token }
    list_pipelines { set_next_token set_max_results }
    start_pipeline_execution { set_name set_variables set_client_request_token set_source_revisions }
}

shapes! {
    PipelineExecutionFilter { set_succeeded_in_stage }
    PipelineVariable { set_name set_value }
    SourceRevisionOverride { set_action_name set_revision_type set_revision_value }
    SucceededInStageFilter { set_stage_name }
}

words! {
    SourceRevisionType StageTransitionType
}
