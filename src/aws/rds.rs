//! RDS: the operations and their input members, by the names of the SDK's typed setters.

use aws_sdk_rds::{Client, types};

use super::convert::{operations, shapes, words};

operations! {
    Client;
    add_tags_to_resource { set_resource_name set_tags }
    create_db_cluster {
        set_availability_zones set_backup_retention_period set_character_set_name set_database_name
        set_db_cluster_identifier set_db_cluster_parameter_group_name set_vpc_security_group_ids
        set_db_subnet_group_name set_engine set_engine_version set_port set_master_username set_master_user_password
        set_option_group_name set_preferred_backup_window set_preferred_maintenance_window
        set_replication_source_identifier set_tags set_storage_encrypted set_kms_key_id set_pre_signed_url
        set_enable_iam_database_authentication set_backtrack_window set_enable_cloudwatch_logs_exports set_engine_mode
        set_scaling_configuration set_rds_custom_cluster_configuration set_db_cluster_instance_class
        set_allocated_storage set_storage_type set_iops set_publicly_accessible set_auto_minor_version_upgrade
        set_deletion_protection set_global_cluster_identifier set_enable_http_endpoint set_copy_tags_to_snapshot
        set_domain set_domain_iam_role_name set_enable_global_write_forwarding set_network_type
        set_serverless_v2_scaling_configuration set_monitoring_interval set_monitoring_role_arn
        set_database_insights_mode set_enable_performance_insights set_performance_insights_kms_key_id
        set_performance_insights_retention_period set_enable_limitless_database set_cluster_scalability_type
        set_db_system_id set_manage_master_user_password set_enable_local_write_forwarding
        set_master_user_secret_kms_key_id set_ca_certificate_identifier set_engine_lifecycle_support
        set_tag_specifications set_master_user_authentication_type set_with_express_configuration
    }
    create_db_cluster_parameter_group {
        set_db_cluster_parameter_group_name set_db_parameter_group_family set_description set_tags
    }
    create_db_instance {
        set_db_name set_db_instance_identifier set_allocated_storage set_db_instance_class set_engine
        set_master_username set_master_user_password set_db_security_groups set_vpc_security_group_ids
        set_availability_zone set_db_subnet_group_name set_preferred_maintenance_window set_db_parameter_group_name
        set_backup_retention_period set_preferred_backup_window set_port set_multi_az set_engine_version
        set_auto_minor_version_upgrade set_license_model set_iops set_storage_throughput set_option_group_name
        set_character_set_name set_nchar_character_set_name set_publicly_accessible set_tags set_db_cluster_identifier
        set_storage_type set_tde_credential_arn set_tde_credential_password set_storage_encrypted set_kms_key_id
        set_domain set_domain_fqdn set_domain_ou set_domain_auth_secret_arn set_domain_dns_ips
        set_copy_tags_to_snapshot set_monitoring_interval set_monitoring_role_arn set_domain_iam_role_name
        set_promotion_tier set_timezone set_enable_iam_database_authentication set_database_insights_mode
        set_enable_performance_insights set_performance_insights_kms_key_id set_performance_insights_retention_period
        set_enable_cloudwatch_logs_exports set_processor_features set_deletion_protection set_max_allocated_storage
        set_enable_customer_owned_ip set_network_type set_backup_target set_custom_iam_instance_profile
        set_db_system_id set_ca_certificate_identifier set_manage_master_user_password
        set_master_user_secret_kms_key_id set_multi_tenant set_dedicated_log_volume set_engine_lifecycle_support
        set_additional_storage_volumes set_tag_specifications set_master_user_authentication_type
    }
    create_db_subnet_group { set_db_subnet_group_name set_db_subnet_group_description set_subnet_ids set_tags }
    create_global_cluster {
        set_global_cluster_identifier set_source_db_cluster_identifier set_engine set_engine_version
        set_engine_lifecycle_support set_deletion_protection set_database_name set_storage_encrypted set_tags
    }
    delete_db_cluster {
        set_db_cluster_identifier set_skip_final_snapshot set_final_db_snapshot_identifier
        set_delete_automated_backups
    }
    delete_db_cluster_parameter_group { set_db_cluster_parameter_group_name }
    delete_db_cluster_snapshot { set_db_cluster_snapshot_identifier }
    delete_db_instance {
        set_db_instance_identifier set_skip_final_snapshot set_final_db_snapshot_identifier
        set_delete_automated_backups
    }
    delete_db_subnet_group { set_db_subnet_group_name }
    delete_global_cluster { set_global_cluster_identifier }
    describe_db_cluster_parameter_groups {
        set_db_cluster_parameter_group_name set_filters set_max_records set_marker
    }
    describe_db_cluster_snapshots {
        set_db_cluster_identifier set_db_cluster_snapshot_identifier set_snapshot_type set_filters set_max_records
        set_marker set_include_shared set_include_public set_db_cluster_resource_id
    }
    describe_db_clusters { set_db_cluster_identifier set_filters set_max_records set_marker set_include_shared }
    describe_db_instances { set_db_instance_identifier set_filters set_max_records set_marker }
    describe_db_subnet_groups { set_db_subnet_group_name set_filters set_max_records set_marker }
    describe_global_clusters { set_global_cluster_identifier set_filters set_max_records set_marker }
    failover_global_cluster {
        set_global_cluster_identifier set_target_db_cluster_identifier set_allow_data_loss set_switchover
    }
    list_tags_for_resource { set_resource_name set_filters }
    modify_db_cluster {
        set_db_cluster_identifier set_new_db_cluster_identifier set_apply_immediately set_backup_retention_period
        set_db_cluster_parameter_group_name set_vpc_security_group_ids set_port set_master_user_password
        set_option_group_name set_preferred_backup_window set_preferred_maintenance_window
        set_enable_iam_database_authentication set_backtrack_window set_cloudwatch_logs_export_configuration
        set_engine_version set_allow_major_version_upgrade set_db_instance_parameter_group_name set_domain
        set_domain_iam_role_name set_scaling_configuration set_deletion_protection set_enable_http_endpoint
        set_copy_tags_to_snapshot set_enable_global_write_forwarding set_db_cluster_instance_class
        set_allocated_storage set_storage_type set_iops set_auto_minor_version_upgrade set_network_type
        set_serverless_v2_scaling_configuration set_monitoring_interval set_monitoring_role_arn
        set_database_insights_mode set_enable_performance_insights set_performance_insights_kms_key_id
        set_performance_insights_retention_period set_manage_master_user_password set_rotate_master_user_password
        set_enable_local_write_forwarding set_master_user_secret_kms_key_id set_engine_mode
        set_allow_engine_mode_change set_aws_backup_recovery_point_arn set_enable_limitless_database
        set_ca_certificate_identifier set_master_user_authentication_type
    }
    modify_db_instance {
        set_db_instance_identifier set_allocated_storage set_db_instance_class set_db_subnet_group_name
        set_db_security_groups set_vpc_security_group_ids set_apply_immediately set_master_user_password
        set_db_parameter_group_name set_backup_retention_period set_preferred_backup_window
        set_preferred_maintenance_window set_multi_az set_engine_version set_allow_major_version_upgrade
        set_auto_minor_version_upgrade set_license_model set_iops set_storage_throughput set_option_group_name
        set_new_db_instance_identifier set_storage_type set_tde_credential_arn set_tde_credential_password
        set_ca_certificate_identifier set_domain set_domain_fqdn set_domain_ou set_domain_auth_secret_arn
        set_domain_dns_ips set_disable_domain set_copy_tags_to_snapshot set_monitoring_interval set_db_port_number
        set_publicly_accessible set_monitoring_role_arn set_domain_iam_role_name set_promotion_tier
        set_enable_iam_database_authentication set_database_insights_mode set_enable_performance_insights
        set_performance_insights_kms_key_id set_performance_insights_retention_period
        set_cloudwatch_logs_export_configuration set_processor_features set_use_default_processor_features
        set_deletion_protection set_max_allocated_storage set_certificate_rotation_restart set_replica_mode
        set_automation_mode set_resume_full_automation_mode_minutes set_enable_customer_owned_ip set_network_type
        set_aws_backup_recovery_point_arn set_manage_master_user_password set_rotate_master_user_password
        set_master_user_secret_kms_key_id set_multi_tenant set_dedicated_log_volume set_engine
        set_additional_storage_volumes set_tag_specifications set_master_user_authentication_type
    }
    modify_global_cluster {
        set_global_cluster_identifier set_new_global_cluster_identifier set_deletion_protection set_engine_version
        set_allow_major_version_upgrade
    }
    promote_read_replica_db_cluster { set_db_cluster_identifier }
    remove_from_global_cluster { set_global_cluster_identifier set_db_cluster_identifier }
    switchover_global_cluster { set_global_cluster_identifier set_target_db_cluster_identifier }
}

shapes! {
    AdditionalStorageVolume {
        set_volume_name set_allocated_storage set_iops set_max_allocated_storage set_storage_throughput
        set_storage_type
    }
    CloudwatchLogsExportConfiguration { set_enable_log_types set_disable_log_types }
    Filter { set_name set_values }
    ModifyAdditionalStorageVolume {
        set_volume_name set_allocated_storage set_iops set_max_allocated_storage set_storage_throughput
        set_storage_type set_set_for_delete
    }
    ProcessorFeature { set_name set_value }
    RdsCustomClusterConfiguration {
        set_interconnect_subnet_id set_transit_gateway_multicast_domain_id set_replica_mode
    }
    ScalingConfiguration {
        set_min_capacity set_max_capacity set_auto_pause set_seconds_until_auto_pause set_timeout_action
        set_seconds_before_timeout
    }
    ServerlessV2ScalingConfiguration { set_min_capacity set_max_capacity set_seconds_until_auto_pause }
    Tag { set_key set_value }
    TagSpecification { set_resource_type set_tags }
}

words! {
    AutomationMode ClusterScalabilityType DatabaseInsightsMode MasterUserAuthenticationType ReplicaMode
}
