//! ECS: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_ecs::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    describe_clusters { set_clusters set_include }
    describe_services { set_cluster set_services set_include }
    describe_task_definition { set_task_definition set_include }
    describe_tasks { set_cluster set_tasks set_include }
    list_clusters { set_next_token set_max_results }
    list_services {
        set_cluster set_next_token set_max_results set_launch_type set_scheduling_strategy
        set_resource_management_type
    }
    list_tasks {
        set_cluster set_container_instance set_family set_next_token set_max_results set_started_by set_service_name
        set_desired_status set_launch_type set_daemon_name
    }
    update_service {
        set_cluster set_service set_desired_count set_task_definition set_capacity_provider_strategy
        set_deployment_configuration set_availability_zone_rebalancing set_network_configuration
        set_placement_constraints set_placement_strategy set_platform_version set_force_new_deployment
        set_health_check_grace_period_seconds set_deployment_controller set_enable_execute_command
        set_enable_ecs_managed_tags set_load_balancers set_propagate_tags set_service_registries
        set_service_connect_configuration set_volume_configurations set_vpc_lattice_configurations
    }
}

shapes! {
    AdvancedConfiguration {
        set_alternate_target_group_arn set_production_listener_rule set_test_listener_rule set_role_arn
    }
    AwsVpcConfiguration { set_subnets set_security_groups set_assign_public_ip }
    CanaryConfiguration { set_canary_percent set_canary_bake_time_in_minutes }
    CapacityProviderStrategyItem { set_capacity_provider set_weight set_base }
    DeploymentAlarms { set_alarm_names set_rollback set_enable }
    DeploymentCircuitBreaker { set_enable set_rollback }
    DeploymentConfiguration {
        set_deployment_circuit_breaker set_maximum_percent set_minimum_healthy_percent set_alarms set_strategy
        set_bake_time_in_minutes set_lifecycle_hooks set_linear_configuration set_canary_configuration
    }
    DeploymentController { set_type }
    DeploymentLifecycleHook {
        set_target_type set_hook_target_arn set_role_arn set_lifecycle_stages
        set_timeout_configuration
    }
    DeploymentLifecycleHookTimeoutConfiguration { set_timeout_in_minutes set_action }
    EbsTagSpecification { set_resource_type set_tags set_propagate_tags }
    LinearConfiguration { set_step_percent set_step_bake_time_in_minutes }
    LoadBalancer {
        set_target_group_arn set_load_balancer_name set_container_name set_container_port set_advanced_configuration
    }
    LogConfiguration { set_log_driver set_options set_secret_options }
    NetworkConfiguration { set_awsvpc_configuration }
    PlacementConstraint { set_type set_expression }
    PlacementStrategy { set_type set_field }
    Secret { set_name set_value_from }
    ServiceConnectAccessLogConfiguration { set_format set_include_query_parameters }
    ServiceConnectClientAlias { set_port set_dns_name set_test_traffic_rules }
    ServiceConnectConfiguration {
        set_enabled set_namespace set_services set_log_configuration set_access_log_configuration
    }
    ServiceConnectService {
        set_port_name set_discovery_name set_client_aliases set_ingress_port_override set_timeout set_tls
    }
    ServiceConnectTestTrafficHeaderMatchRules { set_exact }
    ServiceConnectTestTrafficHeaderRules { set_name set_value }
    ServiceConnectTestTrafficRules { set_header }
    ServiceConnectTlsCertificateAuthority { set_aws_pca_authority_arn }
    ServiceConnectTlsConfiguration { set_issuer_certificate_authority set_kms_key set_role_arn }
    ServiceManagedEbsVolumeConfiguration {
        set_encrypted set_kms_key_id set_volume_type set_size_in_gib set_snapshot_id set_volume_initialization_rate
        set_iops set_throughput set_tag_specifications set_role_arn set_filesystem_type
    }
    ServiceRegistry { set_registry_arn set_port set_container_name set_container_port }
    ServiceVolumeConfiguration { set_name set_managed_ebs_volume }
    Tag { set_key set_value }
    TimeoutConfiguration { set_idle_timeout_seconds set_per_request_timeout_seconds }
    VpcLatticeConfiguration { set_role_arn set_target_group_arn set_port_name }
}

words! {
    AssignPublicIp AvailabilityZoneRebalancing ClusterField DeploymentControllerType DeploymentLifecycleHookAction
    DeploymentLifecycleHookStage DeploymentLifecycleHookTargetType DeploymentStrategy DesiredStatus EbsResourceType
    LaunchType LogDriver PlacementConstraintType PlacementStrategyType PropagateTags ResourceManagementType
    SchedulingStrategy ServiceConnectAccessLoggingFormat ServiceConnectIncludeQueryParameters ServiceField
    TaskDefinitionField TaskField TaskFilesystemType
}
